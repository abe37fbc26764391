"""Erasing what a stored decision knows about a person, without breaking the chain.

The fields that the book calls personal are blanked in the stored inputs, and the values in the reasons that come from
them. The chain covers these by a salted digest only; the salt goes too, so nobody can try out values against it. A
record of the erasure joins the chain, with the digest of what is left under a new salt.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, select, update

from loanbook.book import Section
from loanbook.decisions.records import recorded, written
from loanbook.errors import BookError, DataError, LoanbookError
from loanbook.registry import chain, clock
from loanbook.registry.store import Store
from loanbook.registry.tables import decisions, erasures
from loanbook.registry.versions import Registry
from loanbook.registry.who import who_is

ERASED = "Erased"
"""What stands where a reason's text named a personal value."""

FieldsOf = Callable[[str, int], Mapping[str, Collection[str]] | None]
"""The source columns of each feature of a version (use case, number); None when that version cannot be read."""


class Erasure(msgspec.Struct, frozen=True):
    """What was erased of one decision.

    Parameters
    ----------
    decision_id, fields : of which decision, which fields; none when there was nothing left to erase.
    at : when. settled : whether SQLite's write-ahead log, which held the old page, was emptied at once.
    """

    decision_id: str
    fields: tuple[str, ...]
    at: str
    settled: bool


class Eraser:
    """Erases personal fields of one use case's decisions.

    Parameters
    ----------
    store, section : where, and the part of the book that says what is personal.
    fields_of : what features are made from; a version that cannot be read has all its reasons blanked.
    """

    def __init__(self, store: Store, section: Section, fields_of: FieldsOf) -> None:
        if not section.personal:
            raise BookError(
                "no field is personal, so there is nothing to erase",
                where=section.where("personal"),
                todo='name them, as personal = ["name", "zip"]',
            )
        self.store = store
        self.section = section
        self.fields_of = fields_of

    def erase(self, decision_id: str, *, reason: str = "", who: str = "") -> Erasure:
        """Blank what is personal in one stored decision, in one transaction; again changes nothing.

        DataError when there is no such decision.
        """
        with self.store.writing() as connection:
            chain.lock(connection)
            here = decisions.c.decision_id == decision_id
            query = recorded().where(here, decisions.c.usecase == self.section.usecase)
            row = connection.execute(query).mappings().first()
            if row is None:
                raise DataError(f"there is no decision {decision_id[:40]}", todo="`loanbook decisions export` has them")
            fields, at = self._blank(connection, row), clock.now()
            if fields:
                kept = {"decision_id": decision_id, "fields": json.dumps(fields), "at": at, "who": who_is(who)}
                record = {**kept, "reason": reason, "content_digest": _digest(connection, row)}
                chain.append(connection, erasures, [record])
        return Erasure(decision_id, fields, at, self.store.settle())

    def _blank(self, connection: Connection, row: RowMapping) -> tuple[str, ...]:
        """Write what is left, under a new salt; the names of what was blanked."""
        inputs: dict[str, Any] = json.loads(row["inputs"])
        fields = tuple(name for name in self.section.personal if inputs.get(name) is not None)
        if not fields:
            return ()
        made_from = self.fields_of(row["usecase"], row["model_version"])
        reasons = [_bare(reason, made_from, self.section.personal) for reason in json.loads(row["reasons"])]
        left = {
            "salt": os.urandom(16).hex(),
            "inputs": written({**inputs, **dict.fromkeys(fields)}),
            "reasons": written(reasons),
            "body_digest": None,
        }
        connection.execute(update(decisions).where(decisions.c.seq == row["seq"]).values(left))
        return fields


def _digest(connection: Connection, before: RowMapping) -> str:
    """The digest of what is left; of a decision that was changed before, one that nothing has."""
    known = before["erased_digest"] or before["inputs_digest"]
    if chain.digest([before[name] for name in chain.PRIVATE]) != known:
        return chain.BROKEN
    left = select(*(decisions.c[name] for name in chain.PRIVATE)).where(decisions.c.seq == before["seq"])
    return chain.digest(tuple(connection.execute(left).one()))


def _bare(
    reason: dict[str, Any], made_from: Mapping[str, Collection[str]] | None, personal: Collection[str]
) -> dict[str, Any]:
    """A reason without what it says about a personal field; its code and contribution stay."""
    sources = None if made_from is None else made_from.get(reason["feature"])
    if sources is not None and not set(sources) & set(personal):
        return reason
    return {**reason, "value": None, "text": ERASED}


def sources(registry: Registry) -> FieldsOf:
    """What features are made from, as the registered versions know it."""

    def fields_of(usecase: str, number: int) -> Mapping[str, Collection[str]] | None:
        try:
            model = registry.load(usecase, number)
        except LoanbookError:
            return None
        return {group.name: group.fields for group in model.groups}

    return fields_of

"""The decision log: each decision with what it was made from, stored before it is answered."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, select, true
from sqlalchemy.exc import IntegrityError

from loanbook.decisions.decider import Decision
from loanbook.decisions.identity import new_id
from loanbook.decisions.reasons import Reason
from loanbook.errors import Conflict, StoreError
from loanbook.registry import chain, clock
from loanbook.registry.store import Store
from loanbook.registry.tables import decisions, outcomes

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision that is not stored yet.

    Parameters
    ----------
    decision, inputs : what was decided, and the application as it was read.
    key, body_digest : the caller's Idempotency-Key and the digest of what came with it.
    """

    decision: Decision
    inputs: Mapping[str, Any]
    key: str | None = None
    body_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """A stored decision; `outcome` and `observed_at` when they are known."""

    decision_id: str
    decided_at: str
    decision: Decision
    inputs: Mapping[str, Any]
    outcome: str | None = None
    observed_at: str | None = None


class DecisionLog:
    """The decisions of one use case, only ever added to.

    Parameters
    ----------
    store, usecase : where, and of what; "" for all use cases.
    """

    def __init__(self, store: Store, usecase: str = "") -> None:
        self.store = store
        self.usecase = usecase

    def record(self, drafts: Sequence[Draft]) -> list[Logged]:
        """Store decisions, all or none, and give them back with their names and moments.

        A draft whose key is there already gives the decision stored then; Conflict when another body came with it.
        """
        for _ in range(3):
            try:
                with self.store.writing() as connection:
                    return self._record_all(connection, drafts)
            except IntegrityError:  # another worker stored the same key between our look and our insert
                continue
        raise StoreError("the decision could not be stored", where=self.store.where, todo="try again")

    def known(self, key: str, body_digest: str) -> Logged | None:
        """The decision stored under an Idempotency-Key, if any; Conflict when its body was another."""
        with self.store.reading() as connection:
            return self._known(connection, key, body_digest)

    def find(self, decision_id: str) -> Logged | None:
        """One decision by its name."""
        with self.store.reading() as connection:
            row = connection.execute(self._all().where(decisions.c.decision_id == decision_id)).mappings()
            found = row.first()
        return None if found is None else _logged(found)

    def search(
        self,
        *,
        since: str = "",
        until: str = "",
        decision: str = "",
        limit: int = 100,
        cursor: str = "",
    ) -> list[Logged]:
        """Decisions, newest first.

        Parameters
        ----------
        since, until : moments as `clock.stamp` writes them; from the first on, before the second.
        decision : "approve", "refer" or "decline".
        limit : at most so many.
        cursor : the last decision_id of the page before.
        """
        query = self._all().order_by(decisions.c.decision_id.desc()).limit(limit)
        if since:
            query = query.where(decisions.c.decided_at >= since)
        if until:
            query = query.where(decisions.c.decided_at < until)
        if decision:
            query = query.where(decisions.c.decision == decision)
        if cursor:
            query = query.where(decisions.c.decision_id < cursor)
        with self.store.reading() as connection:
            return [_logged(row) for row in connection.execute(query).mappings()]

    def rows(self) -> Iterator[RowMapping]:
        """Every row as it is stored, oldest first, a page in memory at a time."""
        last = ""
        while True:
            query = self._all().order_by(decisions.c.decision_id).where(decisions.c.decision_id > last)
            with self.store.reading() as connection:
                page = connection.execute(query.limit(PAGE)).mappings().all()
            yield from page
            if len(page) < PAGE:
                return
            last = page[-1]["decision_id"]

    def count(self) -> int:
        """How many decisions are stored."""
        query = select(func.count()).select_from(decisions).where(self._mine())
        with self.store.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def _all(self) -> Select[Any]:
        return (
            select(decisions, outcomes.c.outcome, outcomes.c.observed_at)
            .join_from(decisions, outcomes, isouter=True)
            .where(self._mine())
        )

    def _mine(self) -> ColumnElement[bool]:
        return decisions.c.usecase == self.usecase if self.usecase else true()

    def _record_all(self, connection: Connection, drafts: Sequence[Draft]) -> list[Logged]:
        logged: list[Logged] = []
        rows: list[dict[str, Any]] = []
        for draft in drafts:
            found = self._known(connection, draft.key, draft.body_digest or "") if draft.key else None
            if found is None:
                row = _row(draft)
                rows.append(row)
                found = Logged(row["decision_id"], row["decided_at"], draft.decision, draft.inputs)
            logged.append(found)
        if rows:
            chain.append(connection, decisions, rows)
        return logged

    def _known(self, connection: Connection, key: str, body_digest: str) -> Logged | None:
        row = connection.execute(self._all().where(decisions.c.idempotency_key == key)).mappings().first()
        if row is None:
            return None
        if row["body_digest"] != body_digest:
            raise Conflict(
                "this Idempotency-Key came with another application before",
                todo="use a new key for each application",
            )
        return _logged(row)


def body_digest(body: Any) -> str:
    """SHA-256 of a JSON body, whatever the order of its keys and its blanks.

    >>> body_digest({"a": 1, "b": 2.5}) == body_digest({"b": 2.5, "a": 1})
    True
    """
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _row(draft: Draft) -> dict[str, Any]:
    decision = draft.decision
    row = {
        "decision_id": new_id(),
        "usecase": decision.usecase,
        "decided_at": clock.now(),
        "model_version": decision.model_version,
        "policy_version": decision.policy_version,
        "inputs": json.dumps(draft.inputs),
        "log_odds": decision.log_odds,
        "probability": decision.probability,
        "lower": decision.lower,
        "upper": decision.upper,
        "decision": decision.decision,
        "reasons": json.dumps([reason.to_json() for reason in decision.reasons]),
        "idempotency_key": draft.key,
        "body_digest": draft.body_digest,
        "salt": os.urandom(16).hex(),
    }
    return {**row, "inputs_digest": chain.digest([row[name] for name in chain.PRIVATE])}


def _logged(row: RowMapping) -> Logged:
    names = ("usecase", "model_version", "policy_version", "log_odds", "probability", "lower", "upper", "decision")
    reasons = tuple(Reason(**reason) for reason in json.loads(row["reasons"]))
    return Logged(
        row["decision_id"],
        row["decided_at"],
        Decision(reasons=reasons, **{name: row[name] for name in names}),
        json.loads(row["inputs"]),
        row["outcome"],
        row["observed_at"],
    )

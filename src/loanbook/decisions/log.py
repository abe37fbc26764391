"""The decision log: each decision with what it was made from, stored before it is answered."""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, func, select, true

from loanbook.decisions.journal import Journal, conflict
from loanbook.decisions.records import Draft, Logged, logged, recorded
from loanbook.errors import Conflict
from loanbook.registry.store import BUSY_SECONDS, Busy, Store
from loanbook.registry.tables import decisions, reviews
from loanbook.registry.verification import forgiving

PAGE = 1_000
PAUSE = 0.01
"""Seconds, at most, between two tries while another process writes."""


class DecisionLog:
    """The decisions of one use case, only ever added to.

    Parameters
    ----------
    store, usecase : where, and of what; "" for all use cases.
    """

    def __init__(self, store: Store, usecase: str = "") -> None:
        self.store = store
        self.usecase = usecase
        self._journal: Journal | None = None
        self._recording = threading.Lock()

    def record(self, drafts: Sequence[Draft]) -> list[Logged]:
        """Store decisions, all or none, and give them back with their names and moments.

        A draft whose key is there already gives the decision stored then; Conflict when another body came with it.
        """
        with self._recording:
            made = self._write(drafts)
        found = [one for one in made if isinstance(one, Logged)]
        if len(found) < len(made):
            raise conflict()
        return found

    def _write(self, drafts: Sequence[Draft]) -> list[Logged | Conflict]:
        """Wait for another process as long as any writer here does."""
        if self._journal is None:
            self._journal = Journal(self.store, self.usecase)
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                return self._journal.write(drafts, whole=True)
            except Busy:
                if time.monotonic() > deadline:
                    raise
                time.sleep(random.uniform(0.0, PAUSE))  # noqa: S311 - not a secret: two processes do not keep step

    def known(self, key: str, body_digest: str) -> Logged | None:
        """The decision stored under an Idempotency-Key, if any; Conflict when its body was another."""
        query = self._all().where(decisions.c.idempotency_key == key)
        with self.store.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is not None and row["body_digest"] != body_digest:
            raise conflict()
        return None if row is None else logged(row)

    def find(self, decision_id: str) -> Logged | None:
        """One decision by its name."""
        with self.store.reading() as connection:
            row = connection.execute(self._all().where(decisions.c.decision_id == decision_id)).mappings()
            found = row.first()
        return None if found is None else logged(found)

    def search(
        self,
        *,
        since: str = "",
        until: str = "",
        decision: str = "",
        reviewed: bool | None = None,
        limit: int = 100,
        cursor: str = "",
    ) -> list[Logged]:
        """Decisions, newest first.

        Parameters
        ----------
        since, until : moments as `clock.stamp` writes them; from the first on, before the second.
        decision : "approve", "refer" or "decline".
        reviewed : whether a person has decided about it; None for both.
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
        if reviewed is not None:
            query = query.where(reviews.c.seq.is_not(None) if reviewed else reviews.c.seq.is_(None))
        if cursor:
            query = query.where(decisions.c.decision_id < cursor)
        with self.store.reading() as connection:
            return [logged(row) for row in connection.execute(query).mappings()]

    def rows(self) -> Iterator[RowMapping]:
        """Every row as it is stored, in the order of the chain, a page in memory at a time."""
        last = 0
        while True:
            query = self._all().order_by(decisions.c.seq).where(decisions.c.seq > last)
            with self.store.reading() as connection, forgiving(connection):
                page = connection.execute(query.limit(PAGE)).mappings().all()
            yield from page
            if len(page) < PAGE:
                return
            last = page[-1]["seq"]

    def count(self) -> int:
        """How many decisions are stored."""
        query = select(func.count()).select_from(decisions).where(self._mine())
        with self.store.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def _all(self) -> Select[Any]:
        return recorded().where(self._mine())

    def _mine(self) -> ColumnElement[bool]:
        return decisions.c.usecase == self.usecase if self.usecase else true()


def body_digest(body: Any) -> str:
    """SHA-256 of a JSON body, whatever the order of its keys and its blanks.

    >>> body_digest({"a": 1, "b": 2.5}) == body_digest({"b": 2.5, "a": 1})
    True
    """
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


__all__ = ["DecisionLog", "Draft", "Logged", "body_digest"]

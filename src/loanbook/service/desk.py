"""What one process of the service holds: the store, the logs, and what answers."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from loanbook.book import Book
from loanbook.decisions.answering import Answerer
from loanbook.decisions.decider import Decider, open_decider
from loanbook.decisions.log import DecisionLog, Draft, Logged
from loanbook.decisions.outcomes import OutcomeLog
from loanbook.decisions.reviews import ReviewLog
from loanbook.decisions.shadows import ShadowLog
from loanbook.errors import LoanbookError, RowRefused, StoreError
from loanbook.registry.store import open_store
from loanbook.registry.versions import Registry
from loanbook.service.metrics import Metrics
from loanbook.service.problems import unavailable
from loanbook.service.seat import Seat
from loanbook.service.shadowing import Shadowing

logger = logging.getLogger("loanbook.service")

USECASE = "risk"

QUIET, MUCH = 100, 50_000
"""Decisions between two looks that are few, and decisions whose log (some 300 MB) is folded back at any time."""

PATIENCE = 5.0
"""Seconds that PostgreSQL may take for what one request reads or writes."""


class Desk:
    """Everything the routes need; opened when the service starts, closed when it ends.

    Parameters
    ----------
    book : of the lender.
    metrics : where decisions are counted.
    """

    def __init__(self, book: Book, metrics: Metrics) -> None:
        self.book = book
        self.metrics = metrics
        self.store = open_store(book.store, durability=book.durability, patience=PATIENCE)
        self.registry = Registry(book, self.store)
        self.log = DecisionLog(self.store, USECASE)
        self.outcomes = OutcomeLog(self.store, USECASE)
        self.reviews = ReviewLog(self.store, USECASE)
        self.seats = {name: Seat(book, self.registry, name, metrics) for name in book.sections}
        self.shadowing = self._shadowing()
        self._earlier: dict[int, Decider] = {}
        self._unfolded = self._latest = 0  # decisions since the log was folded back, and of them at the last look

    def _shadowing(self) -> Shadowing | None:
        """The challenger beside the champion, where the book wants it to score along."""
        section = self.book.sections.get(USECASE)
        if section is None or not section.shadow:
            return None
        seat = Seat(self.book, self.registry, USECASE, self.metrics, "challenger")
        return Shadowing(seat, ShadowLog(self.store, USECASE), self.metrics)

    def close(self) -> None:
        self.store.close()

    def refresh(self) -> None:
        """Take up what was promoted since.

        Raises
        ------
        LoanbookError : the registry cannot be read, or a first champion not be opened; everything stays as it is.
        """
        for seat in self.seats.values():
            seat.refresh()
        if self.shadowing is not None:
            self.shadowing.seat.refresh()

    def answerer(self, usecase: str) -> Answerer | None:
        """What answers for a use case of the book; None while nothing does."""
        seat = self.seats.get(usecase)
        return seat.holder if seat else None

    def champion(self) -> Decider | None:
        """What decides; None while nothing does."""
        holder = self.answerer(USECASE)
        return holder if isinstance(holder, Decider) else None

    def deciding(self) -> Decider:
        """What decides; ProblemError 503 when nothing does."""
        decider = self.champion()
        if decider is None:
            raise unavailable(f"No model decides yet: run `loanbook train {USECASE}`, then ask again.")
        return decider

    def decide_many(self, drafts: list[tuple[Mapping[str, Any], str | None, str | None]]) -> list[Logged | RowRefused]:
        """Decide applications and store the decisions in one transaction; the refused keep their place."""
        decider = self.deciding()
        made: list[Draft | RowRefused] = []
        for inputs, key, digest in drafts:
            try:
                made.append(Draft(decider.decide_row(inputs), inputs, key, digest))
            except RowRefused as error:
                made.append(error)
        fresh = [one for one in made if isinstance(one, Draft)]
        logged = self.log.record(fresh)
        self.told([one for one, draft in zip(logged, fresh, strict=True) if one.decision is draft.decision])
        stored = iter(logged)
        return [next(stored) if isinstance(one, Draft) else one for one in made]

    def fold(self) -> None:
        """Fold the store's log back when little is decided, or much has been: it keeps the disk busy for a moment."""
        latest, self._latest = self._unfolded - self._latest, self._unfolded
        if self._unfolded > 0 and (latest < QUIET or self._unfolded >= MUCH):
            self._unfolded = self._latest = 0
            self.store.fold()

    def told(self, stored: Sequence[Logged]) -> None:
        """Count new decisions, and let the challenger score them."""
        self._unfolded += len(stored)
        found = Counter(one.decision.decision for one in stored)
        for decision, times in found.items():
            self.metrics.decisions.labels(usecase=USECASE, decision=decision).inc(times)
        if self.shadowing is not None:
            self.shadowing.offer(stored)

    def shed(self, times: int) -> None:
        """Count applications that were refused because too many came."""
        self.metrics.shed.inc(times)
        self.metrics.problems.labels(status="503").inc(times)

    def explanation(self, logged: Logged) -> tuple[float | None, list[dict[str, Any]] | None]:
        """Base value and every contribution of a stored decision, from the version that made it.

        None when that version's artefact cannot be read any more, or the application was erased: what was stored still
        stands.
        """
        if logged.erased:
            return None, None
        try:
            return self._decider_of(logged.decision.model_version).explain_row(logged.inputs)
        except LoanbookError as error:
            logger.warning("decision %s cannot be explained: %s", logged.decision_id, error)
            return None, None

    def _decider_of(self, number: int) -> Decider:
        decider = self.champion()
        if decider is not None and decider.version == number:
            return decider
        if number not in self._earlier:
            self._earlier[number] = open_decider(self.book, self.registry, self.registry.version(USECASE, number))
        return self._earlier[number]

    def ready(self) -> str:
        """Why the service cannot decide; empty when it can."""
        try:
            if self.champion() is None:
                return f"no champion: run `loanbook train {USECASE}`"
            self.store.check()
        except StoreError as error:
            logger.warning("not ready: %s", error)
            return "the store cannot be written"
        except LoanbookError as error:
            logger.warning("not ready: %s", error)
            return "the champion cannot be opened"
        return ""

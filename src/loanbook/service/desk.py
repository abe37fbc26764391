"""What one process of the service holds: the store, the log, and the champion that decides."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from loanbook.book import Book
from loanbook.decisions.decider import Decider, open_decider
from loanbook.decisions.log import DecisionLog, Draft, Logged
from loanbook.decisions.outcomes import OutcomeLog
from loanbook.errors import LoanbookError, RowRefused
from loanbook.registry.store import open_store
from loanbook.registry.versions import Registry, Version
from loanbook.service.metrics import Metrics
from loanbook.service.problems import unavailable

logger = logging.getLogger("loanbook.service")

USECASE = "risk"
LOOK_AGAIN = 1.0
"""Seconds between two looks for a first champion."""


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
        self.store = open_store(book.store)
        self.registry = Registry(book, self.store)
        self.log = DecisionLog(self.store, USECASE)
        self.outcomes = OutcomeLog(self.store, USECASE)
        self._decider: Decider | None = None
        self._looked = -LOOK_AGAIN
        self._loading = threading.Lock()
        self._earlier: dict[int, Decider] = {}

    def close(self) -> None:
        self.store.close()

    def champion(self) -> Decider | None:
        """What decides. Until there is a champion, the registry is asked again, at most once a second."""
        return self._decider or self._look()

    def _look(self) -> Decider | None:
        with self._loading:
            if self._decider is None and time.monotonic() - self._looked >= LOOK_AGAIN:
                self._looked = time.monotonic()
                self._decider = self._load()
            return self._decider

    def _load(self) -> Decider | None:
        version = self.registry.champion(USECASE)
        if version is None:
            return None
        decider = open_decider(self.book, self.registry, version)
        self.metrics.model.labels(usecase=USECASE).set(version.version)
        logger.info("%s decides, policy %d", version, decider.policy.version)
        return decider

    def deciding(self) -> Decider:
        """What decides; ProblemError 503 when nothing does."""
        decider = self.champion()
        if decider is None:
            raise unavailable(f"No model decides yet: run `loanbook train {USECASE}`, then ask again.")
        return decider

    def decide(self, inputs: Mapping[str, Any], key: str | None, digest: str | None) -> Logged:
        """Decide one application and store it; the decision is answered only after this returns."""
        if key is not None and digest is not None:
            known = self.log.known(key, digest)
            if known is not None:
                return known
        decider = self.deciding()
        logged = self.log.record([Draft(decider.decide_row(inputs), inputs, key, digest)])
        return self._counted(logged)[0]

    def decide_many(self, drafts: list[tuple[Mapping[str, Any], str | None, str | None]]) -> list[Logged | RowRefused]:
        """Decide applications and store the decisions in one transaction; the refused keep their place."""
        decider = self.deciding()
        made: list[Draft | RowRefused] = []
        for inputs, key, digest in drafts:
            try:
                made.append(Draft(decider.decide_row(inputs), inputs, key, digest))
            except RowRefused as error:
                made.append(error)
        logged = iter(self._counted(self.log.record([one for one in made if isinstance(one, Draft)])))
        return [next(logged) if isinstance(one, Draft) else one for one in made]

    def _counted(self, logged: list[Logged]) -> list[Logged]:
        for one in logged:
            self.metrics.decisions.labels(usecase=USECASE, decision=one.decision.decision).inc()
        return logged

    def explanation(self, logged: Logged) -> tuple[float | None, list[dict[str, Any]] | None]:
        """Base value and every contribution of a stored decision, from the version that made it.

        None when that version's artefact cannot be read any more: what was stored still stands.
        """
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
        except LoanbookError as error:
            logger.warning("not ready: %s", error)
            return "the store cannot be written"
        return ""

    def version(self) -> Version:
        """The version that decides here, as the registry knows it."""
        return self.registry.version(USECASE, self.deciding().version)

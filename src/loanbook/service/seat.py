"""What answers for one use case in this process: the champion, exchanged while the service runs."""

from __future__ import annotations

import logging
import threading
from time import monotonic
from typing import Literal

from loanbook import usecases
from loanbook.book import Book
from loanbook.decisions.answering import Answerer
from loanbook.decisions.decider import Decider
from loanbook.errors import LoanbookError
from loanbook.registry.versions import Registry, Version
from loanbook.service.metrics import Metrics

logger = logging.getLogger("loanbook.service")

LOOK_AGAIN = 1.0
"""Seconds between two looks for a first champion, where nothing else looks."""


class Seat:
    """Holds whoever has a role, as the registry last said.

    A version is opened beside the one that answers, and takes its place between two requests: none waits, none fails,
    none is answered by half of each. One that cannot be opened is refused, and the one before it goes on.

    Parameters
    ----------
    book, registry, usecase : whose.
    metrics : where the version is shown.
    role : champion, or challenger for one that only listens.
    """

    def __init__(
        self,
        book: Book,
        registry: Registry,
        usecase: str,
        metrics: Metrics,
        role: Literal["champion", "challenger"] = "champion",
    ) -> None:
        self.usecase = usecase
        self._book = book
        self._registry = registry
        self._metrics = metrics
        self._role = role
        self.sitting: Answerer | None = None
        """Whoever had the role when the registry was last looked into."""
        self._digest = ""
        self._refused = ""
        self._looked = -LOOK_AGAIN
        self._turn = threading.Lock()

    @property
    def holder(self) -> Answerer | None:
        """Whoever has the role now; while nobody has, the registry is asked, at most once a second."""
        if self.sitting is None and monotonic() - self._looked >= LOOK_AGAIN:
            self.refresh()
        return self.sitting

    def refresh(self) -> None:
        """Look into the registry, and exchange the holder if it names another.

        Raises
        ------
        LoanbookError : the registry cannot be read, or the first holder cannot be opened.
        """
        with self._turn:
            self._looked = monotonic()
            version = self._named()
            if version is None:
                self._leave()
            elif version.digest == self._digest:
                self._refused = ""
            elif version.digest != self._refused:
                self._seat(version)

    def _named(self) -> Version | None:
        ask = self._registry.champion if self._role == "champion" else self._registry.challenger
        return ask(self.usecase)

    def _leave(self) -> None:
        """A challenger may be gone; a champion is only ever followed by another."""
        if self._role == "challenger":
            self.sitting, self._digest = None, ""

    def _seat(self, version: Version) -> None:
        try:
            self._take(version)
        except LoanbookError as error:
            if self.sitting is None and self._role == "champion" and not self._took_earlier():
                raise
            self._refused = version.digest
            self._metrics.refused.labels(usecase=self.usecase).inc()
            logger.error("%s is refused, %r goes on: %s", version, self.sitting, error)  # noqa: TRY400

    def _took_earlier(self) -> bool:
        """Have the champion before go on in a process that starts now, as it does in the others."""
        for version in self._registry.earlier_champions(self.usecase):
            try:
                self._take(version)
            except LoanbookError as error:
                logger.error("%s cannot be opened either: %s", version, error)  # noqa: TRY400
            else:
                return True
        return False

    def _take(self, version: Version) -> None:
        opened = usecases.find(self.usecase).open(self._book, self._registry, version)
        if isinstance(opened, Decider):
            opened.warm()
        self.sitting, self._digest, self._refused = opened, version.digest, ""
        if self._role == "champion":
            self._metrics.model.labels(usecase=self.usecase).set(version.version)
        logger.info("%s is %s now", version, self._role)

"""The champions of the use cases that are asked, not decided: each opened once, and exchanged when another is named."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from loanbook import usecases
from loanbook.book import Book
from loanbook.decisions.answering import Answerer
from loanbook.errors import RegistryError
from loanbook.registry.versions import Registry

logger = logging.getLogger("loanbook.service")

LOOK_AGAIN = 1.0
"""Seconds between two looks at who is champion."""


@dataclass
class _Held:
    """What answers for one use case, when the registry was last asked, and a version that could not be opened."""

    answerer: Answerer | None
    looked: float
    refused: int = 0


class Answerers:
    """The champion of each use case of a book.

    Parameters
    ----------
    book, registry : of the lender.
    """

    def __init__(self, book: Book, registry: Registry) -> None:
        self.book = book
        self.registry = registry
        self._held: dict[str, _Held] = {}
        self._loading = threading.Lock()

    def get(self, usecase: str) -> Answerer | None:
        """What answers; None when there is no champion.

        A promotion is taken up within `LOOK_AGAIN` seconds. A version that cannot be read is refused, and the one
        before it goes on.

        Raises
        ------
        RegistryError : the first one cannot be read.
        """
        held = self._held.get(usecase)
        if held is None or time.monotonic() - held.looked >= LOOK_AGAIN:
            with self._loading:
                held = self._look(usecase)
        return held.answerer

    def _look(self, usecase: str) -> _Held:
        now = time.monotonic()
        held = self._held.setdefault(usecase, _Held(None, now - LOOK_AGAIN))
        if now - held.looked < LOOK_AGAIN:
            return held
        version = self.registry.champion(usecase)
        held.looked = now
        if version is None or version.version == held.refused:
            return held
        if held.answerer is not None and held.answerer.version == version.version:
            return held
        try:
            held.answerer = usecases.find(usecase).open(self.book, self.registry, version)
        except RegistryError as error:
            if held.answerer is None:
                raise
            held.refused = version.version
            logger.error("%s is refused, version %d goes on: %s", version, held.answerer.version, error)  # noqa: TRY400
        else:
            logger.info("%s answers", version)
        return held

"""The data profile: what the book's table is, before anything is trained on it."""

from __future__ import annotations

from collections.abc import Callable

from loanbook.book import Book
from loanbook.evaluation.benchmark import Progress, quiet
from loanbook.lifecycle import UseCase
from loanbook.reporting.parts import Chapter, Page
from loanbook.reporting.profile.columns import columns, repeated
from loanbook.reporting.profile.overview import lead, over_time, overview, strongest, warnings
from loanbook.reporting.profile.sheet import Sheet

CHAPTERS: tuple[Callable[[Sheet], Chapter | None], ...] = (overview, warnings, over_time, strongest, repeated, columns)
"""What stands in a profile, in the order of reading."""


def data_profile(book: Book, usecase: UseCase, *, progress: Progress = quiet) -> Page:
    """The profile of a use case's table.

    Raises
    ------
    LoanbookError : the table cannot be read, or is not what the book says it is.
    """
    sheet = Sheet.read(book, usecase, progress=progress)
    chapters = [chapter for write in CHAPTERS if (chapter := write(sheet)) is not None]
    foot = f"Made by loanbook from the table of {usecase.name} in the book {book.name}. Intervals hold 90%."
    return Page("Data profile", book.name, lead(sheet), tuple(chapters), foot)

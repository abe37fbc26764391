"""The model card: everything that is known of the last training's model, a chapter a function.

One more chapter is one more function in a list; a use case without a list of its own has the chapters of any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from loanbook.book import Book
from loanbook.evaluation.benchmark import Progress, quiet
from loanbook.lifecycle import UseCase
from loanbook.reporting.card.amounts import answers, intervals
from loanbook.reporting.card.calibration import calibration
from loanbook.reporting.card.datasheet import datasheet, limits
from loanbook.reporting.card.drivers import drivers
from loanbook.reporting.card.economics import profit, worth
from loanbook.reporting.card.fairness import fairness
from loanbook.reporting.card.ladder import ladder, overfitting, standings
from loanbook.reporting.card.ranking import ranking
from loanbook.reporting.card.reasons import reasons
from loanbook.reporting.card.structure import structure
from loanbook.reporting.card.studies import studies
from loanbook.reporting.card.subject import Subject
from loanbook.reporting.card.summary import division, lead, summary
from loanbook.reporting.parts import Chapter, Page

Write = Callable[[Subject], Chapter | None]

CHAPTERS: Mapping[str, tuple[Write, ...]] = {
    "risk": (
        *(summary, division, ladder, standings, overfitting, studies),
        *(ranking, calibration, profit, worth),
        *(drivers, reasons, structure, fairness),
        *(datasheet, limits),
    ),
    "amount": (summary, division, ladder, standings, overfitting, answers, intervals, drivers, datasheet, limits),
}
"""What stands in the card of each use case, in the order of reading."""

_OF_ANY: tuple[Write, ...] = (summary, division, ladder, standings, overfitting, drivers, datasheet, limits)


def model_card(book: Book, usecase: UseCase, *, interactive: bool = False, progress: Progress = quiet) -> Page:
    """The card of the last training.

    Parameters
    ----------
    book, usecase : whose.
    interactive : whether a few pictures answer to pointing; the page then holds a script.
    progress : told what is being done.

    Raises
    ------
    LoanbookError : nothing was trained yet, or the book's table cannot be read.
    """
    subject = Subject.read(book, usecase, interactive=interactive, progress=progress)
    chapters = []
    writers = CHAPTERS.get(usecase.name, _OF_ANY)
    for done, write in enumerate(writers):
        progress(write.__name__.capitalize(), done, 2 * len(writers))
        chapter = write(subject)
        if chapter is not None:
            chapters.append(chapter)
    foot = (
        f"Made by loanbook from the last training of {usecase.name} in the book {book.name}. Intervals hold 90%. "
        "Nothing on this page is loaded from elsewhere."
    )
    return Page(f"Model card: {subject.title}", book.name, lead(subject), tuple(chapters), foot)

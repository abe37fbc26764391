"""`loanbook train`: benchmark the ladder and register the candidate."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from loanbook.cli.leaderboard import show
from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json, Words, split, too_many
from loanbook.cli.output import emit, follow, note, say

if TYPE_CHECKING:
    from loanbook.book import Book
    from loanbook.lifecycle import Run


def command(
    words: Annotated[Words, typer.Argument(metavar="[USECASE]", show_default=False)] = None,
    *,
    only: Annotated[list[str] | None, typer.Option("--only", metavar="NAME …", help="Choose among these.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Measure every rung of the ladder, not only the usual ones.")
    ] = False,
    budget: Annotated[float | None, typer.Option(min=0.0, metavar="SECONDS", help="For benchmark and tuning.")] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Threads; 0 is all cores.")] = 0,
    book: BookPath = DEFAULT_BOOK,
    json: Json = False,
) -> None:
    """Benchmark the ladder of models and register the simplest that is not clearly worse than the best.

    It becomes champion when there is none, else challenger.

    The floor and the best single rule are measured whatever --only names: no figure stands without them. What a budget
    leaves after the benchmark tunes the rungs that can be tuned, best first; a run that was stopped goes on.

    Example: loanbook train · loanbook train risk --only logistic xgboost · loanbook train --full
    """
    from loanbook.book import Book

    usecase, more = split(words)
    if more and not only:
        raise too_many(more[0], first=more[0])
    run = trained(Book.load(book), usecase, only=[*(only or ()), *more], full=full, budget=budget, jobs=jobs)
    if json:
        emit(run.report())
        return
    show(run.report())
    say(registered(run))


def trained(book: Book, usecase: str, **options: object) -> Run:
    """Train with a progress bar."""
    from loanbook.api import train

    if options.get("budget") is not None and not find_spec("optuna"):
        note("Optuna is not installed, so nothing is tuned within the budget: pip install 'loanbook[models]'")
    with follow(f"Training {usecase}") as progress:
        return train(book, usecase, progress=progress, **options)


def registered(run: Run) -> str:
    """Say what became of the candidate."""
    version = run.version
    if version.role == "champion":
        return f"{version} ({run.card['title']}) is champion: it decides."
    if version.role == "challenger":
        promote = f"`loanbook models promote {version.version}`"
        return f"{version} ({run.card['title']}) is challenger; {promote} lets it decide."
    return f"{version} ({run.card['title']}) was registered before."

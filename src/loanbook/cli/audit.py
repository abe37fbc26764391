"""`loanbook audit`: are the logged decisions what the models and policies really say?"""

from __future__ import annotations

import typer

from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json, help_alone
from loanbook.cli.output import emit, progress, say

SHOWN = 20

command = typer.Typer(invoke_without_command=True, add_completion=False, rich_markup_mode=None)


@command.callback()
def audit(context: typer.Context) -> None:
    """Is the log true?

    Example: loanbook audit verify
    """
    help_alone(context)


@command.command("verify")
def verify(book: BookPath = DEFAULT_BOOK, json: Json = False) -> int:
    """Make every logged decision again and compare it bit for bit; exit code 1 when any differs.

    Example: loanbook audit verify
    """
    from loanbook.book import Book
    from loanbook.decisions.audit import verify as recompute

    with progress("Deciding again") as step:
        seen = 0

        def tell(done: int, total: int) -> None:
            nonlocal seen
            step(f"{done:,} of {total:,}", by=done - seen)
            seen = done

        report = recompute(Book.load(book), progress=tell)
    if json:
        emit({"checked": report.checked, "differing": report.differing, "differences": report.differences})
        return 0 if report.equal else 1
    for one in report.differences[:SHOWN]:
        say(f"{one.decision_id} {one.column}: stored {one.stored}, recomputed {one.recomputed}")
    if report.equal:
        say(f"{report.checked:,} decisions made again; all are equal, bit for bit.")
        return 0
    say(f"{report.differing:,} of {report.checked:,} decisions differ from what their inputs give.")
    return 1

"""`loanbook outcomes`: what became of decided loans."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json, help_alone
from loanbook.cli.output import emit, progress, say

command = typer.Typer(invoke_without_command=True, add_completion=False, rich_markup_mode=None)


@command.callback()
def outcomes(context: typer.Context) -> None:
    """What became of decided loans.

    Example: loanbook outcomes import outcomes.csv
    """
    help_alone(context)


@command.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet: decision_id, outcome (good or bad), observed_at.")],
    book: BookPath = DEFAULT_BOOK,
    json: Json = False,
) -> None:
    """Record outcomes: all of a file or, when a row is wrong, none. The same outcome again changes nothing.

    Example: loanbook outcomes import outcomes.csv
    """
    from loanbook.book import Book
    from loanbook.decisions.outcomes import OutcomeLog, read_outcomes
    from loanbook.registry.store import open_store

    found = Book.load(book)
    store = open_store(found.store)
    try:
        with progress("Recording outcomes") as step:
            count = 0

            def tell(done: int) -> None:
                nonlocal count
                step(by=done - count)
                count = done

            added = OutcomeLog(store, "risk").record(read_outcomes(file), tell)
    finally:
        store.close()
    if json:
        emit({"received": count, "recorded": len(added)})
    else:
        known = f"; {count - len(added):,} were known already" if count > len(added) else ""
        say(f"Recorded {len(added):,} outcomes{known}.")

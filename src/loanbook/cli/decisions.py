"""`loanbook decisions`: the log of what was decided."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json, Usecase, help_alone
from loanbook.cli.output import emit, progress, say

command = typer.Typer(invoke_without_command=True, add_completion=False, rich_markup_mode=None)


@command.callback()
def decisions(context: typer.Context) -> None:
    """The log of decisions.

    Example: loanbook decisions export -o decisions.parquet
    """
    help_alone(context)


@command.command("export")
def export(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="A .csv or .parquet file.")],
    usecase: Usecase = "risk",
    book: BookPath = DEFAULT_BOOK,
    json: Json = False,
) -> None:
    """Write every decision with its inputs, reasons and, where it is known, its outcome.

    Example: loanbook decisions export -o decisions.parquet
    """
    from loanbook.book import Book
    from loanbook.decisions.export import export as write
    from loanbook.decisions.log import DecisionLog
    from loanbook.registry.store import open_store

    found = Book.load(book)
    found.section(usecase)
    store = open_store(found.store)
    try:
        log = DecisionLog(store, usecase)
        with progress("Writing decisions", log.count()) as step:
            seen = 0

            def tell(done: int) -> None:
                nonlocal seen
                step(by=done - seen)
                seen = done

            rows = write(log, output, tell)
    finally:
        store.close()
    if json:
        emit({"decisions": rows, "output": output})
    else:
        say(f"Wrote {rows:,} decisions to {output}.")

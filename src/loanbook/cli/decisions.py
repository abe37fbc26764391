"""`loanbook decisions`: the log of what was decided."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json, Usecase, help_alone
from loanbook.cli.output import emit, note, progress, say

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
    """Write every decision with its inputs, reasons and, where they are known, its outcome and its review.

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


@command.command("erase")
def erase(
    decision_id: Annotated[str, typer.Argument(metavar="ID", help="The decision_id of a stored decision.")],
    usecase: Usecase = "risk",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Kept beside the erasure.")] = "",
    book: BookPath = DEFAULT_BOOK,
    json: Json = False,
) -> None:
    """Blank the personal fields of one decision for good; the audit chain stays whole.

    Personal are the fields that the book names: [risk] personal = ["name", "zip"].

    Example: loanbook decisions erase 01a20557-2736-71d3-bc82-b162a4e461af --reason "asked for by letter, 2026-11-20"
    """
    from contextlib import closing

    from loanbook.book import Book
    from loanbook.decisions.erasure import Eraser, sources
    from loanbook.registry.versions import Registry

    found = Book.load(book)
    section = found.section(usecase)
    with closing(Registry(found)) as registry:
        made = Eraser(registry.store, section, sources(registry)).erase(decision_id, reason=reason)
    if json:
        emit({"decision_id": made.decision_id, "erased": made.fields, "at": made.at, "settled": made.settled})
    elif made.fields:
        say(f"Erased {', '.join(made.fields)} of {made.decision_id}. Copies of the store have them still.")
    else:
        say(f"Nothing personal is left in {made.decision_id}.")
    if not made.settled:
        note("The write-ahead log could not be emptied while others use the store: give the command once more later.")

"""`loanbook predict`: score a file of applications."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json, Words, positionals
from loanbook.cli.output import emit, follow, note, say


def command(
    words: Annotated[Words, typer.Argument(metavar="[USECASE] INPUT", show_default=False)] = None,
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUTPUT", help="CSV or Parquet, by suffix.")],
    version: Annotated[int | None, typer.Option(help="A model's version; the champion by default.")] = None,
    reasons: Annotated[bool, typer.Option("--reasons", help="Add reason_1 to reason_4.")] = False,
    book: BookPath = DEFAULT_BOOK,
    json: Json = False,
) -> int:
    """Score a file of applications, CSV or Parquet, of any size: loanbook predict [USECASE] INPUT -o OUTPUT.

    A row that breaks the data contract has no prediction; its column `error` says why, and the exit code is 1.

    Example: loanbook predict new.csv -o scored.csv --reasons
    """
    from loanbook.api import predict
    from loanbook.book import Book

    usecase, (table,) = positionals(words, "INPUT")
    with follow(f"Scoring {table}") as progress:
        done = predict(Book.load(book), usecase, table, output, version=version, reasons=reasons, progress=progress)
    if json:
        emit({"output": str(output), "rows": done.rows, "refused": done.refused})
    else:
        say(f"{done.rows:,} rows scored into {output}.")
        if done.refused:
            note(
                f"{done.refused:,} of them break the data contract and have no prediction; the column `error` says why."
            )
    return 1 if done.refused else 0

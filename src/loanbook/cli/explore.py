"""`loanbook explore`: what the book's table looks like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json, Words, positionals
from loanbook.cli.output import emit, follow, say


def command(
    words: Annotated[Words, typer.Argument(metavar="[USECASE]", show_default=False)] = None,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="OUTPUT", help="Default: report.html.")
    ] = None,
    book: BookPath = DEFAULT_BOOK,
    json: Json = False,
) -> None:
    """Write a profile of the book's table with plots: one HTML file that needs no other. Nothing need be trained.

    With --json the figures go to stdout, and a page is written only where -o says so.

    Example: loanbook explore -o report.html
    """
    from loanbook.reporting.extras import require

    require("jinja2", "matplotlib")

    from loanbook.book import Book
    from loanbook.reporting.output import check_page, write_page
    from loanbook.reporting.page import html
    from loanbook.reporting.profile import data_profile
    from loanbook.usecases import find

    usecase, _ = positionals(words)
    found, asked = Book.load(book), find(usecase)
    path = output if output or json else Path("report.html")
    if path is not None:
        check_page(path, found.section(usecase).data)
    with follow("Looking at the data") as progress:
        page = data_profile(found, asked, progress=progress)
        if path is not None:
            write_page(path, html(page, progress=progress))
    if json:
        emit({"usecase": usecase, "output": path, "chapters": page.figures()})
    else:
        say(f"The profile is in {path}.")

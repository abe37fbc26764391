"""`loanbook report`: the model card of the last training."""

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
        Path | None, typer.Option("-o", "--output", metavar="OUTPUT", help="Default: model-card.html.")
    ] = None,
    interactive: Annotated[bool, typer.Option("--interactive", help="Pictures that answer to pointing.")] = False,
    book: BookPath = DEFAULT_BOOK,
    json: Json = False,
) -> None:
    """Write the model card of the last training: one HTML file that needs no other, for the screen and for paper.

    With --json the figures of every chapter go to stdout, and a page is written only where -o says so.

    Example: loanbook report -o model-card.html
    """
    from loanbook.book import Book
    from loanbook.reporting.extras import require
    from loanbook.usecases import find

    require("jinja2", "matplotlib", *(["plotly"] if interactive else []))

    from loanbook.reporting.card import model_card
    from loanbook.reporting.output import check_page, write_page
    from loanbook.reporting.page import html

    usecase, _ = positionals(words)
    found, asked = Book.load(book), find(usecase)
    path = output if output or json else Path("model-card.html")
    if path is not None:
        check_page(path, found.section(usecase).data)
    with follow("Writing the model card") as progress:
        page = model_card(found, asked, interactive=interactive, progress=progress)
        if path is not None:
            write_page(path, html(page, interactive=interactive, progress=progress))
    if json:
        emit({"usecase": usecase, "output": path, "chapters": page.figures()})
    else:
        say(f"The model card is in {path}.")

"""`loanbook demo`: the whole way on bundled real loans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from loanbook.cli import serve
from loanbook.cli.leaderboard import show
from loanbook.cli.options import DEFAULT_BOOK, Json
from loanbook.cli.output import emit, say
from loanbook.cli.train import registered, trained
from loanbook.errors import BookError

if TYPE_CHECKING:
    from loanbook.book import Book

_SAMPLE = "sba_7a"
_NEWEST = 100


def command(
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop before serving.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the service.")] = 8000,
    json: Json = False,
) -> int:
    """Train on bundled real loans, show what was learned and what it is worth, decide one loan, and serve.

    Writes loanbook.toml and the folder .loanbook where it is run; both may be deleted at any time.

    Example: loanbook demo --no-serve
    """
    book = _book()
    if not no_serve:
        serve.check_port(port)
    if not json:
        say(f"Training on real loans; the book is {book.path.name}.\n")
    run = trained(book, "risk")
    if json:
        emit(run.report())
    else:
        show(run.report())
        say(registered(run))
        say()
        _decide_two(book)
    if no_serve:
        return 0
    return serve.command(port=port, book=book.path)


def _book() -> Book:
    """Write the sample's book here, unless it is here already."""
    from loanbook.book import Book
    from loanbook.data import samples
    from loanbook.files import write_whole

    text = samples.book(_SAMPLE).read_bytes()
    if not DEFAULT_BOOK.exists():
        write_whole(DEFAULT_BOOK, text)
    elif DEFAULT_BOOK.read_bytes() != text:
        todo = "run the demo in an empty folder, or `loanbook train` with this book"
        raise BookError("this folder has a book of its own", where=str(DEFAULT_BOOK.resolve()), todo=todo)
    return Book.load(DEFAULT_BOOK)


def _decide_two(book: Book) -> None:
    """Decide two of the newest loans of the sample as the service would: the safest and the riskiest."""
    from loanbook.api import champion
    from loanbook.data import sources

    section, decider = book.section("risk"), champion(book)
    newest = sources.read(section.data).tail(_NEWEST)
    order = decider.decide_table(newest)["probability_of_default"].arg_sort()
    for place, what in ((order[0], "safest"), (order[-1], "riskiest")):
        decision = decider.decide_row(newest.select(decider.model.contract.names).row(place, named=True))
        say(
            f"The {what} of the {_NEWEST} newest loans: {decision.decision}, probability of default "
            f"{decision.probability:.1%} ({decision.lower:.1%} to {decision.upper:.1%}); it was later "
            f"{newest[section.target][place]}."
        )
        for reason in decision.reasons:
            say(f"  {reason.contribution:+.2f}  {reason.text}")
    say()
    say("Next: loanbook leaderboard · loanbook models · loanbook serve · loanbook init YOUR.csv --target COLUMN")

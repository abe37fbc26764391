"""Options and positionals that many commands share."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from loanbook.book import USECASES
from loanbook.errors import LoanbookError

BookPath = Annotated[Path, typer.Option("--book", metavar="PATH", help="The book to use.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for machines.")]
Usecase = Annotated[str, typer.Argument(metavar="[USECASE]", help="One of: risk, amount.")]
Words = list[str] | None

DEFAULT_BOOK = Path("loanbook.toml")


def help_alone(context: typer.Context) -> None:
    """Show what a group of commands can do when none of them is named."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def split(words: Sequence[str] | None) -> tuple[str, list[str]]:
    """Take an optional use case off the front of the positionals.

    >>> split(["risk", "loans.csv"]), split(["loans.csv"]), split(None)
    (('risk', ['loans.csv']), ('risk', ['loans.csv']), ('risk', []))
    """
    rest = list(words or ())
    if rest and rest[0] in USECASES:
        return rest[0], rest[1:]
    return "risk", rest


def positionals(words: Sequence[str] | None, *names: str) -> tuple[str, list[str]]:
    """Take an optional use case and then exactly the named positionals.

    Returns
    -------
    The use case ("risk" when none is given), and one text for each name.

    Raises
    ------
    LoanbookError when there are fewer or more.

    >>> positionals(["fraud", "new.csv"], "INPUT")
    ('fraud', ['new.csv'])
    >>> positionals(["risk"], "INPUT")
    Traceback (most recent call last):
    loanbook.errors.LoanbookError: INPUT is missing. Write it behind risk; a file of that name is ./risk.
    """
    usecase, rest = split(words)
    if len(rest) < len(names):
        todo = "write it behind the command"
        if words and words[0] in USECASES:
            todo = f"write it behind {words[0]}; a file of that name is ./{words[0]}"
        raise LoanbookError(f"{names[len(rest)]} is missing", todo=todo)
    if len(rest) > len(names):
        raise too_many(rest[len(names)], first=rest[0])
    return usecase, rest


def too_many(word: str, *, first: str) -> LoanbookError:
    """Say that a word is one too many; the first may be a use case that was mistyped.

    >>> print(too_many("new.csv", first="rsik"))
    'new.csv' is one word too many. Perhaps 'risk' is meant.
    """
    near = get_close_matches(first, USECASES, 1)
    todo = f"perhaps {near[0]!r} is meant" if near else "use cases are " + ", ".join(USECASES)
    return LoanbookError(f"{word!r} is one word too many", todo=todo)

"""`loanbook keys`: who may ask the service what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json, help_alone
from loanbook.cli.output import emit, note, say, table

if TYPE_CHECKING:
    from loanbook.registry.keys import ApiKey, Keys

command = typer.Typer(invoke_without_command=True, add_completion=False, rich_markup_mode=None)


@command.callback()
def keys(context: typer.Context) -> None:
    """API keys of the service. Without any, it answers its own machine only.

    Example: loanbook keys create webshop --role decide --rate 50
    """
    help_alone(context)


@command.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who will use it, in your words.")],
    role: Annotated[str, typer.Option("--role", help="What it may do: decide, read, review or admin.")],
    rate: Annotated[
        float | None, typer.Option("--rate", metavar="PER_SECOND", help="Requests a second; no limit when left out.")
    ] = None,
    book: BookPath = DEFAULT_BOOK,
    json: Json = False,
) -> None:
    """Make a key and print it: this once, for the store keeps its digest only.

    Example: loanbook keys create webshop --role decide --rate 50
    """
    with _keys(book) as found:
        key, text = found.create(name, role, rate)
    if json:
        emit({**_plain(key), "key": text})
        return
    say(text)
    note(f"Key {key.key_id}, {key.role}, for {key.name}. It is not shown again.")


@command.command("list")
def list_(book: BookPath = DEFAULT_BOOK, json: Json = False) -> None:
    """Every key that was ever made, without its secret.

    Example: loanbook keys list
    """
    with _keys(book) as found:
        every = found.all()
    if json:
        emit({"keys": [_plain(key) for key in every]})
        return
    if not every:
        say("There is no key: the service answers its own machine only. `loanbook keys create` makes one.")
        return
    rows = [
        (key.key_id, key.name, key.role, _rate(key), key.created_at[:19], (key.revoked_at or "")[:19]) for key in every
    ]
    table(["id", "name", "role", ">rate", "created (UTC)", "revoked (UTC)"], rows)


@command.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, as `loanbook keys list` shows it.")],
    book: BookPath = DEFAULT_BOOK,
    json: Json = False,
) -> None:
    """Make a key worthless, for good; every worker refuses it within a second.

    Example: loanbook keys revoke k3v9q2xa
    """
    with _keys(book) as found:
        key = found.revoke(key_id)
        left = sum(one.revoked_at is None for one in found.all())
    if json:
        emit(_plain(key))
        return
    say(f"Key {key.key_id} ({key.name}) is worthless since {str(key.revoked_at)[:19]}.")
    if not left:
        note("No valid key is left, so nobody is answered now; `loanbook keys create` makes one.")


@contextmanager
def _keys(book: Path) -> Iterator[Keys]:
    from loanbook.book import Book
    from loanbook.registry.keys import Keys
    from loanbook.registry.store import open_store

    store = open_store(Book.load(book).store)
    try:
        yield Keys(store)
    finally:
        store.close()


def _plain(key: ApiKey) -> dict[str, Any]:
    found = asdict(key)
    del found["digest"]
    return found


def _rate(key: ApiKey) -> str:
    return "" if key.rate is None else f"{key.rate:g}/s"

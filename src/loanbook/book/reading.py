"""From the text of a book to a `Book`: read everything, collect every mistake, raise them together."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from loanbook.book.declaration import (
    USECASES,
    Book,
    Economics,
    PolicySettings,
    Section,
    Source,
)
from loanbook.book.lines import lines_of
from loanbook.book.mistakes import Mistake, Place, complain, nearest
from loanbook.book.roles import contradictions
from loanbook.book.values import (
    Reader,
    Unfit,
    between,
    column_type,
    levels,
    one_of,
    secret,
    shown,
    text,
    texts,
    truth,
)
from loanbook.errors import BookError

_SHARE = "it is a share: 0.08 is 8%"
_BOOK: Final[Mapping[str, Reader]] = {
    "name": text,
    "home": text,
    "store": secret,
    "artifacts": secret,
    "durability": one_of("process", "power"),
}
_SECTION: Final[Mapping[str, Reader]] = {
    "target": text,
    "bad": levels,
    "id": text,
    "time": text,
    "outcome_time": text,
    "amount": text,
    "ignore": texts,
    "protected": texts,
    "personal": texts,
    "shadow": truth,
}
_DATABASE: Final[Mapping[str, Reader]] = {"url": secret, "query": text}
_ECONOMICS: Final[Mapping[str, Reader]] = {
    "loss_given_default": between(0, 1, _SHARE),
    "margin": between(0, 1, _SHARE),
    "review_cost": between(0, math.inf),
}
_POLICY: Final[Mapping[str, Reader]] = {
    "approve_below": between(0, 1, _SHARE),
    "decline_from": between(0, 1, _SHARE),
    "approval_rate": between(0, 1, _SHARE),
    "objective": one_of("profit"),
    "refer_when_unsure": between(0.5, 0.99, "0.90 covers 90% of the bad loans and 90% of the good ones"),
}
_TABLES: Final = ("economics", "policy", "types", "reasons")
# Use cases of which this release can read the section, and what of it they have no use for.
_READY: Final[Mapping[str, tuple[str, ...]]] = {"risk": (), "amount": ("bad", "economics", "policy", "shadow")}


def read_text(path: Path) -> str:
    """Read the file of a book.

    Raises
    ------
    BookError when there is none, or when it is not text.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        todo = "write one with `loanbook init DATA --target COL`, or name another with --book"
        raise BookError("there is no such book", where=str(path), todo=todo) from None
    except UnicodeDecodeError:
        raise BookError("the book is not UTF-8 text", where=str(path), todo="save it as UTF-8") from None
    except IsADirectoryError:
        todo = f"name the file: {path / 'loanbook.toml'}"
        raise BookError("this is a folder, not a book", where=str(path), todo=todo) from None
    except OSError as error:
        raise BookError(f"the book cannot be read ({error.strerror})", where=str(path)) from None


def parse(written: str, path: Path) -> Book:
    """Understand and check a book (`Book.parse`)."""
    try:
        tree = tomllib.loads(written)
    except tomllib.TOMLDecodeError as error:
        raise _syntax(error, written, path) from None
    reader = _Reader(tree, Place(path, lines_of(written)))
    book = reader.book()
    complain(reader.mistakes, reader.place)
    return book


class _Reader:
    """Reads the tree of a book, keeping every mistake."""

    def __init__(self, tree: Mapping[str, Any], place: Place) -> None:
        self.tree = tree
        self.place = place
        self.folder = place.path.parent.resolve()
        self.mistakes: list[Mistake] = []

    def book(self) -> Book:
        usecases = [name for name in self.tree if name in USECASES]
        self.unknown((), self.tree, ("book", *USECASES))
        if not usecases:
            self.mistakes.append(Mistake("the book has no use case", (), "add a section [risk]"))
        found = self.read(self.tree.get("book", {}), ("book",), _BOOK)
        home = (self.folder / Path(found.get("home", ".loanbook")).expanduser()).resolve()
        return Book(
            path=self.folder / self.place.path.name,
            name=found.get("name", self.folder.name),
            home=home,
            store=self.sqlite(found.get("store", f"sqlite:///{home / 'store.db'}")),
            artifacts=self.local(found.get("artifacts", str(home / "artefacts"))),
            sections={name: self.section(name) for name in usecases},
            durability=found.get("durability", "process"),
        )

    def section(self, usecase: str) -> Section:
        keys, tree = (usecase,), self.tree[usecase]
        if usecase not in _READY:
            self.mistakes.append(Mistake("this release does not have this use case yet", keys, "remove it"))
            return Section(usecase, Source(None), "")
        if not isinstance(tree, dict):
            self.mistakes.append(Mistake(f"must be a section [{usecase}], not {shown(tree)}", keys))
            return Section(usecase, Source(None), "")
        idle = [name for name in _READY[usecase] if name in tree]
        self.mistakes += [Mistake(f"{usecase} has no use for it", (*keys, name), "remove it") for name in idle]
        tables = {name: tree.get(name, {}) for name in _TABLES}
        flat = {name: value for name, value in tree.items() if name not in (*_TABLES, "data")}
        found = self.read(flat, keys, _SECTION, ("data", *_TABLES))
        self.required(tree, keys, ("data", "target"))
        section = Section(
            usecase,
            data=self.source(tree.get("data", "-"), (usecase, "data")),
            target=found.pop("target", ""),
            types=self.named(tables["types"], (usecase, "types"), column_type),
            texts=self.named(tables["reasons"], (usecase, "reasons"), text),
            economics=Economics(**self.read(tables["economics"], (usecase, "economics"), _ECONOMICS)),
            policy=self.policy(tables["policy"], (usecase, "policy")),
            place=self.place,
            **found,
        )
        self.mistakes += contradictions(section)
        return section

    def policy(self, tree: Any, keys: tuple[str, ...]) -> PolicySettings:
        found = self.read(tree, keys, _POLICY)
        if not found.keys() & {"approve_below", "approval_rate", "objective"}:
            found["objective"] = "profit"
        return PolicySettings(**found)

    def source(self, value: Any, keys: tuple[str, ...]) -> Source:
        if isinstance(value, dict):
            found = self.read(value, keys, _DATABASE)
            self.required(value, keys, ("url", "query"))
            return Source(None, found.get("url"), found.get("query"), self.folder)
        try:
            return Source(text(value), base=self.folder)
        except Unfit:
            what = f'must be a file, a glob, or {{url = "…", query = "…"}}, not {shown(value)}'
            self.mistakes.append(Mistake(what, keys))
            return Source(None)

    def read(
        self, tree: Any, keys: tuple[str, ...], readers: Mapping[str, Reader], others: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Read the values of a table, each with the reader of its key."""
        if not isinstance(tree, dict):
            self.mistakes.append(Mistake(f"must be a section [{'.'.join(keys)}], not {shown(tree)}", keys))
            return {}
        self.unknown(keys, tree, (*readers, *others))
        known = {name: value for name, value in tree.items() if name in readers}
        return dict(self.fitting(known, keys, readers))

    def named(self, tree: Any, keys: tuple[str, ...], reader: Reader) -> dict[str, str]:
        """Read a table whose keys the lender chooses."""
        return self.read(tree, keys, dict.fromkeys(tree, reader) if isinstance(tree, dict) else {})

    def fitting(
        self, tree: Mapping[str, Any], keys: tuple[str, ...], readers: Mapping[str, Reader]
    ) -> Iterator[tuple[str, Any]]:
        for name, value in tree.items():
            try:
                yield name, readers[name](value)
            except Unfit as unfit:
                self.mistakes.append(Mistake(unfit.what, (*keys, name), unfit.todo))

    def unknown(self, keys: tuple[str, ...], tree: Mapping[str, Any], known: tuple[str, ...]) -> None:
        what = "there is no such key" if keys else "there is no such section"
        self.mistakes += [Mistake(what, (*keys, name), nearest(name, known)) for name in tree if name not in known]

    def required(self, tree: Mapping[str, Any], keys: tuple[str, ...], names: tuple[str, ...]) -> None:
        """Note keys that are missing, unless one that is misspelt must be meant."""
        meant = {one.todo for one in self.mistakes if one.keys[: len(keys)] == keys}
        self.mistakes += [
            Mistake(f"the key {name!r} is missing", keys, f"add it: {name} = …")
            for name in names
            if name not in tree and f"perhaps {name!r} is meant" not in meant
        ]

    def sqlite(self, url: str) -> str:
        """Let the path of an SQLite file start from the folder of the book."""
        head, apart, file = url.partition(":///")
        if not apart or not head.startswith("sqlite") or file in ("", ":memory:") or file.startswith("file:"):
            return url
        return f"{head}:///{self.folder / file}"

    def local(self, artifacts: str) -> str:
        if "://" in artifacts:
            return artifacts
        return str((self.folder / Path(artifacts).expanduser()).resolve())


def _syntax(error: tomllib.TOMLDecodeError, written: str, path: Path) -> BookError:
    what, _, spot = str(error).partition(" (at ")
    found = re.match(r"line (\d+), column (\d+)", spot)
    where = f"line {found[1]}, column {found[2]}" if found else f"line {written.count(chr(10)) + 1}, its end"
    todo = "put texts in quotes, and Windows paths in single ones"
    if "overwrite" in what or "twice" in what:
        todo = "write each key and each section once"
    return BookError(f"the book is not valid TOML: {what[0].lower()}{what[1:]}", where=f"{path}, {where}", todo=todo)

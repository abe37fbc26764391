"""Mistakes of a book, collected so that one run names them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from loanbook.book.lines import Path as KeyPath
from loanbook.errors import BookError


@dataclass(frozen=True, slots=True)
class Place:
    """The file a book was read from, and the line of each of its keys."""

    path: Path = Path("loanbook.toml")
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def where(self, *keys: str | int) -> str:
        """Name a key for an error message; a key that is not there gets the line of what it would be in.

        >>> Place(Path("loanbook.toml"), {("risk",): 3, ("risk", "target"): 4}).where("risk", "target")
        'loanbook.toml, line 4, [risk] target'
        """
        line = next((self.lines[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in self.lines), None)
        words = [str(key) for key in keys if isinstance(key, str)]
        tables = max(1, len(words) - 1)
        name = " ".join((f"[{'.'.join(words[:tables])}]", *words[tables:])) if words else ""
        return ", ".join(part for part in (str(self.path), f"line {line}" if line else "", name) if part)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong: what, at which key, and what to do."""

    what: str
    keys: tuple[str | int, ...]
    todo: str = ""


def complain(mistakes: Iterable[Mistake], place: Place) -> None:
    """Raise one `BookError` for all mistakes, in the order of the file; nothing when there are none."""
    errors = [BookError(one.what, where=place.where(*one.keys), todo=one.todo) for one in mistakes]
    errors.sort(key=lambda error: _line(error.where))
    if len(errors) == 1:
        raise errors[0]
    if errors:
        listed = "\n".join(f"  {error}" for error in errors)
        raise BookError(f"{len(errors)} mistakes\n{listed.removesuffix('.')}", where=str(place.path))


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name is meant, or which there are.

    >>> nearest("taget", ["target", "time"]), nearest("colour", ["id", "time"])
    ("perhaps 'target' is meant", "there are 'id' and 'time'")
    """
    names = list(known)
    lowered = {each.lower(): each for each in reversed(names)}
    near = get_close_matches(name.lower(), lowered, 1, 0.6)
    if near:
        return f"perhaps {lowered[near[0]]!r} is meant"
    listed = ", ".join(repr(each) for each in names[:12])
    if len(names) > 12:
        return f"there are {listed}, …"
    head, _, last = listed.rpartition(", ")
    return f"there are {head} and {last}" if head else f"there is {last}"


def _line(where: str) -> int:
    _, found, rest = where.partition(", line ")
    return int(rest.partition(",")[0]) if found else 0

"""On which line of a TOML text each key stands; the standard library's parser does not say."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]


def lines_of(text: str) -> Mapping[Path, int]:
    r"""Line, from 1, of every table, key and array element.

    Parameters
    ----------
    text : TOML that `tomllib` accepts.

    Returns
    -------
    Paths such as ("risk", "target"), ("risk", "ignore", 2), with their line.

    >>> lines = lines_of('[risk]\ntarget = "status"\nignore = [\n  "a",\n  "b",\n]\n')
    >>> lines["risk",], lines["risk", "target"], lines["risk", "ignore", 1]
    (1, 2, 5)
    """
    scan = _Scan(text)
    table: Path = ()
    while scan.to_content():
        line = scan.line
        if scan.here == "[":
            table = _names(scan.take_until("]").strip("["))
            scan.rest_of_line()
            scan.found.setdefault(table, line)
        else:
            path = (*table, *_names(scan.take_until("=")))
            scan.found.setdefault(path, line)
            scan.value(path)
    return scan.found


def _names(written: str) -> Path:
    """Read a dotted key, quotes and escapes included."""
    tree: dict[str, Any] = tomllib.loads(f"{written} = 0")

    def names(node: dict[str, Any] | int) -> Iterator[str]:
        if isinstance(node, dict):
            for name, below in node.items():
                yield name
                yield from names(below)

    return tuple(names(tree))


@dataclass
class _Scan:
    text: str
    at: int = 0
    line: int = 1
    found: dict[Path, int] = field(default_factory=dict)

    @property
    def here(self) -> str:
        return self.text[self.at : self.at + 1]

    def step(self, count: int = 1) -> None:
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count

    def to_content(self) -> bool:
        """Go to the next character that is neither blank nor comment; False at the end."""
        while self.here and (self.here.isspace() or self.here == "#"):
            self.rest_of_line() if self.here == "#" else self.step()
        return bool(self.here)

    def rest_of_line(self) -> None:
        end = self.text.find("\n", self.at)
        self.step((len(self.text) if end < 0 else end) - self.at)

    def take_until(self, stop: str) -> str:
        """Text up to an unquoted character, and go behind it."""
        start = self.at
        while self.here and self.here != stop:
            self.quoted() if self.here in {'"', "'"} else self.step()
        written = self.text[start : self.at]
        self.step()
        return written

    def quoted(self) -> None:
        """Go behind a string."""
        mark = self.here * 3 if self.text.startswith(self.here * 3, self.at) else self.here
        self.step(len(mark))
        while self.here and not self.text.startswith(mark, self.at):
            self.step(2 if self.here == "\\" and '"' in mark else 1)
        self.step(len(mark))
        while len(mark) == 3 and self.here == mark[0]:  # a long string may end in quotes of its own
            self.step()

    def value(self, path: Path) -> None:
        """Go behind a value, noting where the elements of an array stand."""
        self.to_content()
        if self.here == "[":
            self.array(path)
        else:
            self.element(",]}\n#")
        self.rest_of_line()

    def array(self, path: Path) -> None:
        self.step()
        index = 0
        while self.to_content() and self.here != "]":
            if self.here == ",":
                self.step()
                continue
            self.found[*path, index] = self.line
            self.element(",]#\n")
            index += 1
        self.step()

    def element(self, stops: str) -> None:
        """Go behind one value: a string, something in brackets, or a bare word."""
        depth = 0
        while self.here and (depth or self.here not in stops):
            if self.here in {'"', "'"}:
                self.quoted()
            elif self.here == "#":
                self.rest_of_line()
            else:
                depth += (self.here in "[{") - (self.here in "]}")
                self.step()

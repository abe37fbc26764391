"""What a scenario found: tables, promises kept or not, and what is absent with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from benchmarks.measure import Contender, Costs, Spread, ratio

NONE = "–"


@dataclass(frozen=True)
class Table:
    """One table of the page, its cells written as they will stand there."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Table:
        """Rebuild what `Report.to_json` wrote."""
        return cls(saved["title"], tuple(saved["columns"]), tuple(map(tuple, saved["rows"])))


@dataclass(frozen=True)
class Promise:
    """A figure that was promised, and what came of it.

    Parameters
    ----------
    what, unit : in words.
    limit, found : what was promised and what was measured.
    most : whether the limit is the most (or the least) that was promised.
    """

    what: str
    unit: str
    limit: float
    found: float
    most: bool = True

    @property
    def kept(self) -> bool:
        return self.found <= self.limit if self.most else self.found >= self.limit


@dataclass(frozen=True)
class Report:
    """What one scenario found.

    Parameters
    ----------
    tables : the figures.
    promises : what was promised of them.
    notes : what one must know to read them.
    absent : what is not measured, and why.
    """

    tables: tuple[Table, ...]
    promises: tuple[Promise, ...] = ()
    notes: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Report:
        """Rebuild what `to_json` wrote."""
        return cls(
            tables=tuple(map(Table.from_json, saved["tables"])),
            promises=tuple(Promise(**promise) for promise in saved["promises"]),
            notes=tuple(saved["notes"]),
            absent=tuple(saved["absent"]),
        )

    def without_promises(self) -> Report:
        """The same on data too small for the promises to mean anything."""
        return replace(self, promises=())


@dataclass(frozen=True, slots=True)
class Unit:
    """How seconds are written: 1e6 and "µs a row"."""

    per_second: float
    name: str


def compare(title: str, contenders: Sequence[Contender], costs: Costs, unit: Unit, *, floor: str) -> Table:
    """A table of contenders: CPU with its spread, wall, and CPU as multiples of the floor and of the peer.

    Parameters
    ----------
    floor : title of the contender that does the least anybody could.
    """
    rows = []
    for contender in contenders:
        spent = costs[contender.title]
        rows.append(
            (
                contender.title,
                spread(Spread.of([cost.cpu * unit.per_second for cost in spent])),
                number(Spread.of([cost.wall * unit.per_second for cost in spent]).middle),
                NONE if contender.title == floor else times(ratio(costs, contender.title, floor)),
                times(ratio(costs, contender.title, contender.peer)) if contender.peer else NONE,
            )
        )
    columns = ("", f"CPU, {unit.name}", f"wall, {unit.name}", "CPU ÷ floor", "CPU ÷ peer")
    return Table(title, columns, tuple(rows))


def paragraphs(text: str) -> tuple[str, ...]:
    r"""Notes out of a text with a blank line between them.

    >>> paragraphs("One\n  note.\n\nAnother.")
    ('One note.', 'Another.')
    """
    return tuple(" ".join(part.split()) for part in text.strip().split("\n\n"))


def number(value: float) -> str:
    """Write a figure with three digits that mean something.

    >>> [number(value) for value in (12345.6, 123.4, 1.234, 0.0123456, 0.0)]
    ['12,346', '123', '1.23', '0.0123', '0']
    """
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")


def spread(found: Spread) -> str:
    """Write the median, and the least and most in brackets."""
    return f"{number(found.middle)} ({number(found.low)} to {number(found.high)})"


def times(found: Spread) -> str:
    """Write a ratio in bold, and its least and most in brackets."""
    return f"**{number(found.middle)}** ({number(found.low)} to {number(found.high)})"

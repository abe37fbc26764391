"""What a page is made of. A chapter is a list of these; the templates know how each one looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from markupsafe import Markup

from loanbook.reporting.drawing import Still

_CLASSES = {">": "n", "~": "w"}


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; a quiet one explains, a warning asks to be read."""

    kind: ClassVar[str] = "text"

    text: str
    manner: str = ""


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences."""

    kind: ClassVar[str] = "points"

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values, as on a card."""

    kind: ClassVar[str] = "facts"

    entries: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under names; a name that starts with ">" is one of figures, one that starts with "~" of sentences.

    caption : what the rows are. rows : texts. marked : numbers of the rows to be seen first.
    folded : whether only the caption is seen until it is asked for.
    """

    kind: ClassVar[str] = "table"

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    marked: frozenset[int] = frozenset()
    folded: bool = False

    @property
    def names(self) -> list[tuple[str, str]]:
        """Each column's name, and its class in the style sheet."""
        return [(name.lstrip(">~"), _CLASSES.get(name[:1], "")) for name in self.columns]


@dataclass(frozen=True, slots=True)
class Code:
    """Text that keeps its spaces, folded away when it is long."""

    kind: ClassVar[str] = "code"

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with its words and its table.

    title : heads it. alt : what somebody would say who describes it. still : the drawing.
    table : the same figures. note : stands below. hover : the same chart for those who can point at it.
    wide : needs the whole width; on a telephone it is pushed aside to be read.
    """

    kind: ClassVar[str] = "picture"

    title: str
    alt: str
    still: Still
    table: Table
    note: str = ""
    hover: Markup | None = None
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Cards:
    """Small chapters side by side, one a column of the table."""

    kind: ClassVar[str] = "cards"

    cards: Sequence[Card]


@dataclass(frozen=True, slots=True)
class Card:
    """One of them."""

    title: str
    about: str
    blocks: Sequence[Block]


Block = Text | Points | Facts | Table | Code | Picture | Cards


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of a page.

    name : in addresses and in JSON. title : its heading. blocks : what stands in it. figures : the same for machines.
    """

    name: str
    title: str
    blocks: Sequence[Block]
    figures: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def absent(cls, name: str, title: str, why: str) -> Chapter:
        """A chapter that has nothing to show, and says why."""
        return cls(name, title, [Text(why, "quiet")], {"absent": why})


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page.

    title, book : its heading and whose it is. lead : what a reader in a hurry reads.
    chapters : in their order. foot : where it comes from.
    """

    title: str
    book: str
    lead: Sequence[str]
    chapters: Sequence[Chapter]
    foot: str

    @property
    def pictures(self) -> int:
        """How many there are to draw."""
        return sum(_pictures(chapter.blocks) for chapter in self.chapters)

    def figures(self) -> dict[str, Any]:
        """Everything for machines: the figures of each chapter by its name."""
        return {chapter.name: dict(chapter.figures) for chapter in self.chapters}


def _pictures(blocks: Sequence[Block]) -> int:
    cards = [card for block in blocks if isinstance(block, Cards) for card in block.cards]
    return sum(isinstance(block, Picture) for block in blocks) + sum(_pictures(card.blocks) for card in cards)

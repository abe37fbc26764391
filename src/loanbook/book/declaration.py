"""What a book says once it has been understood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from loanbook.book.mistakes import Mistake, Place, complain, nearest
from loanbook.errors import BookError

USECASES: Final = (
    *("risk", "amount", "segments", "demand", "fraud"),
    *("offers", "feedback", "documents", "strategy"),
)

Durability = Literal["process", "power"]

SUITABLE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"time": ("date",), "outcome_time": ("date",), "amount": ("integer", "decimal")}
)
"""What a column must hold to play a part."""


def spoken(kinds: Sequence[str]) -> str:
    """Name kinds of columns in a sentence.

    >>> spoken(("date",)), spoken(("integer", "decimal"))
    ('a date', 'an integer or a decimal')
    """
    return " or ".join(f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}" for kind in kinds)


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from: files, or a query on a database.

    paths : a file, a glob of files, or "sample:NAME"; None for a database.
    url, query : SQLAlchemy URL and SELECT; the URL may hold a password, so nothing shows it.
    base : the folder that relative paths start from.
    """

    paths: str | None
    url: str | None = field(default=None, repr=False)
    query: str | None = None
    base: Path = Path()


@dataclass(frozen=True, slots=True)
class Economics:
    """What a loan earns and costs.

    loss_given_default : share of the amount lost when a loan goes bad, 0 to 1.
    margin : earned over the life of a good loan, share of the amount, 0 to 1.
    review_cost : for a person to look at one application, in the currency of the amount.
    """

    loss_given_default: float = 0.60
    margin: float = 0.08
    review_cost: float = 40.0


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """How probabilities become decisions: exactly one of a cut-off, a share to approve, and an objective.

    approve_below : approve where the probability of default is lower. approval_rate : share of applications
    to approve. objective : "profit", the cut-off that earns most. decline_from : decline from this
    probability on; a person looks at what lies between. refer_when_unsure : share of the bad and of the good loans
    that sets of outcomes must cover; a person looks wherever the set is not one outcome alone.
    """

    approve_below: float | None = None
    decline_from: float | None = None
    approval_rate: float | None = None
    objective: str | None = None
    refer_when_unsure: float | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One use case of a book.

    target, id, time, outcome_time, amount : the columns that play these parts; None when the table has none.
    bad : values of the target, as text, that are bad loans; () for the rarer of two.
    ignore : columns known only after the decision. protected : audited for fairness, never scored.
    personal : columns about a person, kept out of logs, erasable. shadow : the challenger scores along.
    types : columns whose type is declared, as `ColumnType` writes it. texts : the lender's words for reason codes.
    """

    usecase: str
    data: Source
    target: str
    bad: tuple[str, ...] = ()
    id: str | None = None
    time: str | None = None
    outcome_time: str | None = None
    amount: str | None = None
    ignore: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    shadow: bool = False
    types: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    economics: Economics = Economics()
    policy: PolicySettings = PolicySettings(objective="profit")
    place: Place = field(default_factory=Place, repr=False, compare=False)

    def where(self, key: str) -> str:
        """Name a key of this section, with file and line, for an error message."""
        return self.place.where(self.usecase, *key.split("."))

    @property
    def apart(self) -> frozenset[str]:
        """Columns that no model sees."""
        named = (self.target, self.id, self.outcome_time, *self.ignore, *self.protected)
        return frozenset(name for name in named if name is not None)

    def columns(self) -> dict[tuple[str | int, ...], str]:
        """Every column the section names, by the key that names it."""
        found: dict[tuple[str | int, ...], str] = {}
        for key in ("target", "id", "time", "outcome_time", "amount"):
            name = getattr(self, key)
            if name is not None:
                found[key,] = name
        for key, names in (("ignore", self.ignore), ("protected", self.protected), ("personal", self.personal)):
            found.update({(key, place): name for place, name in enumerate(names)})
        found.update({("types", name): name for name in self.types})
        return found

    def check_columns(self, names: Iterable[str]) -> None:
        """Refuse a table that lacks a column the book names.

        Parameters
        ----------
        names : the columns of the table.

        Raises
        ------
        BookError with one line for each column that is not there, and the nearest that is.
        """
        known = list(names)
        mistakes = (
            Mistake(f"the data have no column {name!r}", (self.usecase, *keys), nearest(name, known))
            for keys, name in self.columns().items()
            if name not in known
        )
        complain(mistakes, self.place)

    def check_kinds(self, kinds: Mapping[str, str]) -> None:
        """Refuse a table whose columns cannot play the part that the book gives them.

        Parameters
        ----------
        kinds : what each column of the table holds, such as "date"; a column that is empty may be left out.

        Raises
        ------
        BookError with one line for each column that cannot.
        """
        mistakes = (
            Mistake(
                f"the column {name!r} holds {kinds[name]} values, and the {role} must be {spoken(suitable)}",
                (self.usecase, role),
                f"name another column, or say in [{self.usecase}.types] how it is written",
            )
            for role, suitable in SUITABLE.items()
            if (name := getattr(self, role)) in kinds and kinds[name] not in suitable
        )
        complain(mistakes, self.place)


@dataclass(frozen=True, slots=True)
class Book:
    """The lender's declaration, `loanbook.toml`.

    name : for titles. home : absolute folder of artefacts, reports and the embedded store.
    store : SQLAlchemy URL; it may hold a password, so nothing shows it. artifacts : folder or URL.
    durability : what a stored decision survives: the end of the "process", or of the machine's "power" as well.
    """

    path: Path
    name: str
    home: Path
    store: str = field(repr=False)
    artifacts: str = field(repr=False)
    sections: Mapping[str, Section]
    durability: Durability = "process"

    @classmethod
    def load(cls, path: str | Path = "loanbook.toml") -> Book:
        """Read a book and check all of it.

        Raises
        ------
        BookError that names every mistake with its key, its line and the nearest right name.
        """
        from loanbook.book.reading import read_text

        return cls.parse(read_text(Path(path)), path)

    @classmethod
    def parse(cls, text: str, path: str | Path = "loanbook.toml") -> Book:
        r"""Understand the text of a book; relative paths start from the folder of `path`.

        >>> book = Book.parse('[risk]\ndata = "loans.csv"\ntarget = "status"')
        >>> book.section("risk").target
        'status'
        >>> Book.parse('[risk]\ndata = "loans.csv"\ntaget = "status"')
        Traceback (most recent call last):
        loanbook.errors.BookError: loanbook.toml, line 3, [risk] taget: there is no such key. Perhaps 'target' is meant.
        """
        from loanbook.book.reading import parse

        return parse(text, Path(path))

    def section(self, usecase: str) -> Section:
        """One use case.

        Raises
        ------
        BookError when the book has no such section.
        """
        if usecase in self.sections:
            return self.sections[usecase]
        if usecase in USECASES:
            todo = f"add a section [{usecase}] to it; it has {', '.join(f'[{name}]' for name in self.sections)}"
            raise BookError(f"the book has no section [{usecase}]", where=str(self.path), todo=todo)
        raise BookError(f"there is no use case {usecase!r}", todo=nearest(usecase, USECASES))

    def check_columns(self, section: Section | str, names: Iterable[str]) -> None:
        """Refuse a table that lacks a column the section names (`Section.check_columns`)."""
        (self.section(section) if isinstance(section, str) else section).check_columns(names)

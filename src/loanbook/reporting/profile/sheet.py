"""What a data profile is about: the book's table as it is, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from loanbook import lifecycle
from loanbook.book import Book, Section
from loanbook.data import quality
from loanbook.data.contract import Contract, learn_field
from loanbook.data.fields import CategoryField, DateField, Field
from loanbook.data.inference import ColumnType
from loanbook.data.leakage import Suspect
from loanbook.data.loans import numbers
from loanbook.data.quality import Finding
from loanbook.data.quality.table import unlimited
from loanbook.errors import DataError
from loanbook.evaluation.benchmark import Progress, quiet
from loanbook.evaluation.intervals import Floats
from loanbook.evaluation.portrait import Portrait, Target, portrait
from loanbook.evaluation.tasks import Probability
from loanbook.lifecycle import UseCase


@dataclass(frozen=True)
class Sheet:
    """A table with everything that is asked of it once.

    book, usecase : whose. table : the rows as read. types : what each column is. progress : told what is being done.
    """

    book: Book
    usecase: UseCase
    table: pl.DataFrame
    types: dict[str, ColumnType]
    progress: Progress = quiet

    @classmethod
    def read(cls, book: Book, usecase: UseCase, *, progress: Progress = quiet) -> Sheet:
        """Read the book's table.

        Raises
        ------
        LoanbookError : it cannot be read, or is not what the book says it is.
        """
        table, types = lifecycle.load(book, book.section(usecase.name))
        return cls(book, usecase, table, types, progress)

    @property
    def section(self) -> Section:
        return self.book.section(self.usecase.name)

    @property
    def word(self) -> str:
        """What is averaged along the values of a column."""
        return "bad rate" if self.target.share else f"mean {self.section.target}"

    @cached_property
    def target(self) -> Target:
        """What is to be learned: bad or good, or an amount."""
        if isinstance(self.usecase.task, Probability):
            return Target(self.usecase.outcomes(self.table, self.section, self.types), share=True)
        found = numbers(self.table, self.section.target, self.types)
        return Target(found, share=False)

    @cached_property
    def days(self) -> Floats | None:
        """(n,) day of the decision, if the book names it."""
        name = self.section.time
        if name is None:
            return None
        return DateField(name, "date", required=False, format=self.types[name].format).codes(self.table[name])[0]

    def role(self, name: str) -> str:
        """What the book says of a column; "" for one that models may see."""
        section = self.section
        named = {
            "the target": (section.target,),
            "the id": (section.id,),
            "the day of the decision": (section.time,),
            "the day the outcome became known": (section.outcome_time,),
            "the exposure": (section.amount,),
            "ignored: known only later": section.ignore,
            "protected: never scored": section.protected,
        }
        return ", ".join(role for role, names in named.items() if name in names)

    def seen(self, name: str) -> bool:
        """Whether models may see a column."""
        return name not in self.section.apart and self.types[name].kind != "text"

    @cached_property
    def portraits(self) -> Sequence[Portrait]:
        """Every column, in the order of the table."""
        found = []
        for done, name in enumerate(self.table.columns):
            self.progress(f"Looking at {name[:20]}", done, 2 * self.table.width)
            field = _field(self.table[name], self.types[name])
            section = self.section
            target = None if name in (section.target, section.id) else self.target
            # Ids and dates move with time by themselves.
            days = None if name in (section.id, section.time, section.outcome_time) else self.days
            found.append(portrait(field, self.table[name], target, days))
        return found

    @cached_property
    def contract(self) -> Contract | None:
        """What a training would learn of it; None where no column is left."""
        columns = [name for name in self.table.columns if name not in self.section.apart]
        try:
            return Contract.learn(self.table, self.types, columns=columns, id=self.section.id)
        except DataError:
            return None

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """What `loanbook check` finds in the table by itself."""
        if self.contract is None:
            return ()
        return quality.check(self.table, self.contract, id=self.section.id, time=self.section.time)

    @cached_property
    def suspects(self) -> Sequence[Suspect]:
        """Columns that models would see and that look as if they were known only after the decision."""
        return lifecycle.suspects(self.usecase, self.table, self.section, self.types)


def _field(column: pl.Series, found: ColumnType) -> Field:
    if found.kind == "text":
        return CategoryField(column.name, "text", required=False, levels=(), closed=False)
    return unlimited(learn_field(column, found))

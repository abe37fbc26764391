"""Every way in which loanbook says no.

LoanbookError              a person can mend this: one paragraph, no traceback, exit code 2
├── BookError              the book (loanbook.toml) is wrong
├── DataError              a table cannot be read or used
│   └── RowRefused         one application breaks the data contract
├── TrainingError          these rows cannot teach a model
├── RegistryError          no such version, no champion
│   └── TamperedArtefact   a file is not what was written
├── StoreError             the store cannot be read or written
└── Conflict               the request contradicts what is already recorded
"""

from __future__ import annotations

from dataclasses import dataclass


class LoanbookError(Exception):
    """What is wrong, where, and what to do, in one paragraph.

    Parameters
    ----------
    what : the fault, as a sentence without its full stop.
    where : file, key, column or line; put in front.
    todo : what the reader can do; put behind.

    >>> print(LoanbookError("the file is empty", where="loans.csv", todo="export it again"))
    loans.csv: the file is empty. Export it again.
    """

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        self.what = what
        self.where = where
        self.todo = todo
        super().__init__(what, where, todo)

    def __str__(self) -> str:
        start = f"{self.where}: {self.what}" if self.where else self.what
        if not self.todo:
            return f"{start}."
        end = "" if self.todo.endswith(("?", ".")) else "."
        return f"{start}. {self.todo[0].upper()}{self.todo[1:]}{end}"


class BookError(LoanbookError):
    """The book names something that is not there, or is not understood."""


class DataError(LoanbookError):
    """A table cannot be read, or is not what the book says it is."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One field of one row that breaks the data contract."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class RowRefused(DataError):
    """One application breaks the data contract; `problems` names every wrong field.

    >>> print(RowRefused([Problem("amount", "must not be missing")]))
    amount: must not be missing.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))


class TrainingError(LoanbookError):
    """These rows cannot teach a model."""


class RegistryError(LoanbookError):
    """No such version, or no champion yet."""


class TamperedArtefact(RegistryError):
    """A file of an artefact is missing or is not what was written."""


class StoreError(LoanbookError):
    """The store cannot be read or written."""


class Conflict(LoanbookError):
    """The request contradicts what is already recorded."""

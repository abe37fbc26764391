r"""The lifecycle for Python users: a use case is named by its name.

>>> from loanbook import Book
>>> book = Book.parse('[risk]\ndata = "sample:sba_7a"\ntarget = "status"\nbad = "charged_off"', "loanbook.toml")
>>> train(book, "rusk")
Traceback (most recent call last):
loanbook.errors.BookError: there is no use case 'rusk'. Did you mean 'risk'?
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loanbook import lifecycle
from loanbook.book import Book
from loanbook.lifecycle import Run
from loanbook.usecases import find


def train(book: Book, usecase: str = "risk", **options: Any) -> Run:
    """Benchmark a use case's ladder on the book's table and register the candidate; see `lifecycle.train`."""
    return lifecycle.train(book, find(usecase), **options)


def champion(book: Book, usecase: str = "risk") -> Any:
    """Load the model that answers: a `Decider` for risk, an `Estimator` for amount; see `lifecycle.champion`."""
    return lifecycle.champion(book, find(usecase))


def predict(book: Book, usecase: str, table: str | Path, output: str | Path, **options: Any) -> lifecycle.Predicted:
    """Score a file, streaming; see `lifecycle.predict`."""
    return lifecycle.predict(book, find(usecase), table, output, **options)

"""What amount will this customer take and can carry? Money, with an interval that holds nine in ten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from loanbook.book import Book, Section
from loanbook.data.inference import ColumnType
from loanbook.data.leakage import Suspect, of_amounts
from loanbook.data.loans import Loans, numbers
from loanbook.data.splits import Split, split
from loanbook.decisions.estimates import Estimator
from loanbook.errors import BookError, TrainingError
from loanbook.evaluation.amounts import Money, mae
from loanbook.evaluation.benchmark import Result
from loanbook.evaluation.intervals import draw_weights, interval
from loanbook.evaluation.tasks import Task
from loanbook.models.amount import LADDER
from loanbook.models.training import Floats, Rung
from loanbook.registry.versions import Registry, Version


class Amount:
    """An amount of money: table in, amount with its interval out."""

    name = "amount"
    question = "What amount will this customer take and can carry?"
    ladder: Sequence[Rung] = LADDER
    floor: Sequence[str] = ("median", "one_ratio")
    task: Task = Money()

    def outcomes(self, table: pl.DataFrame, section: Section, types: dict[str, ColumnType]) -> Floats:
        """1 for an amount of the upper half."""
        return _upper_half(numbers(table, section.target, types))

    def doubts(self, found: list[Suspect]) -> list[Suspect]:
        """Copies of the amount, later dates and telling names."""
        return of_amounts(found)

    def learn(self, table: pl.DataFrame, section: Section, types: dict[str, ColumnType]) -> Loans:
        """Read a table into loans whose amount is known."""
        found = types[section.target]
        if found.kind not in ("integer", "decimal"):
            raise BookError(
                f"the column {section.target!r} holds {found.kind}, not amounts",
                where=section.where("target"),
                todo="name a column of numbers",
            )
        y = numbers(table, section.target, types)
        loans = Loans.read(table, section, types, y, _upper_half(y))
        if not 0 < loans.bad.sum() < len(loans):
            raise TrainingError(
                f"the {len(loans)} usable amounts are all alike, or there are none: there is nothing to learn",
                where=section.where("target"),
                todo="bring rows with different amounts",
            )
        return loans

    def split(self, loans: Loans, seed: int) -> Split:
        """Out of time where the book names one, else stratified by the upper and the lower half."""
        return split(loans.bad, time=loans.time, known=loans.known, groups=loans.groups, seed=seed)

    def open(self, book: Book, registry: Registry, version: Version) -> Estimator:
        """Load a version."""
        return Estimator(registry.load(self.name, version.version), version.version, book.section(self.name).texts)

    def profit(self, section: Section, test: Loans, predictions: Floats) -> None:
        """An amount said earns nothing by itself."""

    def worth(self, section: Section, test: Loans, results: Sequence[Result], chosen: Result) -> dict[str, Any]:  # noqa: ARG002
        """How much less the answer is off than the usual amount and than one ratio, on the test rows."""
        saved = {
            result.name: {"title": result.title, **_saved(test.y, chosen.predictions, result.predictions)}
            for result in results
            if result.name in self.floor and not result.skipped
        }
        off = [f"{_less(one)} than {_QUOTED[name]}" for name, one in saved.items()]
        coverage = chosen.test["coverage"]
        sentence = (
            f"On {len(test):,} loans the amount is off by {mae(test.y, chosen.predictions):,.0f} on average, "
            f"{' and '.join(off)}; the 90% intervals hold {coverage.value:.0%} of the amounts ({coverage.low:.0%} to "
            f"{coverage.high:.0%}). In brackets: 90% intervals."
        )
        return {"sentence": sentence, "saved": saved}


_QUOTED = {"median": "saying the usual amount to everybody", "one_ratio": "one ratio"}


def _upper_half(y: Floats) -> Floats:
    known = ~np.isnan(y)
    middle = np.median(y[known]) if known.any() else np.nan
    return np.where(known, (y > middle).astype(np.float64), np.nan)


def _saved(y: Floats, mine: Floats, theirs: Floats) -> dict[str, float]:
    """Share of the other's mean absolute error that is saved, with its interval; the loans drawn are the same."""
    off = np.stack([np.abs(y - mine), np.abs(y - theirs)], axis=1)

    def of(weights: Floats) -> Floats:
        errors = weights @ off
        return np.asarray(1.0 - errors[:, 0] / errors[:, 1])

    found = interval(
        float(of(np.ones((1, len(y))))[0]), [of(weights) for weights in draw_weights(len(y), resamples=500, seed=0)]
    )
    return {"value": found.value, "low": found.low, "high": found.high}


def _less(saved: dict[str, Any]) -> str:
    word = "less" if saved["value"] >= 0 else "more"
    low, high = sorted((abs(saved["low"]), abs(saved["high"])))
    return f"{abs(saved['value']):.0%} {word} ({low:.0%} to {high:.0%})"

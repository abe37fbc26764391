"""Fit rungs of the ladder on one split of one table, and keep what they said of rows they had not seen.

    python -m benchmarks.scripts.fit_trial BOOK SEED OUTPUT RUNG…

Members of a blend are fitted once: on five folds of the rows that teach, and on all of these. Blend, stack and
calibration are worked out of the same predictions afterwards (`benchmarks/trials.py`).
"""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import cpu_seconds
from loanbook.book import Book
from loanbook.data.loans import Loans
from loanbook.data.splits import folds
from loanbook.lifecycle import load
from loanbook.models.risk import LADDER, Rung
from loanbook.models.training import FOLDS, Floats, Setting, fit_plan, fit_scorer

TENTHS_TESTED = 3
_WARM = 200  # rows
Rows = NDArray[np.intp]


def read(path: str | Path) -> tuple[Loans, Setting]:
    """The labelled rows of a book, and how rungs are fitted on them: one thread each."""
    book = Book.load(Path(path))
    section = book.section("risk")
    table, types = load(book, section)
    return Loans.learn(table, section, types), Setting(time=section.time, amount=section.amount, jobs=1)


def part(loans: Loans, seed: int) -> tuple[Rows, Rows]:
    """Rows that teach and rows that test, 70 to 30: stratified, each group on one side."""
    tenths = folds(loans.bad, loans.groups, count=10, seed=seed)
    test = np.sort(np.concatenate([held for _, held in islice(tenths, TENTHS_TESTED)]))
    return np.setdiff1d(np.arange(len(loans)), test), test


class Trial:
    """Rows to teach with and rows to test on, both as model rows, and the folds of the former."""

    def __init__(self, loans: Loans, setting: Setting) -> None:
        train, self.test = part(loans, setting.seed)
        self.loans, self.setting = loans, setting
        self.teaching = loans.take(train)
        began = cpu_seconds()
        self.x, self.x_test = self._fit(self.teaching, loans.codes[self.test])
        self.plan_cpu = cpu_seconds() - began
        self.fold = np.zeros(len(train), np.int64)
        self.parts = []
        divisions = folds(self.teaching.bad, self.teaching.groups, count=FOLDS, seed=setting.seed)
        for number, (inner, held) in enumerate(divisions):
            self.fold[held] = number
            rows = self.teaching.take(inner)
            self.parts.append((rows.bad, held, *self._fit(rows, self.teaching.codes[held])))

    def _fit(self, teaching: Loans, codes: Floats) -> tuple[Floats, Floats]:
        plan, x = fit_plan(teaching, self.setting)
        return x, plan.transform(codes)

    def measure(self, rung: Rung) -> dict[str, Floats]:
        """Log-odds of rows held out, of the test rows and of those taught with; CPU of the folds and the last fit."""
        few = np.linspace(0, len(self.x) - 1, min(_WARM, len(self.x))).astype(np.intp)
        fit_scorer(rung, self.x[few], self.teaching.bad[few], self.setting)  # importing a library is not fitting
        began = cpu_seconds()
        held_out = np.empty(len(self.x))
        for bad, held, x, x_held in self.parts:
            held_out[held] = fit_scorer(rung, x, bad, self.setting).margin(x_held)
        middle = cpu_seconds()
        scorer = fit_scorer(rung, self.x, self.teaching.bad, self.setting)
        cpu = np.array([middle - began, cpu_seconds() - middle])
        return {
            f"held {rung.name}": held_out,
            f"test {rung.name}": scorer.margin(self.x_test),
            f"train {rung.name}": scorer.margin(self.x),
            f"cpu {rung.name}": cpu,
        }


def main(book: str, seed: str, output: str, *names: str) -> None:
    """Write one npz."""
    loans, setting = read(book)
    trial = Trial(loans, Setting(setting.time, setting.amount, int(seed), 1))
    found: dict[str, Floats | Rows] = {
        "y": trial.teaching.bad,
        "y_test": loans.bad[trial.test],
        "test_rows": trial.test,
        "fold": trial.fold,
        "amount_test": np.full(len(trial.test), np.nan) if loans.amount is None else loans.amount[trial.test],
        "cpu_plan": np.array([trial.plan_cpu]),
    }
    for rung in (rung for rung in LADDER if rung.name in names):
        found |= trial.measure(rung)
        print(rung.name, found[f"cpu {rung.name}"].round(2), flush=True)
    with Path(output).open("wb") as file:
        np.savez(file, **found)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*sys.argv[1:])

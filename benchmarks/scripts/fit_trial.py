"""Fit rungs of the ladder on one split of one table, and keep what they said of rows they had not seen.

    python -m benchmarks.scripts.fit_trial BOOK SEED FOLDER PART…

Members of a blend are fitted once: on five folds of the rows that teach, and on all of these. Blend, stack and
calibration are worked out of the same predictions afterwards (`benchmarks/trials.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
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

ROWS = "rows"
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
        self.x, self.x_test = self._fit(self.teaching, loans.codes[self.test])
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

    def rows(self) -> dict[str, Floats | Rows]:
        """Outcomes and groups of both sides, the folds, exposure of the rows that test (NaN where none is named)."""
        amount = self.loans.amount
        return {
            "y": self.teaching.bad,
            "y_test": self.loans.bad[self.test],
            "fold": self.fold,
            "amount_test": np.full(len(self.test), np.nan) if amount is None else amount[self.test],
            "groups": self.teaching.groups,
            "groups_test": self.loans.groups[self.test],
        }

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


def main(book: str, seed: str, folder: str, *parts: str) -> None:
    """Write one npz for each part: the rows, and rungs by name."""
    loans, setting = read(book)
    trial = Trial(loans, replace(setting, seed=int(seed)))
    _write(folder, ROWS, trial.rows())
    for rung in (rung for rung in LADDER if rung.name in parts):
        _write(folder, rung.name, trial.measure(rung))


def _write(folder: str, part: str, arrays: Mapping[str, Floats | Rows]) -> None:
    with (Path(folder) / f"{part}.npz").open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*sys.argv[1:])

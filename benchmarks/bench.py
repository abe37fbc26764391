"""What the scenarios of one run share: its size, its folder, the loans, the models trained on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from benchmarks.datasets import DATA_SETS, DataSet
from benchmarks.fixed import FIXED
from benchmarks.results import Report
from loanbook.book import Book, Section
from loanbook.data import samples
from loanbook.data.loans import Loans
from loanbook.decisions.decider import Decider
from loanbook.decisions.policy import Policy
from loanbook.evaluation.benchmark import missing
from loanbook.lifecycle import load
from loanbook.models.risk import LADDER, Rung
from loanbook.models.scoring import TreeEnsemble
from loanbook.models.trained import TrainedModel
from loanbook.models.training import Setting, fit_model

if TYPE_CHECKING:
    from benchmarks.trials import Course
    from benchmarks.usual import Usual

SAMPLE = "sba_7a"
SEED = 0
_KINDS = ("logistic", "forest", "xgboost")

_QUICK_EVERY = 40
_QUICK_RUNGS = ("approve_all", "logistic")
_QUICK_FULL = (*_QUICK_RUNGS, "one_rule", "tree", "stack")
_OBJECTIVE = 'objective = "profit"'

APPROVE_ALL = Policy(1.0, 1.0, 1, "approves everyone: no reasons are asked for")
DECLINE_ALL = Policy(0.0, 0.0, 1, "declines everyone: every answer has reasons")


@dataclass(frozen=True, slots=True)
class Size:
    """How many trees, how many comparisons from root to leaf at most, how many leaves in the largest tree."""

    trees: int
    depth: int
    leaves: int

    @classmethod
    def of(cls, scorer: TreeEnsemble) -> Size:
        depth, level = 0, scorer.roots
        while len(inner := level[scorer.feature[level] >= 0]):
            depth, level = depth + 1, np.concatenate([scorer.left[inner], scorer.right[inner]])
        trees = np.searchsorted(scorer.roots, np.arange(len(scorer.feature)), side="right")
        return cls(len(scorer.roots), depth, int(np.bincount(trees[scorer.feature < 0]).max()))

    @property
    def leaf_by_leaf(self) -> bool:
        """Whether trees grew the best leaf first, and not level by level."""
        return (1 << self.depth) > 2 * self.leaves

    def __str__(self) -> str:
        shape = f"{self.leaves} leaves" if self.leaf_by_leaf else f"depth {self.depth}"
        return f"{self.trees} trees of {shape}"


@dataclass(frozen=True)
class Bench:
    """One run.

    Parameters
    ----------
    folder : where it may write.
    tell : hears what is being done.
    quick : whether only to see that everything runs.
    keep : folder in which fits of a run outlive it, so that another one may go on from them; None to keep none.
    """

    folder: Path
    tell: Callable[[str], None]
    quick: bool = False
    keep: Path | None = None

    def pick(self, usual: int, quick: int) -> int:
        """A size: the usual one, or the one that only shows that it runs."""
        return quick if self.quick else usual

    @property
    def ladder(self) -> tuple[Rung, ...]:
        """Rungs whose single fits are measured: those of the usual ladder but for the blends, or a few quick ones."""
        usual = (rung for rung in LADDER if rung.standard and not rung.members and not missing(rung))
        return tuple(rung for rung in usual if not self.quick or rung.name in _QUICK_RUNGS)

    @cached_property
    def course(self) -> Course:
        """Every rung on several splits of every data set; a few rungs on a small one when it has to be quick."""
        from benchmarks.trials import SEEDS, Course

        return Course(
            books=tuple((data, self._book_of(data)) for data in self.data_sets),
            ladder=tuple(rung for rung in LADDER if not missing(rung) and (not self.quick or rung.name in _QUICK_FULL)),
            seeds=self.pick(SEEDS, 1),
            keep=self.keep or self.folder / "trials",
            tell=self.tell,
        )

    @property
    def best(self) -> str:
        """The rung whose figures are promised: the stack, or logistic in a ladder without it."""
        return next((rung.name for rung in self.course.ladder if rung.name == "stack"), "logistic")

    @property
    def data_sets(self) -> tuple[DataSet, ...]:
        """Those that are there; the sample alone when it has to be quick."""
        return tuple(data for data in DATA_SETS if not data.absent and (not self.quick or not data.file))

    @property
    def absent_data(self) -> tuple[str, ...]:
        """Why a data set is not measured, for each that is not there."""
        return () if self.quick else tuple(data.absent for data in DATA_SETS if data.absent)

    def _book_of(self, data: DataSet) -> Path:
        if not data.file:
            return self.book(f"set-{data.name}").path
        folder = self.folder / f"set-{data.name}"
        folder.mkdir()
        path = folder / "loanbook.toml"
        path.write_text(data.book(), encoding="utf-8")
        return path

    @property
    def kinds(self) -> tuple[str, ...]:
        """Rungs whose scoring is measured: a sum of columns, deep trees, many small trees."""
        return ("xgboost",) if self.quick else _KINDS

    def book(self, name: str, *, decline_all: bool = False, more: Mapping[str, str] | None = None) -> Book:
        """A fresh book of the sample in a folder of its own, with nothing trained; `more` has lines by section."""
        folder = self.folder / name
        folder.mkdir()
        text = samples.book(SAMPLE).read_text(encoding="utf-8")
        if decline_all:
            text = text.replace(_OBJECTIVE, "approve_below = 0.0\ndecline_from = 0.0")
        for section, line in (more or {}).items():
            text = text.replace(f"[{section}]\n", f"[{section}]\n{line}\n", 1)
        if self.quick:
            text = text.replace(f'"sample:{SAMPLE}"', '"small.parquet"')
            pl.read_parquet(samples.path(SAMPLE)).gather_every(_QUICK_EVERY).write_parquet(folder / "small.parquet")
        path = folder / "loanbook.toml"
        path.write_text(text, encoding="utf-8")
        return Book.load(path)

    @cached_property
    def section(self) -> Section:
        return self.book("shared").section("risk")

    @cached_property
    def _read(self) -> tuple[pl.DataFrame, Loans]:
        found = self.section
        table, types = load(Book.load(self.folder / "shared" / "loanbook.toml"), found)
        return table, Loans.learn(table, found, types)

    @property
    def table(self) -> pl.DataFrame:
        """The sample as it is read."""
        return self._read[0]

    @property
    def loans(self) -> Loans:
        """Its labelled rows."""
        return self._read[1]

    @cached_property
    def setting(self) -> Setting:
        return Setting(time=self.section.time, amount=self.section.amount, seed=SEED, jobs=2)

    @cached_property
    def _models(self) -> dict[str, TrainedModel]:
        return {}

    def model(self, name: str) -> TrainedModel:
        """One rung, trained on all labelled rows as a candidate is."""
        if name not in self._models:
            self.tell(f"training {name} to measure it")
            rung = next(rung for rung in (*LADDER, *FIXED) if rung.name == name)
            card: Mapping[str, Any] = {"rung": name, "title": rung.title, "metrics": {}, "ladder": []}
            self._models[name] = fit_model(rung, self.loans, self.setting, usecase="risk", card=card)
        return self._models[name]

    def decider(self, name: str, policy: Policy) -> Decider:
        """A rung and a policy together."""
        return Decider(self.model(name), policy, 1)

    @cached_property
    def default(self) -> str:
        """The rung that `loanbook demo` ends with: what a training of the usual ladder chooses on the sample."""
        if self.quick:
            return "xgboost"
        from loanbook.api import train

        self.tell("training the usual ladder, to learn what it chooses")
        return train(self.book("default"), "risk", jobs=2).version.rung

    def size_of(self, name: str) -> Size:
        """Of one of our models; of our XGBoost where that is not made of trees."""
        scorer = self.model(name).scorer
        if isinstance(scorer, TreeEnsemble):
            return Size.of(scorer)
        return self.size_of("xgboost")

    @property
    def size(self) -> Size:
        """Of our XGBoost."""
        return self.size_of("xgboost")

    @property
    def usual(self) -> Usual:
        """The peer's pipeline, fitted on the same rows with as many trees as our XGBoost has."""
        return self.usual_like("xgboost")

    @cached_property
    def _usuals(self) -> dict[Size, Usual]:
        return {}

    def usual_like(self, name: str) -> Usual:
        """The peer's pipeline with trees like those of one of our models."""
        from benchmarks.usual import Columns, Usual

        size = self.size_of(name)
        if size not in self._usuals:
            self.tell(f"training the peer's pipeline with {size}")
            columns = Columns.of(self.loans.contract)
            self._usuals[size] = Usual.fit(columns, self.table.to_pandas(), self.loans.bad, size)
        return self._usuals[size]

    def applications(self, count: int) -> list[dict[str, Any]]:
        """Rows as JSON would bring them: only what a model may see, days as text, spread over all years."""
        names = list(self.loans.contract.names)
        rows = self.table.select(names).gather_every(max(1, self.table.height // count)).head(count).to_dicts()
        return [{name: _plain(value) for name, value in row.items()} for row in rows]


@dataclass(frozen=True)
class Scenario:
    """One permanent question of the page.

    Parameters
    ----------
    name : on the command line and in the page, for ever.
    question : what it answers.
    run : measures it.
    """

    name: str
    question: str
    run: Callable[[Bench], Report]

    def report(self, bench: Bench) -> Report:
        """Measure, and promise nothing of a quick run."""
        found = self.run(bench)
        return found.without_promises() if bench.quick else found


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value

"""The trials that quality is measured by: each data set split several times, every rung fitted once a split.

What one rung predicts in one trial is kept under a name that says which code it was (`benchmarks/sources.py`), so that
`ladder`, `sets` and `impact` read the same fits, a run that was stopped goes on where it stood, and after a change only
the rungs that it touched are fitted again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from benchmarks.datasets import DataSet
from benchmarks.processes import cost_of_process, python
from benchmarks.scripts import fit_trial
from benchmarks.scripts.fit_trial import ROWS
from benchmarks.sources import digest
from loanbook.models.risk import Rung
from loanbook.models.scoring import Calibration, sigmoid
from loanbook.models.training import Floats, Setting, weigh

SEEDS = 5
_AT_ONCE = 2
_FITTING = (
    *("loanbook.data.sources", "loanbook.data.loans", "loanbook.data.splits", "loanbook.features.plan"),
    *(f"loanbook.models.scoring.{name}" for name in ("additive", "trees", "pairs", "network")),
)
"""What every prediction depends on."""


@dataclass(frozen=True)
class Prediction:
    """What one rung, or several as one, said in one trial.

    Parameters
    ----------
    held, test, train : log-odds of the rows that taught, said by fits that had not seen them; of the rows that test;
        and of those that taught, said by the fit that learned from them.
    cpu : seconds of one fit.
    """

    held: Floats
    test: Floats
    train: Floats
    cpu: float


@dataclass(frozen=True)
class Trial:
    """One split of one data set, with all its rungs."""

    data: DataSet
    seed: int
    arrays: dict[str, Floats]
    ladder: tuple[Rung, ...]

    @property
    def y(self) -> Floats:
        return self.arrays["y"]

    @property
    def y_test(self) -> Floats:
        return self.arrays["y_test"]

    @property
    def fold(self) -> Floats:
        return self.arrays["fold"]

    @property
    def amount(self) -> Floats | None:
        """Exposure of the rows that test, (n,), if the book names it."""
        found = self.arrays["amount_test"]
        return None if np.isnan(found).any() else found

    @property
    def names(self) -> tuple[str, ...]:
        """The rungs that were measured, in the ladder's order."""
        return tuple(rung.name for rung in self.ladder if rung.members or f"test {rung.name}" in self.arrays)

    @cached_property
    def predictions(self) -> dict[str, Prediction]:
        """By name of the rung; blends are weighed here."""
        found = {rung.name: self._single(rung.name) for rung in self.ladder if f"test {rung.name}" in self.arrays}
        blends = {rung.name: self._blend(rung, found) for rung in self.ladder if rung.members}
        return {name: (found | blends)[name] for name in self.names}

    def _single(self, name: str) -> Prediction:
        held, test, train = (self.arrays[f"{part} {name}"] for part in ("held", "test", "train"))
        return Prediction(held, test, train, float(self.arrays[f"cpu {name}"][1]))

    def _blend(self, rung: Rung, found: dict[str, Prediction]) -> Prediction:
        """Weigh the members by what they said of rows they had not seen, as the rung itself does."""
        names = [name for name in rung.members if name in found]
        members = [found[name] for name in names]
        held = np.stack([member.held for member in members], axis=1)
        intercept, weights = weigh(rung, held, self.y, Setting(seed=self.seed))

        def weighed(parts: Sequence[Floats]) -> Floats:
            return intercept + np.stack(parts, axis=1) @ weights

        return Prediction(
            held=weighed([member.held for member in members]),
            test=weighed([member.test for member in members]),
            train=weighed([member.train for member in members]),
            cpu=float(sum(self.arrays[f"cpu {name}"].sum() for name in names)),
        )

    def calibration(self, name: str) -> Calibration:
        """Fitted as a training does, on what was said of rows held out."""
        if name not in self._calibrations:
            held = self.predictions[name].held
            self._calibrations[name] = Calibration.fit(held, self.y, groups=self.arrays["groups"].astype(np.int64))
        return self._calibrations[name]

    @cached_property
    def _calibrations(self) -> dict[str, Calibration]:
        return {}

    def probability(self, name: str) -> Floats:
        """Calibrated probability of bad of the rows that test, (n,)."""
        return sigmoid(self.calibration(name).log_odds(self.predictions[name].test))


@dataclass(frozen=True)
class Course:
    """Which trials there are, and where their predictions are kept.

    Parameters
    ----------
    books : data sets with the path of their books.
    ladder : rungs, blends included.
    seeds : splits of a data set at most.
    keep : folder of the predictions.
    tell : hears what is being done.
    """

    books: tuple[tuple[DataSet, Path], ...]
    ladder: tuple[Rung, ...]
    seeds: int
    keep: Path
    tell: Callable[[str], None]

    @cached_property
    def trials(self) -> dict[str, tuple[Trial, ...]]:
        """By name of the data set, one a seed; those that are not kept yet are run, two at a time."""
        self.keep.mkdir(parents=True, exist_ok=True)
        wanted = [(data, book, seed) for seed in range(self.seeds) for data, book in self.books if seed < data.splits]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            done = list(pool.map(lambda one: self._trial(*one), wanted))
        return {data.name: tuple(trial for trial in done if trial.data == data) for data, _ in self.books}

    @property
    def splits(self) -> str:
        """How often which data set is split, in words."""
        fewer = [
            f"{min(self.seeds, data.splits)} of {data.title}" for data, _ in self.books if data.splits < self.seeds
        ]
        return f"{self.seeds} splits of each data set" + (f" ({', '.join(fewer)})" if fewer else "")

    def _trial(self, data: DataSet, book: Path, seed: int) -> Trial:
        kept = {part: self.keep / f"{data.name}-{seed}-{part}-{known}.npz" for part, known in self._parts(book).items()}
        if lacking := [part for part, path in kept.items() if not path.exists()]:
            self.tell(f"{data.title}, split {seed}: {', '.join(lacking)}")
            with tempfile.TemporaryDirectory(dir=self.keep, prefix=f"{data.name}-{seed}-") as folder:
                words = python("-m", "benchmarks.scripts.fit_trial", str(book), str(seed), folder, *lacking)
                cost_of_process(words, Path(folder), {"OMP_NUM_THREADS": "1"})
                for part in lacking:
                    (Path(folder) / f"{part}.npz").replace(kept[part])
        arrays: dict[str, Floats] = {}
        for path in kept.values():
            with np.load(path, allow_pickle=False) as found:
                arrays |= {name: found[name] for name in found.files}
        return Trial(data, seed, arrays, self.ladder)

    def _parts(self, book: Path) -> dict[str, str]:
        """What a trial is kept in, the rows and each rung, with the digest of the code that each depends on."""
        text = book.read_bytes()
        classes = {rung.name: type(rung.make(0, 1)).__module__ for rung in self.ladder if not rung.members}
        return {
            ROWS: digest(_FITTING, text, Path(fit_trial.__file__).read_bytes()),
            **{name: digest([*_FITTING, module], text) for name, module in classes.items()},
        }

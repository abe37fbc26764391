"""Fit one AutoML library on a table and score another; run by the library's own Python, so nothing of ours is imported.

    python -m benchmarks.scripts.automl PEER FOLDER SECONDS SEED

FOLDER has `train.parquet` and `test.parquet`: numbers, texts that are categories, and the target `bad`. The
probabilities of the test rows go to `PEER.npy` beside them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TARGET = "bad"
THREADS = 2


@dataclass(frozen=True)
class Job:
    """What a library is given: rows to teach with, their outcomes, rows to score, where it may write, how long."""

    train: pd.DataFrame
    bad: pd.Series
    test: pd.DataFrame
    folder: Path
    seconds: int
    seed: int


def autogluon(job: Job) -> Any:
    """AutoGluon's "best quality": bagging and stacking of all its models that need no torch."""
    table = job.train.assign(**{TARGET: job.bad.to_numpy()})
    predictor = import_module("autogluon.tabular").TabularPredictor(
        label=TARGET, problem_type="binary", eval_metric="roc_auc", path=str(job.folder / "autogluon"), verbosity=1
    )
    predictor.fit(table, presets="best_quality", time_limit=job.seconds, num_cpus=THREADS)
    return predictor.predict_proba(job.test)[1]


def flaml(job: Job) -> Any:
    """FLAML with its own choice of learners."""
    automl = import_module("flaml").AutoML()
    settings = {"task": "classification", "metric": "roc_auc", "time_budget": job.seconds, "n_jobs": THREADS}
    automl.fit(X_train=job.train, y_train=job.bad, seed=job.seed, verbose=0, **settings)
    return automl.predict_proba(job.test)[:, 1]


def mljar(job: Job) -> Any:
    """mljar-supervised in the mode that its documentation calls best: tuned, stacked, blended."""
    automl = import_module("supervised.automl").AutoML(
        mode="Compete",
        ml_task="binary_classification",
        eval_metric="auc",
        total_time_limit=job.seconds,
        n_jobs=THREADS,
        random_state=job.seed,
        results_path=str(job.folder / "mljar"),
        explain_level=0,
        verbose=0,
    )
    automl.fit(job.train, job.bad)
    return automl.predict_proba(job.test)[:, 1]


LIBRARIES: dict[str, Callable[[Job], Any]] = {"autogluon": autogluon, "flaml": flaml, "mljar": mljar}


def main(peer: str, folder: str, seconds: str, seed: str) -> None:
    """Fit and score."""
    place = Path(folder)
    train, test = (pd.read_parquet(place / f"{name}.parquet") for name in ("train", "test"))
    bad = train.pop(TARGET).astype(int)
    shared_categories(train, test)
    found = LIBRARIES[peer](Job(train, bad, test, place, int(seconds), int(seed)))
    np.save(place / f"{peer}.npy", np.asarray(found, dtype=np.float64))


def shared_categories(train: pd.DataFrame, test: pd.DataFrame) -> None:
    """Make every column that is no number a category, with the same levels in the same order on both sides."""
    for name in train.columns:
        if not pd.api.types.is_numeric_dtype(train[name]):
            levels = sorted({*train[name].dropna().unique(), *test[name].dropna().unique()})
            for frame in (train, test):
                frame[name] = pd.Categorical(frame[name], categories=np.array(levels, dtype=object))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The trials of a search on the disk: whole after each of them, so that a killed search goes on where it stood."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loanbook.evaluation.tuning.trial import Trial
from loanbook.files import write_whole


@dataclass(frozen=True)
class Journal:
    """A file that holds the finished trials of one search, and no others.

    path : its file; None keeps nothing.

    >>> import tempfile
    >>> journal = Journal(Path(tempfile.mkdtemp()) / "search.json")
    >>> journal.write([Trial(0, {"depth": 3}, (0.70, 0.72))])
    >>> journal.read()
    [Trial(number=0, config={'depth': 3}, scores=(0.7, 0.72))]
    """

    path: Path | None

    def read(self) -> list[Trial]:
        """Return the trials in their order; none from a file that is not there or is not what was written.

        What is lost by starting again is time alone: the same search makes the same trials.
        """
        if self.path is None or not self.path.exists():
            return []
        try:
            saved = json.loads(self.path.read_text(encoding="utf-8"))["trials"]
            trials = [Trial.from_json(one) for one in saved]
        except (ValueError, KeyError, TypeError):
            return []
        return trials if [trial.number for trial in trials] == list(range(len(trials))) else []

    def write(self, trials: Sequence[Trial]) -> None:
        """Replace the file by these trials, whole or not at all."""
        if self.path is not None:
            content = {"trials": [trial.to_json() for trial in trials]}
            write_whole(self.path, json.dumps(content, indent=1).encode())


def digest(words: Iterable[object], arrays: Iterable[NDArray[np.float64]]) -> str:
    """Name a search by everything that its trials depend on, as 32 hexadecimal digits.

    Parameters
    ----------
    words : rung, space, seed, versions of libraries; anything whose `repr` tells it.
    arrays : the rows and outcomes of the folds.

    >>> digest(["xgboost", 0], [np.zeros(3)]) == digest(["xgboost", 1], [np.zeros(3)])
    False
    """
    found = hashlib.sha256()
    for word in words:
        found.update(repr(word).encode() + b"\0")
    for array in arrays:
        found.update(repr(array.shape).encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()[:32]

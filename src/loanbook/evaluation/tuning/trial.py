"""One trial of a search: a configuration and what it scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

Config = Mapping[str, float | None]
"""Parameters of a rung by name; whole numbers are integers, None lets the rung choose."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A configuration and its score on each fold.

    >>> Trial(0, {"depth": 3}, (0.70, 0.72)).mean
    0.71
    """

    number: int
    config: Config
    scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean score over the folds; more is better."""
        return float(np.mean(self.scores))

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "scores": list(self.scores)}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Trial:
        """Rebuild what `to_json` wrote."""
        return cls(int(saved["number"]), dict(saved["config"]), tuple(float(score) for score in saved["scores"]))

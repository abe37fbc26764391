"""One application at a time, as fast as it goes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from loanbook.models.trained import TrainedModel


class Figures(msgspec.Struct, frozen=True, gc=False):
    """What a model says of one application.

    Parameters
    ----------
    margin : what the scorer says.
    level : what the output makes of it, where contributions add up: calibrated log-odds of bad, or money.
    value, lower, upper : the answer and its interval: a probability of default, or money.
    """

    margin: float
    level: float
    value: float
    lower: float
    upper: float


class Compiled:
    """A trained model, ready for one row at a time; its figures are those of `TrainedModel` to the last bit.

    One object serves one thread at a time: it writes each row into memory of its own.

    Parameters
    ----------
    model : the trained model.
    """

    def __init__(self, model: TrainedModel) -> None:
        self.model = model

    def figures(self, codes: Sequence[float]) -> Figures:
        """Score one application.

        Parameters
        ----------
        codes : (fields,) what the contract read; NaN where missing.
        """
        scored = self.model.score_codes(np.array([codes], np.float64))
        names = ("margin", "level", "value", "lower", "upper")
        return Figures(*(float(getattr(scored, name)[0]) for name in names))

    def moved(self, codes: Sequence[float], figures: Figures) -> list[float]:
        """What each group of columns added to the model's `base_level`: they add up to `figures.level`.

        Parameters
        ----------
        codes : (fields,) of the row that `figures` were made of.
        figures : what `figures` said of it.
        """
        x = self.model.plan.transform(np.array([codes], np.float64))
        moved: list[float] = self.model.contributions(x, np.array([figures.margin]))[0].tolist()
        return moved

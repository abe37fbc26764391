"""A small neural network: inputs, 64 and 32 hidden units, log-odds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from loanbook.models import scoring
from loanbook.models.risk.base import Floats, RiskClassifier, base_log_odds, check_names, constant
from loanbook.models.risk.inputs import inputs_of
from loanbook.models.risk.space import Range
from loanbook.models.risk.teaching import Teaching
from loanbook.models.scoring.base import additivity_error

_LOOKED_AT = 500  # rows on which is measured what moves the log-odds
_SHOWN = 10


class Network(RiskClassifier):
    """Networks with two hidden layers of ReLU units, averaged in log-odds; Keras trains them on JAX or TensorFlow.

    Inputs are the columns as values and as ranks (see `inputs_of`). Adam (Kingma and Ba, 2015) and dropout (Srivastava
    et al., 2014) teach the networks. They differ in where they start and in the fifth of the rows that each holds out;
    each keeps the weights with which it predicted those best, so that every row teaches most of them and none is taught
    too long. Their average is better than any of them and varies less from seed to seed.

    Parameters
    ----------
    networks : how many.
    dropout : share of the hidden units silenced in each step.
    learning_rate : Adam's.
    most_epochs, patience : passes through the rows at most, and passes without any network getting better.
    epochs_if_few : passes where a class has too few rows to hold any out.
    batch, many_rows, large_batch : rows of a step, below so many rows and from there on.
    seed : of all that is drawn.
    jobs : not used; Keras' backend decides on its threads.

    Attributes
    ----------
    epochs_ : (networks,) passes after which each network was best.
    spread_ : (m,) mean size of what each column adds to the log-odds.
    additivity_error_ : by how much contributions miss the margin at most.

    >>> x = np.array([[20.0], [25.0], [30.0], [35.0], [40.0], [45.0], [50.0], [55.0]] * 10)
    >>> rung = Network(networks=2, most_epochs=3).fit(x, x[:, 0] < 38)
    >>> bool(rung.scorer_.margin(x[:1])[0] > rung.scorer_.margin(x[-1:])[0]), len(rung.epochs_)
    (True, 2)
    """

    title: ClassVar[str] = "Neural network (64, 32)"
    interpretability: ClassVar[int] = 10
    space: ClassVar[Mapping[str, Range]] = {
        "dropout": Range(0.0, 0.5),
        "learning_rate": Range(0.0005, 0.01, log=True),
    }

    scorer_: scoring.Network | scoring.Additive
    epochs_: NDArray[np.intp]
    spread_: Floats
    additivity_error_: float

    def __init__(
        self,
        *,
        networks: int = 4,
        dropout: float = 0.1,
        learning_rate: float = 0.003,
        most_epochs: int = 50,
        patience: int = 5,
        epochs_if_few: int = 5,
        batch: int = 64,
        many_rows: int = 4000,
        large_batch: int = 256,
        seed: int = 0,
        jobs: int = 1,
    ) -> None:
        self.networks = networks
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.most_epochs = most_epochs
        self.patience = patience
        self.epochs_if_few = epochs_if_few
        self.batch = batch
        self.many_rows = many_rows
        self.large_batch = large_batch
        self.seed = seed
        self.jobs = jobs

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> scoring.Network | scoring.Additive:
        scorer = self._taught(x, y, weight)
        some = x[:: max(1, len(x) // _LOOKED_AT)]
        self.spread_ = np.abs(scorer.contributions(some)).mean(axis=0)
        self.additivity_error_ = additivity_error(scorer, some)
        return scorer

    def _taught(self, x: Floats, y: Floats, weight: Floats) -> scoring.Network | scoring.Additive:
        curves = inputs_of(x)
        if not len(curves.columns):
            self.epochs_ = np.zeros(self.networks, np.intp)
            return constant(base_log_odds(y, weight), x.shape[1])
        inputs = curves(x)
        # Matrices this small are slower on several threads, and their last bits differ.
        with threadpool_limits(1, user_api="blas"):
            weights, self.epochs_ = self._teaching(len(y))(inputs, y, weight / weight.mean())
        first, first_bias, second, second_bias, last, last_bias = weights
        return scoring.Network(
            columns=curves.columns,
            knots=curves.knots,
            values=curves.values,
            missing=curves.missing,
            reference=np.average(inputs, axis=0, weights=weight),
            first=np.ascontiguousarray(first[: inputs.shape[1]]),
            first_bias=first_bias,
            second=second,
            second_bias=second_bias,
            last=last[:, :, 0],
            last_bias=last_bias[:, 0],
            width=x.shape[1],
        )

    def _teaching(self, rows: int) -> Teaching:
        return Teaching(
            networks=self.networks,
            dropout=self.dropout,
            rate=self.learning_rate,
            most_epochs=self.most_epochs,
            patience=self.patience,
            epochs_if_few=self.epochs_if_few,
            batch=self.batch if rows < self.many_rows else self.large_batch,
            seed=self.seed,
        )

    def describe(self, names: Sequence[str]) -> str:
        """Return the size, the columns that move the log-odds most, and how exact the reasons are."""
        called = check_names(names, self.n_features_in_)
        order = [at for at in np.argsort(-self.spread_, kind="stable")[:_SHOWN] if self.spread_[at] > 0]
        moved = ", ".join(f"{called[at]} {self.spread_[at]:.2f}" for at in order) or "nothing"
        return (
            f"{self.networks} networks, stopped after {self.epochs_.min()} to {self.epochs_.max()} epochs. "
            f"What moves the log-odds most, on average: {moved}. "
            f"Reasons by DeepLIFT's rescale rule; they miss the log-odds by {self.additivity_error_:.0e} at most."
        )

"""How networks are taught: epoch after epoch, each network until the rows that it holds out are predicted best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loanbook.models.risk import neural
from loanbook.models.risk.base import Floats, base_log_odds
from loanbook.models.risk.folds import inner_folds, loss_of

Weights = list[Floats]
"""Kernel and bias of the three layers, as `neural.Nets` orders them."""

_NETWORK_AXIS = (1, 0, 0, 0, 0, 0)
_ALIKE = 32  # inputs are filled up to a multiple of it, so that fits of nearly equal tables share a compiled model
_PARTS = 5
_FEWEST = 10  # rows of each outcome, below which none is held out


@dataclass(frozen=True)
class Teaching:
    """What does not change during a training.

    networks : how many. dropout, rate : of the hidden units, and Adam's learning rate.
    most_epochs, patience : at most so many, and so many without any network getting better.
    epochs_if_few : where too few rows are there to hold any out.
    batch : rows of a step. seed : of the start, the order of rows, the parts held out and dropout.
    """

    networks: int
    dropout: float
    rate: float
    most_epochs: int
    patience: int
    epochs_if_few: int
    batch: int
    seed: int

    def __call__(self, inputs: Floats, y: Floats, weight: Floats) -> tuple[Weights, NDArray[np.intp]]:
        """Return the weights of all networks, and after which epoch each was best.

        inputs : (n, k). y : (n,) 0 or 1. weight : (n,), of mean 1.
        """
        draw = np.random.default_rng(self.seed)
        held = self._held_out(y)
        feed = _Feed.fill(inputs, y, np.where(held, 0.0, weight[:, None]), self.batch)
        start = _start(draw, feed.rows.shape[1], self.networks, base_log_odds(y, weight))
        kept: Weights = [part.astype(np.float64) for part in start]
        best, epochs = np.full(self.networks, np.inf), np.zeros(self.networks, np.intp)
        with neural.LOCK:
            nets = neural.nets(feed.rows.shape[1], self.networks, self.dropout)
            nets.restart(start, self.rate, self.seed)
            for epoch in range(1, (self.most_epochs if held.any() else self.epochs_if_few) + 1):
                now = nets.epoch(*feed.shuffled(draw), self.batch)
                losses = self._losses(now, inputs, y, weight, held) if held.any() else np.full(self.networks, -epoch)
                better = losses < best
                best[better], epochs[better] = losses[better], epoch
                _keep(kept, now, better)
                if epoch - epochs.max() >= self.patience:
                    break
        return kept, epochs

    def _held_out(self, y: Floats) -> NDArray[np.bool_]:
        """Which rows each network does not learn from, (n, networks)."""
        held = np.zeros((len(y), self.networks), np.bool_)
        if min(y.sum(), len(y) - y.sum()) >= _FEWEST:
            parts = [part for _, part in inner_folds(y, _PARTS, self.seed)]
            for network in range(self.networks):
                held[parts[network % _PARTS], network] = True
        return held

    def _losses(self, now: list[neural.Small], x: Floats, y: Floats, weight: Floats, held: NDArray[np.bool_]) -> Floats:
        out = np.empty(self.networks)
        for network, rows in enumerate(held.T):
            out[network] = loss_of(_margin(now, network, x[rows]), y[rows], weight[rows])
        return out


@dataclass(frozen=True)
class _Feed:
    """Rows as Keras takes them: inputs filled up to a common width, rows of weight 0 to the end of the last batch."""

    rows: neural.Small
    targets: neural.Small
    weights: neural.Small

    @classmethod
    def fill(cls, inputs: Floats, y: Floats, weights: Floats, batch: int) -> _Feed:
        (count, width), networks = inputs.shape, weights.shape[1]
        full = -(-count // batch) * batch
        rows = np.zeros((full, -(-width // _ALIKE) * _ALIKE), np.float32)
        rows[:count, :width] = inputs
        targets = np.zeros((full, networks, 1), np.float32)
        targets[:count] = y[:, None, None]
        weighed = np.zeros((full, networks), np.float32)
        weighed[:count] = weights
        return cls(rows, targets, weighed)

    def shuffled(self, draw: np.random.Generator) -> tuple[neural.Small, neural.Small, neural.Small]:
        order = draw.permutation(len(self.rows))
        return self.rows[order], self.targets[order], self.weights[order]


def _start(draw: np.random.Generator, inputs: int, networks: int, base: float) -> list[neural.Small]:
    """Draw He's (2015) normal start; the last layer begins small, at the base rate."""
    first, second = neural.UNITS
    parts = [
        draw.normal(0.0, np.sqrt(2.0 / inputs), (inputs, networks, first)),
        np.zeros((networks, first)),
        draw.normal(0.0, np.sqrt(2.0 / first), (networks, first, second)),
        np.zeros((networks, second)),
        draw.normal(0.0, np.sqrt(0.1 / second), (networks, second, 1)),
        np.full((networks, 1), base),
    ]
    return [part.astype(np.float32) for part in parts]


def _keep(kept: Weights, now: list[neural.Small], better: NDArray[np.bool_]) -> None:
    for old, new, axis in zip(kept, now, _NETWORK_AXIS, strict=True):
        old.swapaxes(0, axis)[better] = new.swapaxes(0, axis)[better]


def _margin(weights: list[neural.Small], network: int, x: Floats) -> Floats:
    first, first_bias, second, second_bias, last, last_bias = weights
    hidden = np.maximum(x @ first[: x.shape[1], network] + first_bias[network], 0.0)
    hidden = np.maximum(hidden @ second[network] + second_bias[network], 0.0)
    out: Floats = (hidden @ last[network] + last_bias[network])[:, 0]
    return out

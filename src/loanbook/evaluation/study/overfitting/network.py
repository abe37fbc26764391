"""A network that is trained for a fixed time, with and without dropout."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from loanbook.evaluation.study.overfitting.base import Fitted, Floats, Model, Scaled

Small = NDArray[np.float32]

_EPOCHS, _BATCH, _RATE = 40, 64, 0.002


def network(x: Floats, y: Floats, seed: int, *, dropout: float) -> Fitted:
    """64 and 32 hidden units, trained by Adam until the time is up; `dropout` of them are silenced in each step."""
    from loanbook.models.risk import neural

    scaled = Scaled.on(x)
    rows, width = x.shape
    full, padded = _round_up(rows, _BATCH), _round_up(width, 32)  # equal shapes are compiled once
    inputs, targets, weights = (np.zeros(shape, np.float32) for shape in ((full, padded), (full, 1, 1), (full, 1)))
    inputs[:rows, :width] = scaled(x)
    targets[:rows, 0, 0] = y
    weights[:rows] = 1.0
    chance = np.random.default_rng(seed)
    learned = _start(chance, padded, *neural.UNITS)
    with neural.LOCK:
        nets = neural.nets(padded, 1, dropout)
        nets.restart(learned, _RATE, seed)
        for _ in range(_EPOCHS):
            order = chance.permutation(full)
            learned = nets.epoch(inputs[order], targets[order], weights[order], _BATCH)
    parts = [np.asarray(part, np.float64) for part in learned]
    return Fitted.on(x, y, lambda new: _forward(parts, scaled(new)))


def _round_up(count: int, step: int) -> int:
    return -(-count // step) * step


def _start(chance: np.random.Generator, inputs: int, first: int, second: int) -> list[Small]:
    """Weights to begin with (He et al., 2015), biases 0."""

    def drawn(count: int, *shape: int) -> Small:
        return chance.normal(0.0, np.sqrt(2.0 / count), shape).astype(np.float32)

    def none(units: int) -> Small:
        return np.zeros((1, units), np.float32)

    return [
        drawn(inputs, inputs, 1, first),
        none(first),
        drawn(first, 1, first, second),
        none(second),
        drawn(second, 1, second, 1),
        none(1),
    ]


def _forward(parts: list[Floats], inputs: Floats) -> Floats:
    first, first_bias, second, second_bias, last, last_bias = parts
    hidden = np.maximum(inputs @ first[: inputs.shape[1], 0] + first_bias[0], 0.0)
    hidden = np.maximum(hidden @ second[0] + second_bias[0], 0.0)
    return np.asarray(hidden @ last[0, :, 0] + last_bias[0, 0])


without_dropout: Model = partial(network, dropout=0.0)
with_dropout: Model = partial(network, dropout=0.5)

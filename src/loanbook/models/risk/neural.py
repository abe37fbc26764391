"""Networks side by side in one Keras model, compiled once for all fits of the same shape."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNITS = (64, 32)
"""Of the hidden layers."""

LOCK = Lock()
"""To be held while a model is used: all fits share the compiled ones."""

Small = NDArray[np.float32]


class Nets:
    """Several networks of one shape, trained at once; each is as it would be alone, because none sees another.

    One graph for all of them multiplies larger matrices. Keras compiles anew for each model it makes, which takes
    longer than the training, so a model is kept and started again with other weights.

    Parameters
    ----------
    inputs, networks : how many.
    dropout : share of the hidden units silenced in each step.
    """

    def __init__(self, inputs: int, networks: int, dropout: float) -> None:
        keras = load_keras()
        self._numpy = keras.ops.convert_to_numpy

        def dense(equation: str, units: int, biases: str, activation: str | None = "relu") -> Any:
            shape = (networks, units)
            return keras.layers.EinsumDense(equation, shape, activation, bias_axes=biases, dtype="float32")

        def silenced(seed: int) -> Any:
            return keras.layers.Dropout(dropout, dtype="float32", seed=seed)

        rows = keras.Input((inputs,), dtype="float32")
        first = silenced(1)(dense("ni,isa->nsa", UNITS[0], "sa")(rows))
        second = silenced(2)(dense("nsa,sab->nsb", UNITS[1], "sb")(first))
        self._model = keras.Model(rows, dense("nsb,sbo->nso", 1, "so", None)(second))
        self._model.compile(keras.optimizers.Adam(), keras.losses.BinaryCrossentropy(from_logits=True))
        self._optimizer = self._model.optimizer
        self._optimizer.build(self._model.trainable_variables)
        self._states = [*self._model.non_trainable_variables, *self._optimizer.variables]
        self._fresh = [self._numpy(state.value).copy() for state in self._states]

    def restart(self, weights: list[Small], rate: float, seed: int) -> None:
        """Forget what was learned and begin anew.

        weights : to begin at, as `epoch` returns them. rate : Adam's learning rate. seed : of what dropout silences.
        """
        for state, fresh in zip(self._states, self._fresh, strict=True):
            state.assign(fresh)
        for place, state in enumerate(self._model.non_trainable_variables):  # what each dropout draws from
            state.assign(np.array([seed % 2**31, place], self._fresh[place].dtype))
        self._optimizer.learning_rate.assign(rate)
        self._model.set_weights(weights)

    def epoch(self, rows: Small, targets: Small, weights: Small, batch: int) -> list[Small]:
        """Go once through the rows in this order, and return the weights and biases, layer by layer.

        rows : (n, inputs), n a multiple of batch. targets : (n, networks, 1). weights : (n, networks).
        """
        self._model.fit(rows, targets, sample_weight=weights, batch_size=batch, shuffle=False, verbose=0)
        return [np.asarray(self._numpy(part.value)) for part in self._model.weights]


@lru_cache(maxsize=8)
def nets(inputs: int, networks: int, dropout: float) -> Nets:
    """The model of this shape, made at its first use."""
    return Nets(inputs, networks, dropout)


@cache
def load_keras() -> Any:
    """Import Keras on the backend that KERAS_BACKEND names, else on JAX; it leaves no file in the home folder."""
    with _set("KERAS_BACKEND", "jax"), _no_settings_written():
        import keras
    return keras


@contextmanager
def _no_settings_written() -> Iterator[None]:
    """Keras writes a file of settings where it finds none: let it do so in a folder that goes away."""
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    if (home / "keras.json").exists():
        yield
        return
    with tempfile.TemporaryDirectory() as folder, _set("KERAS_HOME", folder, always=True):
        yield


@contextmanager
def _set(name: str, value: str, *, always: bool = False) -> Iterator[None]:
    """Set a variable of the environment for a while; what the user set stays as it is unless `always`."""
    before = os.environ.get(name)
    if before is None or always:
        os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before

"""What a neural network sees of raw columns: numbers around zero, none of them huge."""

from __future__ import annotations

import numpy as np

from loanbook.models.risk.base import Floats
from loanbook.models.risk.bends import Bends
from loanbook.models.scoring.curves import Curves

_LARGEST = 4.0  # a rare level, standardised, would be 30 and drown the rest
_LEAST_DEVIATION = 0.2


_Curve = tuple[int, Floats, Floats, float]  # column, knots, values, what is missing


def inputs_of(x: Floats) -> Curves:
    """Each column in its shapes (see `Bends`), held within ±4, and a flag where some values are missing.

    A column that never varies has no input at all, so it cannot contribute.

    >>> inputs = inputs_of(np.array([[0.0, 7.0, 1.0], [4.0, 7.0, np.nan], [0.0, 7.0, 1.0], [4.0, 7.0, np.nan]]))
    >>> inputs.columns.tolist()
    [0, 2]
    >>> inputs(np.array([[4.0, 7.0, 1.0], [np.nan, 7.0, np.nan]])).tolist()
    [[1.0, -1.0], [0.0, 1.0]]
    """
    bends = [Bends.learn(column) for column in x.T]
    longest = max([2, *(len(bend.knots) for bend in bends)])
    curves: list[_Curve] = []
    for at, (bend, empty) in enumerate(zip(bends, np.isnan(x).mean(axis=0).tolist(), strict=True)):
        knots = _filled(bend.knots, longest)
        curves += [(at, knots, _filled(_held(shape), longest), 0.0) for shape in bend.shapes]
        if 0 < empty < 1:
            curves.append((at, np.zeros(longest), *_flag(empty, longest)))
    return Curves(
        columns=np.array([curve[0] for curve in curves], np.int64),
        knots=np.array([curve[1] for curve in curves]).reshape(-1, longest),
        values=np.array([curve[2] for curve in curves]).reshape(-1, longest),
        missing=np.array([curve[3] for curve in curves], np.float64),
    )


def _held(shape: Floats) -> Floats:
    return np.asarray(shape * min(1.0, _LARGEST / float(np.abs(shape).max())))


def _flag(empty: float, length: int) -> tuple[Floats, float]:
    """Standardised 0 and 1 for a share of missing values: the curve of what is known, and the value of what is not."""
    deviation = max(_LEAST_DEVIATION, float(np.sqrt(empty * (1 - empty))))
    return np.full(length, -empty / deviation), (1 - empty) / deviation


def _filled(row: Floats, length: int) -> Floats:
    return np.append(row, np.repeat(row[-1], length - len(row)))

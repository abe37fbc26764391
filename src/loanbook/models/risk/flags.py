"""Columns that only say where another one is missing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loanbook.models.risk.base import Floats


def mere_flags(x: Floats) -> NDArray[np.bool_]:
    """Which columns are 1 exactly where another is missing and 0 elsewhere, (m,).

    A linear model needs them. Trees that know of missing values ask the column itself.

    >>> mere_flags(np.array([[5.0, 0.0, 1.0], [np.nan, 1.0, 0.0], [7.0, 0.0, 1.0]])).tolist()
    [False, True, False]
    """
    empty = np.isnan(x)
    patterns = {column.tobytes() for column in empty.T if column.any() and not column.all()}
    return np.array([_is_binary(column) and (column == 1.0).tobytes() in patterns for column in x.T], np.bool_)


def _is_binary(column: Floats) -> bool:
    return bool(np.isin(column, (0.0, 1.0)).all())

"""Every column in its shapes side by side, as a linear model wants them, and back into one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from loanbook.models.risk.base import Floats
from loanbook.models.risk.bends import Bends
from loanbook.models.scoring import Additive


@dataclass(frozen=True)
class Curve:
    """What one column adds to the log-odds.

    Parameters
    ----------
    knots, values : (q,) ascending; straight between, flat outside.
    missing : what a missing value adds.
    """

    knots: Floats
    values: Floats
    missing: float


@dataclass(frozen=True)
class Design:
    """What a linear model sees of model rows: each column's shapes, then flags of missing values.

    Parameters
    ----------
    bends : (m,) how each column enters.
    flagged : columns with missing values that no other column marks; each gets a flag.
    source : (d,) the column of x that each column of the design comes from.
    """

    bends: tuple[Bends, ...]
    flagged: NDArray[np.intp]
    source: NDArray[np.intp]

    @classmethod
    def learn(cls, x: Floats) -> Design:
        """Fit the shapes to model rows, (n, m).

        >>> made = Design.learn(np.array([[0.0, 7.0], [4.0, np.nan], [4.0, 7.0], [0.0, 7.0]]))
        >>> made.source, made(np.array([[4.0, np.nan]])).tolist()
        (array([0, 1]), [[1.0, 1.0]])
        """
        bends = tuple(Bends.learn(column) for column in x.T)
        flagged = _unmarked(x)
        shapes = np.repeat(np.arange(len(bends)), [len(bend.shapes) for bend in bends])
        return cls(bends, flagged, np.append(shapes, flagged))

    def __call__(self, x: Floats) -> Floats:
        """The design of model rows, (n, d); no NaN."""
        blocks = [bend(column) for bend, column in zip(self.bends, x.T, strict=True)]
        return np.hstack([*blocks, np.isnan(x[:, self.flagged]).astype(np.float64)])

    def curves(self, weights: Floats) -> list[Curve]:
        """For weights (d,), what each column of x adds."""
        ends = np.cumsum([0, *(len(bend.shapes) for bend in self.bends)])
        missing = np.zeros(len(self.bends))
        missing[self.flagged] = weights[ends[-1] :]
        return [
            Curve(bend.knots, weights[start:end] @ bend.shapes, float(alone))
            for bend, (start, end), alone in zip(self.bends, pairwise(ends), missing, strict=True)
        ]


def additive(
    curves: Sequence[Curve], intercept: float, x: Floats, weight: Floats, *, columns: Sequence[int] | None = None
) -> tuple[Additive, Floats]:
    """Curves as a table, and (m,) how much each column moves the training rows, as a standard deviation.

    Parameters
    ----------
    curves : one or more; those with fewer knots repeat their last one.
    intercept : log-odds where every curve is zero.
    x, weight : (n, m) and (n,) training rows; contributions are measured from their mean.
    columns : the column of x that each curve reads; by default all in their order.
    """
    width = x.shape[1]
    read = np.arange(width) if columns is None else np.array(columns)
    longest = max([2, *(len(curve.knots) for curve in curves)])
    table = Additive(
        intercept=intercept,
        columns=read.astype(np.int64),
        knots=np.stack([_filled(curve.knots, longest) for curve in curves]),
        values=np.stack([_filled(curve.values, longest) for curve in curves]),
        missing=np.array([curve.missing for curve in curves]),
        means=np.zeros(len(curves)),
        width=width,
    )
    moved = table.contributions(x)
    return replace(table, means=np.average(moved[:, read], axis=0, weights=weight)), moved.std(axis=0)


def curves_text(table: Additive, spread: Floats, called: Sequence[str]) -> str:
    """What each column adds to the log-odds along its values, the one that moves most first.

    Parameters
    ----------
    table : with one function for each column of x, in their order.
    spread : (m,) how much each column moves the training rows; those that do not are left out.
    called : (m,) names of the columns.
    """
    lines = [f"Log-odds {table.base:+.3f}, and for each column at its lowest, middle and highest knot:"]
    order = [at for at in np.argsort(-spread, kind="stable") if spread[at] > 0]
    return "\n".join([*lines, *(f"    {called[at]}: {_along(table, at)}" for at in order)])


def _along(table: Additive, at: int) -> str:
    knots, values = table.knots[at], table.values[at] - table.means[at]
    last = int(np.argmax(knots))
    shown = sorted({0, last // 2, last})
    texts = [f"{values[knot]:+.2f} at {knots[knot]:.6g}" for knot in shown]
    if table.missing[at] != 0.0:
        texts.append(f"{table.missing[at] - table.means[at]:+.2f} missing")
    return ", ".join(texts)


def _filled(row: Floats, length: int) -> Floats:
    return np.append(row, np.repeat(row[-1], length - len(row)))


def _unmarked(x: Floats) -> NDArray[np.intp]:
    """Columns with missing values that no 0/1 column of x marks, and that are not missing everywhere."""
    empty = np.isnan(x).astype(np.float64)
    told = {column.tobytes() for column in x.T if np.isin(column, (0.0, 1.0)).all()}
    share = empty.mean(axis=0)
    some = np.flatnonzero((share > 0) & (share < 1))
    return np.array([at for at in some if empty[:, at].tobytes() not in told], dtype=np.intp)

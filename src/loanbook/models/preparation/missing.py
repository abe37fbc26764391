"""Missing numbers: filled in by the median, with a flag or without."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loanbook.models.preparation.base import DoesNotApply, Family, Floats, Prepared, Rows


@dataclass(frozen=True)
class Median:
    """The median of the training rows in place of a missing number.

    Without treatment a missing number stays missing, which every rung knows how to take, and has a flag.

    Parameters
    ----------
    flags : whether the flags of missing numbers stay.

    >>> rows = Rows(np.array([[1.0], [np.nan], [3.0]]), np.array([0.0, 1.0, 0.0]), np.ones(3), ("number",), ("age",),
    ...             np.zeros((3, 1)))
    >>> Median().fit(rows, seed=0).x.ravel().tolist()
    [1.0, 2.0, 3.0]
    """

    flags: bool = False
    family: Family = "missing"

    @property
    def name(self) -> str:
        return "median_flags" if self.flags else "median"

    @property
    def title(self) -> str:
        return "Median, flags kept" if self.flags else "Median, no flags"

    def fit(self, rows: Rows, seed: int) -> Prepared:  # noqa: ARG002
        """Learn the medians."""
        require_missing(rows)
        kept = np.arange(rows.x.shape[1]) if self.flags else np.flatnonzero(np.array(rows.kinds) != "flag")
        middle = medians(rows.x)[kept]

        def apply(x: Floats) -> Floats:
            part = x[:, kept]
            return np.where(np.isnan(part), middle, part)

        return rows.prepared(x=apply(rows.x), apply=apply)


def require_missing(rows: Rows) -> None:
    """Raise DoesNotApply when nothing is missing."""
    if not np.isnan(rows.x).any():
        raise DoesNotApply("nothing is missing")


def medians(x: Floats) -> Floats:
    """Median of the known values of each column, (m,); 0 where none is known.

    >>> medians(np.array([[1.0, np.nan], [3.0, np.nan]])).tolist()
    [2.0, 0.0]
    """
    known = ~np.isnan(x).all(axis=0)
    out = np.zeros(x.shape[1])
    out[known] = np.nanmedian(x[:, known], axis=0)
    return out

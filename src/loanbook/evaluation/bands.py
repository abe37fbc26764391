"""A column cut into a few bands that a person can compare: single values, ranges of about equal size, common levels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.data.fields import Field, as_text, is_missing
from loanbook.evaluation.intervals import Floats

MISSING, OTHERS = "missing", "any other"
MOST = 10
"""Bands of a column, missing and any other not counted."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Where each row lies.

    place : (n,) number of its band. names : of the bands. ends : lowest and highest value of each; nan without order.
    gone : the band of the missing, -1 where none is. distinct : different values there are.
    """

    place: NDArray[np.intp]
    names: tuple[str, ...]
    ends: tuple[tuple[float, float], ...]
    gone: int
    distinct: int

    def counts(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> NDArray[np.intp]:
        """Of these rows, how many lie in each band."""
        return np.bincount(self.place[rows], minlength=len(self.names))


def by_value(field: Field, values: Floats) -> Cut:
    """Bands of numbers or days: single values where there are few, else ranges of about equal size.

    >>> from loanbook.data.fields import NumberField
    >>> cut = by_value(NumberField("age", "integer", False), np.array([20.0, np.nan, 30.0, 20.0]))
    >>> cut.names, cut.place.tolist(), cut.gone
    (('20', '30', 'missing'), [0, 2, 1, 0], 2)
    """
    known = values[~np.isnan(values)]
    uppers = different = np.unique(known)
    if len(different) > MOST:
        uppers = np.unique(np.quantile(known, np.arange(1, MOST + 1) / MOST, method="inverted_cdf"))
    lowers = different[np.r_[0, np.searchsorted(different, uppers[:-1], side="right")]] if len(known) else different
    ends = list(zip(lowers.tolist(), uppers.tolist(), strict=True))
    names = [_span(field, low, high) for low, high in ends]
    place, gone = np.searchsorted(uppers, values, side="left"), -1
    if len(known) < len(values):
        gone = len(names)
        place = np.where(np.isnan(values), gone, place)
        names, ends = [*names, MISSING], [*ends, (np.nan, np.nan)]
    return Cut(place.astype(np.intp), tuple(names), tuple(ends), gone, len(different))


def by_level(column: pl.Series) -> Cut:
    """Bands of a category: its commonest levels, then any other, then missing.

    >>> cut = by_level(pl.Series(["CA", "NY", None, "CA"]))
    >>> cut.names, cut.place.tolist()
    (('CA', 'NY', 'missing'), [0, 1, 2, 0])
    """
    distinct, rows = column.unique().to_list(), Counter[str]()
    texts = {value: None if is_missing(value) else as_text(value) for value in distinct}
    cells = [texts[value] for value in column.to_list()]
    rows.update(text for text in cells if text is not None)
    ranked = sorted(rows, key=lambda text: (-rows[text], text))
    kept = ranked if len(ranked) <= MOST + 1 else ranked[:MOST]  # a pool of one would only hide its name
    names = [*kept, *[OTHERS][: len(ranked) - len(kept)]]
    gone = len(names) if None in texts.values() else -1
    number = {text: place for place, text in enumerate(kept)}
    place = [gone if text is None else number.get(text, len(kept)) for text in cells]
    names += [MISSING] if gone >= 0 else []
    return Cut(np.array(place, np.intp), tuple(names), ((np.nan, np.nan),) * len(names), gone, len(ranked))


def _span(field: Field, low: float, high: float) -> str:
    first, last = _shown(field, low), _shown(field, high)
    return first if first == last else f"{first} to {last}"


def _shown(field: Field, code: float) -> str:
    value = field.show(code)
    if isinstance(value, str) or value is None:
        return str(value)
    return f"{value:,.4g}" if abs(value) < 1e4 and not float(value).is_integer() else f"{value:,.0f}"

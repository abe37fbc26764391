"""One column as it is: how full, how spread, what became of the loans along its values, and how it moved over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.data.fields import Field
from loanbook.data.quality.table import read
from loanbook.evaluation.association import stability
from loanbook.evaluation.bands import Cut, by_level, by_value
from loanbook.evaluation.curves import wilson
from loanbook.evaluation.intervals import Floats

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_BARS = 20
_ORDERED = ("integer", "decimal", "date")
_MOST = 1e15  # what is beyond is no amount
_Z = 1.645


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be learned: (n,) values, NaN where not known; `share` when they are 1 (bad) and 0 (good)."""

    values: Floats
    share: bool

    @property
    def known(self) -> NDArray[np.bool_]:
        """(n,) where it is known."""
        return ~np.isnan(self.values)


@dataclass(frozen=True, slots=True)
class Band:
    """Rows whose values are alike.

    label : the value, or the range. low, high : its ends; nan where there is no order.
    rows : how many. known : of those, with a known outcome. mean : share of bad ones, or mean amount; nan where none.
    mean_low, mean_high : 90% interval of that share or mean.
    """

    label: str
    low: float
    high: float
    rows: int
    known: int
    mean: float
    mean_low: float
    mean_high: float


@dataclass(frozen=True, slots=True)
class Year:
    """The rows of one year. middle : the median, of numbers and dates. first : share of the first band."""

    year: int
    rows: int
    missing: float
    middle: float
    first: float


@dataclass(frozen=True, slots=True)
class Portrait:
    """What there is to say about one column.

    rows : of the table. missing, unreadable : how many cells. distinct : different values. ordered : has quantiles.
    quantiles : by share. edges, counts : a histogram between the first and the last hundredth; what lies outside is
    in the outermost bars. bands : ranges in their order, or levels, the commonest first.
    strength : information value, or the share of an amount's variance between the bands; nan without a target.
    drift : population stability index of the earlier and the later half of the rows; nan without a time.
    values : (n,) as numbers, NaN where missing; empty without order.
    """

    name: str
    kind: str
    rows: int
    missing: int
    unreadable: int
    distinct: int
    ordered: bool
    quantiles: dict[float, float]
    edges: Floats
    counts: NDArray[np.int64]
    bands: tuple[Band, ...]
    strength: float
    drift: float
    years: tuple[Year, ...]
    values: Floats


def portrait(field: Field, column: pl.Series, target: Target | None = None, days: Floats | None = None) -> Portrait:
    """Describe one column.

    Parameters
    ----------
    field : reads its cells; limits are not asked.
    column : (n,) cells. target : what is to be learned. days : (n,) day of the decision, NaN where not known.

    >>> from loanbook.data.fields import NumberField
    >>> y = Target(np.array([0.0, 0.0, 1.0, 1.0]), share=True)
    >>> found = portrait(NumberField("age", "integer", False), pl.Series("age", [20, None, 30, 40]), y)
    >>> found.missing, found.distinct, found.quantiles[0.5], [(band.label, band.mean) for band in found.bands]
    (1, 3, 30.0, [('20', 0.0), ('30', 1.0), ('40', 1.0), ('missing', 0.0)])
    """
    values, unreadable = np.empty(0), 0
    if field.kind in _ORDERED:
        reading = read(field, column)
        values = np.where(np.abs(reading.values) < _MOST, reading.values, np.nan)
        unreadable = int(reading.unreadable.sum())
        cut = by_value(field, values)
    else:
        cut = by_level(column)
    edges, counts = _histogram(values)
    return Portrait(
        name=field.name,
        kind=field.kind,
        rows=len(column),
        missing=int((cut.place == cut.gone).sum()) - unreadable,
        unreadable=unreadable,
        distinct=cut.distinct,
        ordered=field.kind in _ORDERED and cut.distinct > 0,
        quantiles=_quantiles(values),
        edges=edges,
        counts=counts,
        bands=tuple(_bands(cut, target)),
        strength=_strength(cut, target),
        drift=_drift(cut, days),
        years=tuple(_years(values, cut, days)),
        values=values,
    )


def _bands(cut: Cut, target: Target | None) -> Iterator[Band]:
    for number, (name, ends) in enumerate(zip(cut.names, cut.ends, strict=True)):
        inside = cut.place == number
        seen = target.values[inside & target.known] if target is not None else np.empty(0)
        mean, low, high = mean_of(seen, share=target is not None and target.share)
        yield Band(name, *ends, int(inside.sum()), len(seen), mean, low, high)


def mean_of(seen: Floats, *, share: bool) -> tuple[float, float, float]:
    """Mean and its 90% interval; that of a share is Wilson's (1927).

    >>> [round(figure, 3) for figure in mean_of(np.array([0.0, 1.0]), share=True)]
    [0.5, 0.121, 0.879]
    """
    if not len(seen):
        return np.nan, np.nan, np.nan
    mean = float(seen.mean())
    if share:
        return mean, *wilson(int(seen.sum()), len(seen))
    half = _Z * float(seen.std()) / float(np.sqrt(len(seen)))
    return mean, mean - half, mean + half


def _quantiles(values: Floats) -> dict[float, float]:
    known = values[~np.isnan(values)]
    if not len(known):
        return {}
    return dict(zip(QUANTILES, np.quantile(known, QUANTILES, method="nearest").tolist(), strict=True))


def _histogram(values: Floats) -> tuple[Floats, NDArray[np.int64]]:
    known = values[~np.isnan(values)]
    if not len(known):
        return np.empty(0), np.empty(0, np.int64)
    low, high = (float(end) for end in np.quantile(known, (0.01, 0.99), method="nearest"))
    if low == high:
        low, high = float(known.min()), float(known.max())
    if low == high:
        return np.array([low - 0.5, low + 0.5]), np.array([len(known)])
    counts, edges = np.histogram(known.clip(low, high), _BARS, (low, high))
    return edges, counts


def _strength(cut: Cut, target: Target | None) -> float:
    if target is None or not target.known.any():
        return float("nan")
    y, place = target.values[target.known], cut.place[target.known]
    rows, sums = (np.bincount(place, weight, len(cut.names)) for weight in (None, y))
    if target.share:
        here = rows > 0
        return stability(rows[here] - sums[here], sums[here]) if 0 < y.sum() < len(y) else float("nan")
    spread = float(((y - y.mean()) ** 2).sum())
    means = np.divide(sums, rows, out=np.zeros(len(rows)), where=rows > 0)
    return float((rows * (means - y.mean()) ** 2).sum()) / spread if spread else float("nan")


def _drift(cut: Cut, days: Floats | None) -> float:
    if days is None or np.isnan(days).all():
        return float("nan")
    middle = np.nanmedian(days)
    early, late = days <= middle, days > middle
    return stability(cut.counts(early), cut.counts(late)) if late.any() else float("nan")


def _years(values: Floats, cut: Cut, days: Floats | None) -> Iterator[Year]:
    if days is None:
        return
    for year, rows in by_year(days):
        known = values[rows][~np.isnan(values[rows])] if len(values) else values
        middle = float(np.quantile(known, 0.5, method="nearest")) if len(known) else float("nan")
        inside = cut.place[rows]
        yield Year(year, len(inside), float((inside == cut.gone).mean()), middle, float((inside == 0).mean()))


def by_year(days: Floats) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """The rows of each year, in their order; rows without a day are in none.

    >>> [(year, rows.tolist()) for year, rows in by_year(np.array([0.0, 366.0, np.nan, 1.0]))]
    [(1970, [0, 3]), (1971, [1])]
    """
    known = np.flatnonzero(~np.isnan(days))
    years = days[known].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    for year in np.unique(years):
        yield int(year), known[years == year]


def by_period(days: Floats) -> tuple[str, list[tuple[str, NDArray[np.intp]]]]:
    """The rows of each year, or of each month where there are hardly any years; which of both, and a name for each.

    >>> unit, found = by_period(np.array([0.0, 31.0, 40.0]))
    >>> unit, [(name, rows.tolist()) for name, rows in found]
    ('month', [('1970-01', [0]), ('1970-02', [1, 2])])
    """
    years = [(str(year), rows) for year, rows in by_year(days)]
    if len(years) > 2:
        return "year", years
    known = np.flatnonzero(~np.isnan(days))
    months = days[known].astype("datetime64[D]").astype("datetime64[M]")
    return "month", [(str(month), known[months == month]) for month in np.unique(months)]

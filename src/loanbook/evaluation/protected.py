"""The groups of a protected column: who is compared with whom when decisions are audited for fairness."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.data.fields import DateField, NumberField, as_text
from loanbook.data.fields.base import is_missing
from loanbook.data.inference import ColumnType
from loanbook.evaluation.intervals import Floats

SMALLEST = 30
"""Loans that a group needs for a verdict; smaller ones are pooled, or marked."""

MISSING = "(missing)"
OTHERS = "(others)"

_MOST = 12  # groups of a column; beyond, a table tells nobody anything
_BANDS = 4
_FEW = 8  # distinct numbers up to which each is a group: number of dependants


@dataclass(frozen=True, slots=True)
class Grouping:
    """Who belongs to which group.

    Parameters
    ----------
    names : of the groups, in the order of reading.
    member : (n,) position of each row's group.

    >>> found = grouping(pl.Series(["f", "m", None, "f"]), ColumnType("category"), smallest=1)
    >>> found.names, found.member.tolist(), found.sizes.tolist()
    (('f', 'm', '(missing)'), [0, 1, 2, 0], [2, 1, 1])
    """

    names: tuple[str, ...]
    member: NDArray[np.intp]

    @property
    def sizes(self) -> NDArray[np.intp]:
        """(k,) rows in each group."""
        return np.bincount(self.member, minlength=len(self.names))


def grouping(column: pl.Series, kind: ColumnType, *, smallest: int = SMALLEST) -> Grouping:
    """Part the rows by a protected column.

    Numbers and dates with more than eight different values are cut into four bands of about equal size; everything
    else is taken as it is written. Groups of fewer than `smallest` rows are pooled as "(others)" where there are
    several, and so is what lies beyond the twelve largest. What is missing (or cannot be read) is a group of its own:
    who does not state a sex must not fare worse either.

    Parameters
    ----------
    column : (n,) as the book's table has it.
    kind : what the column is and how it is written.
    """
    if kind.kind in ("integer", "decimal", "date"):
        codes = _codes(column, kind)
        if len(np.unique(codes[~np.isnan(codes)])) > _FEW:
            return _banded(codes, _field(column.name, kind))
    texts = [None if is_missing(value) else as_text(value) for value in column.to_list()]
    return _named(texts, smallest)


def _field(name: str, kind: ColumnType) -> NumberField | DateField:
    if kind.kind == "date":
        return DateField(name, "date", required=False, format=kind.format)
    return NumberField(name, kind.kind, required=False, format=kind.format)


def _codes(column: pl.Series, kind: ColumnType) -> Floats:
    return _field(column.name, kind).codes(column)[0]


def _banded(codes: Floats, field: NumberField | DateField) -> Grouping:
    """Cut at the quartiles; equal numbers stay together."""
    known = ~np.isnan(codes)
    cuts = np.unique(np.quantile(codes[known], np.arange(1, _BANDS) / _BANDS, method="inverted_cdf"))
    band = np.searchsorted(cuts, codes[known], side="left")
    bands, place = np.unique(band, return_inverse=True)
    names = [_band_name(codes[known][place == one], field) for one in range(len(bands))]
    member = np.full(len(codes), len(names), np.intp)
    member[known] = place
    return Grouping((*names, MISSING) if not known.all() else tuple(names), member)


def _band_name(codes: Floats, field: NumberField | DateField) -> str:
    low, high = (as_text(field.show(float(code))) for code in (codes.min(), codes.max()))
    return low if low == high else f"{low} to {high}"


def _named(texts: list[str | None], smallest: int) -> Grouping:
    counts = Counter(text for text in texts if text is not None)
    ranked = sorted(counts, key=lambda text: (-counts[text], text))
    kept = {text for text in ranked[:_MOST] if counts[text] >= smallest}
    if len(counts) - len(kept) == 1:
        kept = set(counts)  # a pool of one would only hide its name
    names = sorted(kept)
    names += [OTHERS] if len(kept) < len(counts) else []
    names += [MISSING] if None in texts else []
    place = {name: position for position, name in enumerate(names)}
    found = [place[MISSING] if text is None else place[text if text in kept else OTHERS] for text in texts]
    return Grouping(tuple(names), np.array(found, np.intp))

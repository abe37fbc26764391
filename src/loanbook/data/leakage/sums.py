"""Columns computed from one that is known only later: a day plus a rewritten term, a sum less what was lost."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from loanbook.data.leakage.columns import Column, Floats

_PROBE = 64  # rows on which a candidate is looked for before all rows are asked
_ALWAYS = 0.99
_TELLING = frozenset({"presence", "exact", "copy", "region"})


def computed(columns: Collection[Column], kinds: Mapping[str, str], day: str | None) -> dict[str, str]:
    """Find sums and differences in which a suspect takes part.

    An equation a = b + c does not say which of the three was computed. The suspect is not in question. Of the other
    two, which give it away together, the day of the decision stays, or else the one that separates less.

    Parameters
    ----------
    columns : all that are looked at. kinds : the kind of evidence against each suspect, by name.
    day : the day of the decision, if there is one.

    Returns
    -------
    The evidence, by column.
    """
    numeric = [column for column in columns if column.values is not None and column.distinct > 1]
    sources = [column for column in numeric if kinds.get(column.name) in _TELLING and _moves(column)]
    found: dict[str, str] = {}
    for source in sources:
        for column, other, sentence in _equations(source, numeric):
            innocent = column.name in kinds or column.name == day
            known = other.name in kinds or other.name == day
            if not innocent and (known or _separation(column) > _separation(other)):
                found.setdefault(column.name, f"{sentence}, and {source.name} looks as if it were known only later")
    return found


def _separation(column: Column) -> float:
    return max(column.smooth_auc, column.order_auc)


def _moves(column: Column) -> bool:
    """Whether adding it changes most rows: what is nearly always zero would make every column a sum."""
    return int(np.bincount(column.codes).max()) < 0.5 * len(column.codes)


def _equations(source: Column, numeric: Collection[Column]) -> Iterator[tuple[Column, Column, str]]:
    """Every pair of columns of which one is the other plus, minus or out of the source."""
    values = _values(source)
    rows = np.flatnonzero(~np.isnan(values))[:_PROBE]
    others = {_key(_values(other)[rows]): other for other in numeric if other is not source}
    for column in numeric:
        if column is source:
            continue
        own = _values(column)
        for left, sentence in (
            (own - values, "it is {other} plus {source}"),
            (own + values, "it is {other} minus {source}"),
            (values - own, "it is {source} minus {other}"),
        ):
            other = others.get(_key(left[rows]))
            if other is not None and other is not column and _same(left, _values(other)):
                yield column, other, sentence.format(other=other.name, source=source.name)


def _values(column: Column) -> Floats:
    assert column.values is not None  # noqa: S101 only columns with an order come here
    return column.values


def _key(values: Floats) -> bytes:
    return (np.round(np.nan_to_num(values, nan=1e300), 4) + 0.0).tobytes()


def _same(left: Floats, right: Floats) -> bool:
    there = ~np.isnan(left) & ~np.isnan(right)
    return bool(there.mean() > 0.5 and (np.abs(left - right)[there] < 1e-3).mean() >= _ALWAYS)

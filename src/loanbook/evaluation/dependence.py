"""What a model listens to, and how its answer moves with each field: asked of the model itself, on real rows.

Importance comes from the exact contributions that decisions are explained with, so a report and a reason cannot
contradict each other. Partial dependence (Friedman, 2001) gives one field the same value in every row and averages the
answers; where few loans lie it says what the model would do, not what loans do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loanbook.data.fields import Field
from loanbook.evaluation.intervals import Floats
from loanbook.features.ratios import is_label, words
from loanbook.models.trained import TrainedModel

_NUMBERS = ("integer", "decimal", "date")


@dataclass(frozen=True, slots=True)
class Weight:
    """How much one group of columns moves the answer.

    name, title : of the group, as reasons name it. fields : the fields it is made of.
    mean : mean absolute contribution, in log-odds (or in the unit of the answer). share : of the sum over all groups.
    """

    name: str
    title: str
    fields: tuple[str, ...]
    mean: float
    share: float


def importance(model: TrainedModel, codes: Floats) -> tuple[Weight, ...]:
    """Mean absolute contribution of every group over these rows, largest first.

    Parameters
    ----------
    model : whose contributions are asked.
    codes : (n, fields) rows that keep its contract.
    """
    moved = np.abs(model.contributions(model.plan.transform(codes))).mean(axis=0)
    whole = float(moved.sum()) or 1.0
    order = np.argsort(-moved, kind="stable")
    return tuple(
        Weight(group.name, group.title, group.fields, float(moved[place]), float(moved[place]) / whole)
        for place, group in ((int(place), model.groups[place]) for place in order)
    )


def leading_fields(weights: Sequence[Weight], count: int) -> tuple[str, ...]:
    """The fields behind the weightiest groups, each once.

    >>> leading_fields([Weight("a_per_b", "", ("a", "b"), 2.0, 0.6), Weight("c", "", ("c",), 1.0, 0.4)], 2)
    ('a', 'b')
    """
    return tuple(dict.fromkeys(name for one in weights for name in one.fields))[:count]


@dataclass(frozen=True, slots=True)
class Step:
    """One value of a field: what the model answers on average, and how many of the loans lie there.

    code : the value as the contract codes it; nan is missing. label : as people write it.
    mean : mean answer. loans : rows whose value is nearest (or equal, where values have no order).
    """

    code: float
    label: str
    mean: float
    loans: int


@dataclass(frozen=True, slots=True)
class Dependence:
    """The mean answer at each value of one field; `ordered` says whether a line may join them."""

    field: str
    kind: str
    ordered: bool
    steps: tuple[Step, ...]


def dependence(
    model: TrainedModel,
    name: str,
    codes: Floats,
    *,
    everyone: Floats | None = None,
    points: int = 12,
    answer: Callable[[Floats], Floats] | None = None,
) -> Dependence:
    """Mean answer when one field has the same value in every row.

    Parameters
    ----------
    model : what is asked.
    name : a field of its contract.
    codes : (n, fields) rows to average over.
    everyone : (m, fields) rows to count at each value; `codes` when None.
    points : values asked at most; of numbers the quantiles, of categories the commonest, and missing where it occurs.
    answer : (k, fields) codes to (k,) answers; its own when None.
    """
    place = model.contract.names.index(name)
    field = model.contract.fields[place]
    seen = (codes if everyone is None else everyone)[:, place]
    ordered = field.kind in _NUMBERS and not (is_label(name) or words(name).endswith("code"))
    values = _quantiles(seen, points) if ordered else _commonest(seen, points)
    counted = _nearest(seen, values) if ordered else [int((seen == value).sum()) for value in values]
    if np.isnan(seen).any():
        values, counted = np.append(values, np.nan), [*counted, int(np.isnan(seen).sum())]
    means = _means(codes, place, values, answer or (lambda rows: model.score_codes(rows).value))
    steps = (
        Step(float(value), _label(field, value, ordered=ordered), mean, loans)
        for value, mean, loans in zip(values, means, counted, strict=True)
    )
    return Dependence(name, field.kind, ordered, tuple(steps))


def sample_rows(rows: int, most: int) -> NDArray[np.intp]:
    """At most `most` row numbers, evenly over all rows.

    >>> sample_rows(5, 2).tolist(), sample_rows(2, 5).tolist()
    ([0, 4], [0, 1])
    """
    if rows <= most:
        return np.arange(rows)
    return np.unique(np.linspace(0, rows - 1, most).astype(np.intp))


def _quantiles(seen: Floats, points: int) -> Floats:
    known = seen[~np.isnan(seen)]
    if not len(known):
        return np.empty(0)
    values: Floats = np.unique(np.quantile(known, np.linspace(0.01, 0.99, points), method="nearest"))
    return values


def _commonest(seen: Floats, points: int) -> Floats:
    values, counts = np.unique(seen[~np.isnan(seen)], return_counts=True)
    return np.asarray(values[np.argsort(-counts, kind="stable")[:points]])


def _nearest(seen: Floats, values: Floats) -> list[int]:
    known = seen[~np.isnan(seen)]
    borders = (values[:-1] + values[1:]) / 2
    counts = np.bincount(np.searchsorted(borders, known, side="right"), minlength=len(values))
    return [int(count) for count in counts]


def _means(codes: Floats, place: int, values: Floats, answer: Callable[[Floats], Floats]) -> list[float]:
    means = []
    for value in values:
        asked = codes.copy()
        asked[:, place] = value
        means.append(float(answer(asked).mean()))
    return means


def _label(field: Field, code: float, *, ordered: bool) -> str:
    shown = field.show(code)
    if shown is None:
        return "missing"
    if not ordered or isinstance(shown, str):
        return str(shown)  # a postal code has no thousands
    return f"{shown:,.4g}" if abs(shown) < 1e4 and not float(shown).is_integer() else f"{shown:,.0f}"

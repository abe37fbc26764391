"""What a treatment of training rows is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from loanbook.features.encodings import Block, Calendar, Lookup, Numbers, OneHot, SameLevel
from loanbook.features.plan import Plan

Floats = NDArray[np.float64]
Kind = Literal["number", "flag", "calendar", "weight", "count", "level", "same"]
"""What a column of the model row holds: a number or ratio, the flag of a missing number, month or weekday, a weight of
evidence, how common a level is, one level of a category, whether two categories agree."""

Family = Literal["missing", "outliers", "categories", "balance", "signs"]


class DoesNotApply(Exception):
    """These rows or this rung have nothing that the treatment could treat; the message says what is absent."""


@dataclass(frozen=True)
class Rows:
    """Rows to train on, as the feature plan made them.

    Parameters
    ----------
    x : (n, m) model rows, weights of evidence out of fold. y : (n,) outcomes. weight : (n,).
    kinds : (m,) what each column holds. names : (m,) what it is called.
    plain : (n, m) the same rows as they would look if they came later, that is with weights of evidence in which their
        own outcome has a say.
    """

    x: Floats
    y: Floats
    weight: Floats
    kinds: tuple[Kind, ...]
    names: tuple[str, ...]
    plain: Floats

    def of_kind(self, *kinds: Kind) -> NDArray[np.intp]:
        """Positions of the columns of these kinds."""
        return np.flatnonzero(np.isin(self.kinds, kinds))

    def prepared(self, **changes: Any) -> Prepared:
        """Return them as they are, but for the changes; see `Prepared`."""
        return replace(Prepared(self.x, self.y, self.weight), **changes)


def as_they_are(x: Floats) -> Floats:
    """Change nothing in rows to predict."""
    return x


@dataclass(frozen=True)
class Prepared:
    """What a rung is to be fitted on, and what happens to rows before it predicts them.

    x, y, weight : to fit on; there may be more rows than there were.
    apply : (k, m) rows to predict, to rows of the columns of `x`.
    settings : parameters for the rung.
    """

    x: Floats
    y: Floats
    weight: Floats
    apply: Callable[[Floats], Floats] = as_they_are
    settings: Mapping[str, Any] = field(default_factory=dict)


class Treatment(Protocol):
    """One way to prepare training rows."""

    @property
    def name(self) -> str:
        """As a machine calls it."""

    @property
    def title(self) -> str:
        """As a table calls it."""

    @property
    def family(self) -> Family:
        """What it is an answer to."""

    def fit(self, rows: Rows, seed: int) -> Prepared:
        """Learn from training rows alone what to do with them and with those that come later.

        Raises
        ------
        DoesNotApply : there is nothing to treat.
        """


def kinds_of(plan: Plan) -> tuple[Kind, ...]:
    """Say what each column of a plan's model row holds, (m,)."""
    found: list[Kind] = []
    for block in plan.blocks:
        found += [_kind(block)] * len(block.features)
        if isinstance(block, Numbers) and block.flagged:
            found[-len(block.flagged) :] = ["flag"] * len(block.flagged)
    return tuple(found)


def _kind(block: Block) -> Kind:
    if isinstance(block, Lookup):
        return "weight" if block.by_outcome else "count"
    return _PLAIN_KINDS.get(type(block), "number")


_PLAIN_KINDS: Mapping[type, Kind] = {Calendar: "calendar", OneHot: "level", SameLevel: "same"}


def keeping(rows: Rows, columns: NDArray[np.intp]) -> Prepared:
    """Leave out every column but these.

    Raises
    ------
    DoesNotApply : none would be left, or none would go.
    """
    if not len(columns):
        raise DoesNotApply("no other columns")
    if len(columns) == rows.x.shape[1]:
        raise DoesNotApply("no such columns")
    return rows.prepared(x=rows.x[:, columns], apply=lambda x: x[:, columns])

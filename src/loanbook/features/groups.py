"""Groups: the columns of the model row that a reason names together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from loanbook.features.encodings import Block, Matrix
from loanbook.features.ratios import Ratio, is_label, spaced, words
from loanbook.features.training import Training


@dataclass(frozen=True)
class Group:
    """Columns of the model row that a reason names together.

    Parameters
    ----------
    name : of the field, or of what was made from fields, as in amount_per_employee.
    code : stem of the reason codes.
    title : for people.
    kind : number, date, boolean, category, ratio or same.
    fields : the source columns.
    column : the first of its columns in the model row.
    median : over the training rows, where the kind has one.
    """

    name: str
    code: str
    title: str
    kind: str
    fields: tuple[str, ...]
    column: int
    median: float | None

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "fields": list(self.fields)}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Group:
        """Rebuild what `to_json` wrote."""
        return cls(**{**saved, "fields": tuple(saved["fields"])})


def make_groups(
    training: Training, blocks: Sequence[Block], made_from: Mapping[str, Ratio | tuple[str, str]]
) -> tuple[Group, ...]:
    """Group the columns of the blocks; `made_from` names what a group was made from where it is not a field."""
    found: dict[str, Group] = {}
    column = 0
    for block in blocks:
        x = block.apply(training.codes)
        for offset, feature in enumerate(block.features):
            if feature.group not in found:
                origin = made_from.get(feature.group)
                found[feature.group] = _group(training, feature.group, origin, column + offset, x[:, offset])
        column += len(block.features)
    return tuple(found.values())


def _group(training: Training, name: str, origin: Ratio | tuple[str, str] | None, column: int, values: Matrix) -> Group:
    if isinstance(origin, Ratio):
        source = (origin.numerator, origin.denominator)
        return Group(name, origin.code, origin.title, "ratio", source, column, _median(values))
    if origin is not None:
        title = f"{_title(origin[0])} is {_title(origin[1]).lower()}"
        return Group(name, words(name).upper(), title, "same", origin, column, None)
    field = training.field(training.position(name))
    kind = "number" if field.kind in ("integer", "decimal") else field.kind
    if kind == "number" and is_label(name):
        kind = "category"  # a postal code is not high or low
    median = _median(training.codes[:, training.position(name)]) if kind in ("number", "date") else None
    return Group(name, words(name).upper(), _title(name), kind, (name,), column, median)


def _median(values: Matrix) -> float | None:
    seen = values[~np.isnan(values)]
    return float(np.median(seen)) if len(seen) else None


def _title(name: str) -> str:
    spelled = spaced(name).lower() or name
    return spelled[:1].upper() + spelled[1:]

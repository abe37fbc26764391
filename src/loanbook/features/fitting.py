"""How the blocks of a plan are fitted: which columns make which features, and what the tables hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loanbook.data.contract import Contract
from loanbook.data.fields import CategoryField, Field
from loanbook.features.encodings import (
    Ages,
    Block,
    Calendar,
    Feature,
    Lookup,
    Matrix,
    Numbers,
    OneHot,
    Ratios,
    SameLevel,
)
from loanbook.features.ratios import Ratio, is_label, ratios, words

_PRIOR_ROWS = 20.0  # a level is believed like this many rows of the average, plus its own
_ONE_HOT_LEVELS = 10
_ONE_HOT_ROWS = 20
_NEGATIVE_CODES = (-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0)
_FAR = 3.0  # 9999 stands for "nothing" when it is this many times the 99.9% quantile of the rest
_SAME_LEVELS = 10  # two categories are compared when they share this many levels


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


@dataclass(frozen=True)
class Training:
    """What a plan is fitted on: codes of training rows with special codes taken out, and their outcomes."""

    contract: Contract
    codes: Matrix
    bad: NDArray[np.float64]
    time: str | None
    amount: str | None

    def of_kind(self, *kinds: str) -> list[int]:
        """Positions of the fields of these kinds that vary over the training rows."""
        return [
            position
            for position, field in enumerate(self.contract.fields)
            if field.kind in kinds and field.name != self.time and _varies(self.codes[:, position])
        ]

    def field(self, position: int) -> Field:
        return self.contract.fields[position]

    def position(self, name: str) -> int:
        return self.contract.names.index(name)


def _varies(column: Matrix) -> bool:
    seen = column[~np.isnan(column)]
    return len(seen) > 0 and (len(seen) < len(column) or seen.min() < seen.max())


def special_codes(column: Matrix) -> tuple[float, ...]:
    """Find the numbers that stand for "nothing": a lone negative, or a far-off row of nines.

    >>> special_codes(np.array([5.0, 7.0, 6.0, 9999.0])), special_codes(np.array([-2.0, -1.0, 0.0, 3.0]))
    ((9999.0,), ())
    """
    seen = column[~np.isnan(column)]
    found = []
    if len(seen) > 1:
        least, most = float(seen.min()), float(seen.max())
        rest = seen[seen != least]
        if least in _NEGATIVE_CODES and len(rest) and rest.min() >= 0:
            found.append(least)
        rest = seen[seen != most]
        nines = most >= 99 and most.is_integer() and set(str(int(most))) == {"9"}
        if nines and len(rest) and most > _FAR * float(np.quantile(rest, 0.999)):
            found.append(most)
    return tuple(found)


def fit_blocks(training: Training) -> tuple[tuple[Block, ...], tuple[Group, ...]]:
    """Fit every block that the columns allow, and group their columns for reasons."""
    blocks: list[Block] = []
    made_from: dict[str, Ratio | tuple[str, str]] = {}
    numeric = training.of_kind("integer", "decimal", "boolean")
    blocks += _numbers(training, numeric)
    if found := ratios([training.field(at).name for at in numeric], amount=training.amount):
        blocks.append(_ratios(training, found))
        made_from |= {ratio.name: ratio for ratio in found}
    blocks += _dates(training)
    blocks += _lookups(training, numeric)
    blocks += _one_hot(training)
    for pair, block in _same_levels(training):
        blocks.append(block)
        made_from[block.features[0].group] = pair
    if not blocks:
        blocks.append(Numbers((), (), ()))
    return tuple(blocks), _groups(training, blocks, made_from)


def _numbers(training: Training, positions: Sequence[int]) -> Iterable[Block]:
    if positions:
        names = [training.field(at).name for at in positions]
        flagged = [at for at in positions if np.isnan(training.codes[:, at]).any()]
        flags = [training.field(at).name for at in flagged]
        features = [Feature(name, name) for name in names] + [Feature(f"{name} missing", name) for name in flags]
        yield Numbers(tuple(features), tuple(positions), tuple(flagged))


def _ratios(training: Training, found: Sequence[Ratio]) -> Block:
    return Ratios(
        tuple(Feature(ratio.name, ratio.name) for ratio in found),
        tuple(training.position(ratio.numerator) for ratio in found),
        tuple(training.position(ratio.denominator) for ratio in found),
    )


def _dates(training: Training) -> Iterable[Block]:
    dates = training.of_kind("date")
    names = [training.field(at).name for at in dates]
    if training.time is None:
        if dates:
            yield Numbers(tuple(Feature(name, name) for name in names), tuple(dates), ())
        return
    decision = training.position(training.time)
    if _varies(training.codes[:, decision]):
        parts = tuple(Feature(f"{training.time} {part}", training.time) for part in ("month", "weekday"))
        yield Calendar(parts, decision)
    if dates:
        yield Ages(tuple(Feature(f"days since {name}", name) for name in names), tuple(dates), decision)


@dataclass(frozen=True, slots=True)
class _Levels:
    """One column that a lookup reads: which levels it has, and what its feature is called."""

    feature: Feature
    position: int
    divisor: int
    keys: tuple[int, ...]
    size: int


def _lookups(training: Training, numeric: Sequence[int]) -> Iterable[Block]:
    labels = [at for at in numeric if is_label(training.field(at).name)]
    categories = training.of_kind("category")
    weights = [_category(training, at, "weight") for at in categories]
    weights += [
        _label(training, at, divisor, f"district {divisor}")
        for at in labels
        for divisor in _district_divisors(training.codes[:, at])
    ]
    counts = [_category(training, at, "count") for at in categories if _many_levels(training, at)]
    counts += [_label(training, at, 1, "count") for at in labels]
    if weights:
        yield _lookup(training, weights, by_outcome=True)
    if counts:
        yield _lookup(training, counts, by_outcome=False)


def _category(training: Training, position: int, what: str) -> _Levels:
    field = training.field(position)
    assert isinstance(field, CategoryField)  # noqa: S101 (kind says so)
    return _Levels(Feature(f"{field.name} {what}", field.name), position, 0, (), len(field.levels))


def _label(training: Training, position: int, divisor: int, what: str) -> _Levels:
    name, column = training.field(position).name, training.codes[:, position]
    heads = np.unique(np.floor(column[~np.isnan(column)] / divisor))
    keys = tuple(int(head) for head in heads)
    return _Levels(Feature(f"{name} {what}", name), position, divisor, keys, len(keys))


def _many_levels(training: Training, position: int) -> bool:
    field = training.field(position)
    return isinstance(field, CategoryField) and len(field.levels) > _ONE_HOT_LEVELS


def _lookup(training: Training, columns: Sequence[_Levels], *, by_outcome: bool) -> Lookup:
    empty = Lookup(
        features=tuple(column.feature for column in columns),
        positions=tuple(column.position for column in columns),
        divisors=tuple(column.divisor for column in columns),
        keys=tuple(column.keys for column in columns),
        tables=tuple((0.0,) * (column.size + 2) for column in columns),
        by_outcome=by_outcome,
    )
    levels = empty.levels(training.codes)
    tables = weight_tables(levels, training.bad, empty.tables) if by_outcome else count_tables(levels, empty.tables)
    return replace(empty, tables=tuple(tuple(float(value) for value in table) for table in tables))


def _district_divisors(column: Matrix) -> tuple[int, ...]:
    """Keep the two and the three leading digits of codes of five and more."""
    seen = column[column > 0]
    digits = len(str(int(np.median(seen)))) if len(seen) else 0
    return (10 ** (digits - 3), 10 ** (digits - 2)) if digits >= 5 else ()


def weight_tables(levels: NDArray[np.int64], bad: NDArray[np.float64], like: Sequence[Sequence[float]]) -> list[Matrix]:
    """Weight of evidence of every level, pulled towards zero where a level has few rows.

    w = ln((b + m p) / (g + m (1 - p))) - ln(p / (1 - p)) for b bad and g good rows of the level, base rate p and m
    rows' worth of prior (Micci-Barreca 2001, in log-odds).

    Parameters
    ----------
    levels : (n, k) row of each table. bad : (n,) outcomes. like : the tables' sizes.
    """
    share = (float(bad.sum()) + 0.5) / (len(bad) + 1.0)
    usual = np.log(share / (1 - share))
    tables = []
    for column, table in enumerate(like):
        rows = np.bincount(levels[:, column], minlength=len(table)).astype(np.float64)
        bads = np.bincount(levels[:, column], bad, minlength=len(table))
        odds = (bads + _PRIOR_ROWS * share) / (rows - bads + _PRIOR_ROWS * (1 - share))
        tables.append(np.log(odds) - usual)
    return tables


def count_tables(levels: NDArray[np.int64], like: Sequence[Sequence[float]]) -> list[Matrix]:
    """How many training rows had each level: a town's size, a bank's business.

    All levels too rare for one of their own share a row, of which each has about one: its count is 1.
    """
    tables = []
    for column, table in enumerate(like):
        counts = np.bincount(levels[:, column], minlength=len(table)).astype(np.float64)
        counts[1] = 1.0
        tables.append(counts)
    return tables


def _one_hot(training: Training) -> Iterable[Block]:
    features, positions, levels = [], [], []
    for at in training.of_kind("category"):
        field = training.field(at)
        assert isinstance(field, CategoryField)  # noqa: S101 (kind says so)
        if len(field.levels) <= _ONE_HOT_LEVELS:
            for level, name in enumerate(field.levels):
                if (training.codes[:, at] == level).sum() >= _ONE_HOT_ROWS:
                    features.append(Feature(f"{field.name} = {name}", field.name))
                    positions.append(at)
                    levels.append(level)
    if positions:
        yield OneHot(tuple(features), tuple(positions), tuple(levels))


def _same_levels(training: Training) -> Iterable[tuple[tuple[str, str], SameLevel]]:
    fields = [(at, training.field(at)) for at in training.of_kind("category")]
    for index, (first, here) in enumerate(fields):
        for second, there in fields[index + 1 :]:
            assert isinstance(here, CategoryField) and isinstance(there, CategoryField)  # noqa: S101, PT018
            code = {level: position for position, level in enumerate(there.levels)}
            shared = sum(level in code for level in here.levels)
            if shared >= max(_SAME_LEVELS, 0.8 * min(len(here.levels), len(there.levels))):
                table = tuple(code.get(level, -2) for level in here.levels)
                name = f"{words(here.name)}_is_{words(there.name)}"
                yield (
                    (here.name, there.name),
                    SameLevel((Feature(name, name),), (first,), (second,), (table,)),
                )


def _groups(
    training: Training, blocks: Sequence[Block], made_from: Mapping[str, Ratio | tuple[str, str]]
) -> tuple[Group, ...]:
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
    spelled = words(name).replace("_", " ")
    return spelled[:1].upper() + spelled[1:]

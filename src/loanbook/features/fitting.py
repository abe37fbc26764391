"""How a plan is fitted: which columns make which blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from loanbook.data.fields import CategoryField
from loanbook.errors import TrainingError
from loanbook.features.encodings import Ages, Block, Calendar, Feature, Numbers, OneHot, Ratios, SameLevel
from loanbook.features.groups import Group, make_groups
from loanbook.features.lookups import lookups
from loanbook.features.ratios import Ratio, ratios, words
from loanbook.features.training import Training, varies

_ONE_HOT_LEVELS = 10
_ONE_HOT_ROWS = 20
_SAME_LEVELS = 10  # two categories are compared when they share this many levels


def fit_blocks(training: Training) -> tuple[tuple[Block, ...], tuple[Group, ...]]:
    """Fit every block that the columns allow, and group their columns for reasons.

    Raises
    ------
    TrainingError : no column varies over the training rows.
    """
    blocks: list[Block] = []
    made_from: dict[str, Ratio | tuple[str, str]] = {}
    numeric = training.of_kind("integer", "decimal", "boolean")
    blocks += _numbers(training, numeric)
    if found := ratios([training.field(at).name for at in numeric], amount=training.amount):
        blocks.append(_ratios(training, found))
        made_from |= {ratio.name: ratio for ratio in found}
    blocks += _dates(training)
    blocks += lookups(training, numeric)
    blocks += _one_hot(training)
    for pair, block in _same_levels(training):
        blocks.append(block)
        made_from[block.features[0].group] = pair
    if not blocks:
        todo = "bring columns that differ from loan to loan, or list fewer of them under ignore"
        raise TrainingError("no column tells one loan from the next: each is empty or holds one value", todo=todo)
    return tuple(blocks), make_groups(training, blocks, made_from)


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
    if varies(training.codes[:, decision]):
        parts = tuple(Feature(f"{training.time} {part}", training.time) for part in ("month", "weekday"))
        yield Calendar(parts, decision)
    if dates:
        yield Ages(tuple(Feature(f"days since {name}", name) for name in names), tuple(dates), decision)


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

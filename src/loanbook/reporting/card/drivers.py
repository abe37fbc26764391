"""What the model listens to, and how its answer moves with each field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from loanbook.evaluation.dependence import Dependence, Step, Weight, dependence, importance, leading_fields, sample_rows
from loanbook.reporting.card.subject import Subject
from loanbook.reporting.drawing import ACCENT, LINE, Still, bars, bars_height, number_axis, percent_axis
from loanbook.reporting.parts import Block, Chapter, Picture, Table, Text
from loanbook.reporting.wording import clipped, compact, is_figure, number, share, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_EXPLAINED, _AVERAGED = 500, 300  # rows
_SHOWN, _FIELDS = 12, 6
CHANGED = "The book's table is not the one of the training any more, so this cannot be worked out again; train anew."


def drivers(subject: Subject) -> Chapter:
    """Mean absolute contribution by source, exact; and partial dependence on the fields behind the first of them."""
    name, title = "drivers", "What it listens to"
    if subject.places is None:
        return Chapter.absent(name, title, CHANGED)
    codes = subject.loans.codes[subject.places]
    subject.tell("Contributions")
    weights = importance(subject.model, codes[sample_rows(len(codes), _EXPLAINED)])
    if not any(one.mean for one in weights):
        return Chapter.absent(name, title, "It answers the same for everybody, so it listens to nothing.")
    fields = leading_fields([one for one in weights if one.mean > 0], _FIELDS)
    found = []
    for field in fields:
        subject.tell(f"Dependence on {clipped(field, 20)}")
        found.append(_asked(subject, field, codes))
    words = (
        f"{_added_up(subject)} Over {_count(codes):,} of the test rows, {weights[0].title} moves the answer most, with "
        f"{share(weights[0].share, 0)} of all movement."
    )
    note = (
        "Partial dependence gives every loan the same value of one field and averages the answers. Where few loans lie "
        "it says what the model would do, not what loans do; fields that belong together are pulled apart."
    )
    blocks: list[Block] = [Text(words), _importance(weights), Text(note, "quiet"), *(_dependence(one) for one in found)]
    figures = {
        "importance": [{slot: getattr(one, slot) for slot in Weight.__slots__} for one in weights],
        "dependence": [_plain(one) for one in found],
    }
    return Chapter(name, title, blocks, figures)


def _added_up(subject: Subject) -> str:
    """That contributions add up, and by how much they missed where the training measured it."""
    rung = next(rung for rung in subject.ladder if rung["name"] == subject.rung)
    error = (rung.get("manners") or {}).get("additivity_error")
    start = "With the base value, contributions add up to the model's answer"
    return f"{start} (largest error seen in the training: {error:.1g})." if is_figure(error) else f"{start}."


def _count(codes: np.ndarray) -> int:
    return min(len(codes), _EXPLAINED)


def _asked(subject: Subject, field: str, codes: np.ndarray) -> Dependence:
    few = codes[sample_rows(len(codes), _AVERAGED)]
    return dependence(subject.model, field, few, everyone=codes, answer=subject.answer)


def _plain(one: Dependence) -> dict[str, Any]:
    steps = [{"value": step.label, "answer": step.mean, "loans": step.loans} for step in one.steps]
    return {"field": one.field, "kind": one.kind, "steps": steps}


def _importance(weights: Sequence[Weight]) -> Picture:
    first = [one for one in weights if one.mean > 0][:_SHOWN]
    rows = [[one.title, ", ".join(one.fields), number(one.mean), share(one.share)] for one in weights]
    alt = (
        f"Mean absolute contribution, largest first: {', '.join(f'{o.title} {share(o.share, 0)}' for o in first[:4])}."
    )

    def paint(axes: Axes) -> None:
        bars(axes, [one.title for one in first], [one.mean for one in first], "mean absolute contribution")
        number_axis(axes.xaxis)

    table = Table("Importance of every source", ["source", "~made from", ">mean contribution", ">share"], rows)
    return Picture("Importance", alt, Still(paint, height=bars_height(len(first))), table)


def _dependence(one: Dependence) -> Picture:
    known = [step for step in one.steps if one.ordered and not np.isnan(step.code)] or list(one.steps)
    most, least = max(known, key=lambda step: step.mean), min(known, key=lambda step: step.mean)
    write = share if _is_share(one) else number
    alt = (
        f"Mean answer by {clipped(one.field, 40)}: from {write(least.mean)} at {clipped(least.label, 30)} to "
        f"{write(most.mean)} at {clipped(most.label, 30)}."
    )
    rows = [[clipped(step.label), write(step.mean), whole(step.loans)] for step in one.steps]
    paint = _line(one, known) if one.ordered and len(known) > 1 else _levels(one)
    height = 2.8 if one.ordered and len(known) > 1 else bars_height(len(one.steps))
    table = Table(f"Partial dependence on {clipped(one.field, 40)}", ["value", ">mean answer", ">loans near it"], rows)
    return Picture(clipped(one.field, 40), alt, Still(paint, height=height), table)


def _is_share(one: Dependence) -> bool:
    return all(0.0 <= step.mean <= 1.0 for step in one.steps)


def _line(one: Dependence, known: Sequence[Any]) -> Any:
    """The mean answer over the values, and below it how many loans lie there."""
    loans = np.array([step.loans for step in known], dtype=np.float64)

    def paint(axes: Axes) -> None:
        places = np.arange(len(known))
        low, high = min(step.mean for step in known), max(step.mean for step in known)
        room = (high - low) or max(abs(high), 1e-9)
        foot = low - 0.45 * room
        axes.bar(places, 0.3 * room * loans / max(loans.max(), 1.0), bottom=foot, color=LINE, width=0.9)
        axes.plot(places, [step.mean for step in known], "o-", color=ACCENT, markersize=3.5)
        axes.set_ylim(foot, high + 0.08 * room)
        step = max(1, len(known) // 5)
        axes.set_xticks(places[::step], [_short(one) for one in known[::step]], fontsize=9)
        axes.set_ylabel("mean answer")
        axes.set_xlabel("value; grey: how many loans lie there")
        percent_axis(axes.yaxis) if _is_share(one) else number_axis(axes.yaxis)
        ticks = axes.get_yticks()
        axes.set_yticks([tick for tick in ticks if low - 0.1 * room <= tick <= high + 0.1 * room])

    return paint


def _short(step: Step) -> str:
    """A value beside an axis."""
    plain = step.label.replace(",", "").replace(".", "", 1).lstrip("-")
    return compact(step.code) if plain.isdigit() else clipped(step.label, 12)


def _levels(one: Dependence) -> Any:
    def paint(axes: Axes) -> None:
        labels = [f"{clipped(step.label, 17)} ({step.loans:,})" for step in one.steps]
        bars(axes, labels, [step.mean for step in one.steps], "mean answer; in brackets: loans")
        percent_axis(axes.xaxis) if _is_share(one) else number_axis(axes.xaxis)

    return paint

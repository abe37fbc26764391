"""What its decisions earn, and what it is worth against policies that a lender knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from loanbook.evaluation.economics import Curve, break_even, profit_curve
from loanbook.evaluation.impact import Impact, called, impact, policies
from loanbook.evaluation.sensitivity import Cell, Sensitivity, sensitivity
from loanbook.reporting.card.subject import Subject
from loanbook.reporting.drawing import ACCENT, QUIET, Still, number_axis, percent_axis
from loanbook.reporting.hover import Plot
from loanbook.reporting.hover import curve as hovering
from loanbook.reporting.parts import Block, Chapter, Picture, Table, Text
from loanbook.reporting.wording import money, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_USUAL_ROWS = 21
_RATES = (0.5, 0.6, 0.7, 0.8, 0.9)
CURRENCY = "Money is in the currency of the book's amounts."


def profit(subject: Subject) -> Chapter:
    """Profit at every cut-off, with the best one, and what happens when the economics are others."""
    economics = subject.section.economics
    curve = profit_curve(subject.y, subject.said(), subject.amount, economics)
    best = curve.best_cutoff
    earned = [money(getattr(curve.best_profit, name), curve.unit) for name in ("value", "low", "high")]
    text = (
        f"A good loan earns {share(economics.margin)} of its amount, a bad one loses "
        f"{share(economics.loss_given_default)} of it. On the test rows profit is highest when approving below "
        f"{share(best.value)} ({share(best.low)} to {share(best.high)}): {earned[0]} ({earned[1]} to {earned[2]}), "
        f"approving {share(curve.approval_rate[curve.best], 0)}. Break-even is {share(break_even(economics))}, where "
        f"probabilities come true. {CURRENCY if curve.unit == 'money' else ''}"
    )
    blocks: list[Block] = [Text(text.strip()), _picture(subject, curve)]
    subject.tell("Other economics")
    other = sensitivity(subject.y, subject.said(), subject.amount, economics, subject.answerer.policy.approve_below)
    blocks += [Text(other.sentence()), *_sensitivity(other)]
    figures = {
        "sensitivity": other.to_json(),
        "break_even": break_even(economics),
        "best_cutoff": _plain(best),
        "best_profit": _plain(curve.best_profit),
        "best_approval_rate": float(curve.approval_rate[curve.best]),
        "unit": curve.unit,
        "loss_given_default": economics.loss_given_default,
        "margin": economics.margin,
    }
    return Chapter("profit", "What its decisions earn", blocks, figures)


def _sensitivity(found: Sensitivity) -> list[Block]:
    """Over losses and margins: where the best cut-off lies, and what today's policy earns less than it."""
    margins = [f">margin {share(margin)}" for margin in found.margins]

    def over(caption: str, write: Callable[[Cell], str]) -> Table:
        rows = [[share(loss), *map(write, row)] for loss, row in zip(found.losses, found.cells, strict=True)]
        return Table(caption, ["loss given default", *margins], rows)

    return [
        over("Best cut-off were the economics others", lambda cell: share(cell.best_cutoff.value)),
        over("What today's policy would earn there", lambda cell: money(cell.profit.value, found.unit)),
        over("How much less than the best that is", lambda cell: money(cell.lost.value, found.unit)),
    ]


def _plain(estimate: Any) -> dict[str, float]:
    return {name: float(getattr(estimate, name)) for name in ("value", "low", "high")}


def _picture(subject: Subject, curve: Curve) -> Picture:
    approve_below = subject.answerer.policy.approve_below

    def paint(axes: Axes) -> None:
        axes.axhline(0, color=QUIET, linewidth=0.8)
        axes.axvline(curve.best_cutoff.value, color=ACCENT, linewidth=1, linestyle=(0, (4, 3)))
        axes.axvline(approve_below, color=QUIET, linewidth=1, linestyle=(0, (1, 2)))
        axes.plot(curve.cutoffs, curve.profit, color=ACCENT)
        axes.plot([curve.best_cutoff.value], [curve.best_profit.value], "o", color=ACCENT, markersize=6)
        axes.set_xlim(0, min(1.0, float(curve.cutoffs[-2]) * 1.05) if len(curve.cutoffs) > 2 else 1.0)
        axes.set_xlabel("approve below; dashed: best, dotted: the policy")
        axes.set_ylabel("profit" if curve.unit == "money" else "profit, in loans")
        percent_axis(axes.xaxis)
        number_axis(axes.yaxis)

    kept = np.unique([*np.linspace(0, len(curve.cutoffs) - 1, _USUAL_ROWS).astype(np.intp), curve.best])
    rows = [
        [
            share(curve.cutoffs[place]),
            share(curve.approval_rate[place]),
            share(curve.bad_rate[place]),
            money(curve.profit[place], curve.unit),
        ]
        for place in kept
    ]
    marked = frozenset(int(place) for place in np.flatnonzero(kept == curve.best))
    alt = (
        f"Profit against the cut-off. It is highest, {money(curve.best_profit.value, curve.unit)}, when approving "
        f"below {share(curve.best_cutoff.value)}; approving everyone earns {money(curve.profit[-1], curve.unit)}."
    )
    table = Table("Profit at each cut-off", [">approve below", ">approved", ">bad among them", ">profit"], rows, marked)
    hover = _hover(curve) if subject.interactive else None
    return Picture("Profit and cut-off", alt, Still(paint, height=3.0), table, alt.partition(". ")[2], hover)


def _hover(curve: Curve) -> Any:
    notes = [
        f"below {share(cut)}: approves {share(rate)}, {share(bad)} of them bad, earns {money(earned, curve.unit)}"
        for cut, rate, bad, earned in zip(curve.cutoffs, curve.approval_rate, curve.bad_rate, curve.profit, strict=True)
    ]
    plot = Plot("profit", "approve below", "profit")
    return hovering(plot, curve.cutoffs.tolist(), curve.profit.tolist(), notes)


def worth(subject: Subject) -> Chapter:
    """The impact statement, made again from the stored predictions."""
    name, title = "impact", "What it is worth"
    kept: Mapping[str, Any] = subject.report.get("worth", {})
    rate = float(kept.get("approval_rate", 0.8))
    found = _impact(subject, rate)
    said = str(kept.get("sentence", ""))
    blocks: list[Block] = [Text(said or found.sentence())]
    rows = [[called(key), *_row(found, key)] for key in found.avoided]
    unit = "profit above it" if found.unit == "money" else "profit above it, in loans"
    columns = ["against", ">fewer bad loans", ">90% interval", f">{unit}", ">90% interval "]
    blocks.append(Table(f"At {share(rate, 0)} approved, on {found.loans:,} test loans", columns, rows))
    others = {each: _impact(subject, each) for each in _RATES}
    blocks.append(_rates(others))
    same = _same(found, kept)
    blocks.append(Text(_reproduced(same=same), "quiet" if same else "warning"))
    figures = {
        "sentence": said,
        "reproduced": same,
        "approval_rate": rate,
        "bad_rate": _plain(found.bad_rate),
        "avoided": {key: _plain(one) for key, one in found.avoided.items()},
        "gained": {key: _plain(one) for key, one in found.gained.items()},
        "by_approval_rate": {
            f"{each:g}": {key: _plain(one) for key, one in at.avoided.items()} for each, at in others.items()
        },
    }
    return Chapter(name, title, blocks, figures)


def _impact(subject: Subject, rate: float) -> Impact:
    others = policies({rung["name"]: subject.said(rung["name"]) for rung in subject.ladder}, subject.rung)
    return impact(subject.y, subject.said(), others, subject.amount, subject.section.economics, rate)


def _row(found: Impact, key: str) -> list[str]:
    avoided, gained = found.avoided[key], found.gained[key]
    return [
        share(avoided.value),
        f"{share(avoided.low)} to {share(avoided.high)}",
        money(gained.value, found.unit),
        f"{money(gained.low, found.unit)} to {money(gained.high, found.unit)}",
    ]


def _rates(others: Mapping[float, Impact]) -> Table:
    rows = [
        [share(rate, 0), share(at.bad_rate.value), *(share(avoided.value) for avoided in at.avoided.values())]
        for rate, at in others.items()
    ]
    names = next(iter(others.values())).avoided
    columns = [">approved", ">bad among them", *(f">fewer than {called(key)}" for key in names)]
    return Table("The same at other approval rates", columns, rows)


def _same(found: Impact, kept: Mapping[str, Any]) -> bool:
    """Whether every figure of the training comes out again, to the last digit."""
    before = kept.get("avoided", {})
    again = {name: _plain(one) for name, one in found.avoided.items()}
    return bool(before) and all(again.get(name) == figures for name, figures in before.items())


def _reproduced(*, same: bool) -> str:
    if same:
        return "Made again from the stored answers for the test rows: every figure is that of the training."
    return (
        "Made again from the stored answers, the figures differ from those of the training: the book's economics have "
        "changed since. The sentence is the training's, the table today's."
    )

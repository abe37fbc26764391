"""For a question whose answer is an amount: predicted beside actual, what was missed by, and how far intervals hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loanbook.reporting.card.drivers import CHANGED
from loanbook.reporting.card.subject import Subject
from loanbook.reporting.drawing import ACCENT, QUIET, Still, number_axis, percent_axis
from loanbook.reporting.parts import Block, Chapter, Picture, Table, Text
from loanbook.reporting.wording import number, share, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PARTS, _DOTS = 10, 400


def answers(subject: Subject) -> Chapter:
    """Predicted and actual amounts, and their differences."""
    y, p = subject.y, subject.said()
    missed = p - y
    text = (
        f"Half of the answers miss by less than {number(float(np.median(np.abs(missed))))}; on average they lie "
        f"{number(abs(float(missed.mean())))} too {'high' if missed.mean() > 0 else 'low'}."
    )
    said = str(subject.report.get("worth", {}).get("sentence", ""))
    blocks: list[Block] = [*([Text(said)] if said else []), Text(text), _against(y, p), _misses(missed)]
    tenths = _tenths(y, p)
    figures = {
        "tenths": tenths,
        "median_absolute_error": float(np.median(np.abs(missed))),
        "bias": float(missed.mean()),
    }
    return Chapter("answers", "Predicted and actual amounts", blocks, figures)


def _tenths(y: np.ndarray, p: np.ndarray) -> list[dict[str, float]]:
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, _PARTS) if len(part)]
    return [
        {
            "loans": len(part),
            "predicted": float(p[part].mean()),
            "actual": float(y[part].mean()),
            "low": float(np.quantile(y[part], 0.1)),
            "high": float(np.quantile(y[part], 0.9)),
        }
        for part in parts
    ]


def _against(y: np.ndarray, p: np.ndarray) -> Picture:
    tenths = _tenths(y, p)
    some = np.unique(np.linspace(0, len(y) - 1, _DOTS).astype(np.intp))
    top = float(np.quantile(np.concatenate([y, p]), 0.99))

    def paint(axes: Axes) -> None:
        axes.plot([0, top], [0, top], color=QUIET, linewidth=1, linestyle=(0, (4, 3)), label="equal")
        axes.plot(p[some], y[some], ".", color=QUIET, alpha=0.35, markersize=3)
        axes.plot(
            [one["predicted"] for one in tenths], [one["actual"] for one in tenths], "o-", color=ACCENT, label="tenths"
        )
        axes.set_xlim(min(0.0, float(p.min())), top)
        axes.set_ylim(min(0.0, float(y.min())), top)
        axes.set_xlabel("predicted")
        axes.set_ylabel("actual")
        axes.legend(loc="upper left")
        number_axis(axes.xaxis)
        number_axis(axes.yaxis)

    rows = [
        [whole(one["loans"]), *(number(one[key]) for key in ("predicted", "actual", "low", "high"))] for one in tenths
    ]
    ends = [f"{number(one['predicted'])} were predicted and {number(one['actual'])} came" for one in tenths]
    alt = f"Actual against predicted amounts. In the lowest tenth {ends[0]}, in the highest {ends[-1]}."
    columns = [">loans", ">predicted", ">actual, mean", ">10% below", ">10% above"]
    return Picture(
        "Predicted and actual", alt, Still(paint, height=3.4), Table("By tenths of the answer", columns, rows)
    )


def _misses(missed: np.ndarray) -> Picture:
    low, high = np.quantile(missed, (0.01, 0.99))
    edges = np.linspace(low, high, 25) if high > low else np.array([low - 0.5, low + 0.5])
    counts, _ = np.histogram(missed, edges)

    def paint(axes: Axes) -> None:
        axes.stairs(counts / len(missed), edges, fill=True, color=ACCENT, alpha=0.55)
        axes.axvline(0, color=QUIET, linewidth=1)
        axes.set_xlabel("predicted less actual")
        axes.set_ylabel("share of loans")
        number_axis(axes.xaxis)
        percent_axis(axes.yaxis)

    rows = [[share(at, 0), number(float(np.quantile(missed, at)))] for at in (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)]
    alt = f"How far the answers miss: half of them lie between {rows[2][1]} and {rows[4][1]}."
    return Picture(
        "Misses", alt, Still(paint), Table("Predicted less actual, by quantiles", [">share below", ">miss"], rows)
    )


def intervals(subject: Subject) -> Chapter:
    """How often the actual amount lay inside its interval, over all answers and by their size."""
    name, title = "intervals", "Whether its intervals hold"
    if subject.places is None:
        return Chapter.absent(name, title, CHANGED)
    subject.tell("Intervals")
    scored = subject.model.score_codes(subject.loans.codes[subject.places])
    if np.array_equal(scored.lower, scored.upper):
        return Chapter.absent(name, title, "This model gives no intervals.")
    y = subject.y
    inside = (scored.lower <= y) & (y <= scored.upper)
    order = np.argsort(scored.value, kind="stable")
    rows, figures = [], []
    for part in np.array_split(order, 5):
        if len(part):
            wide = float(np.median(scored.upper[part] - scored.lower[part]))
            held = float(inside[part].mean())
            rows.append([number(float(scored.value[part].max())), whole(len(part)), share(held), number(wide)])
            figures.append({"up_to": float(scored.value[part].max()), "inside": held, "width": wide})
    measured = subject.report["metrics"].get("coverage", {}).get("value")
    stated = "" if measured is None else f" The training measured {share(measured)} before the test rows were added."
    text = (
        f"Of the actual amounts of the test rows {share(float(inside.mean()))} lie inside the 90% intervals of the "
        f"registered model, which was fitted on them too.{stated}"
    )
    table = Table("By the size of the answer", [">answers up to", ">loans", ">inside", ">middle width"], rows)
    return Chapter(name, title, [Text(text), table], {"inside": float(inside.mean()), "fifths": figures})

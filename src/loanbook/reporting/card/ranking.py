"""How well it tells bad loans from good ones: ROC, precision and recall, gains, and the scores of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loanbook.evaluation.curves import Heap, Ranked, Tenth, by_outcome, gains_table, ranked
from loanbook.evaluation.metrics import auc
from loanbook.reporting.card.subject import Subject
from loanbook.reporting.drawing import ACCENT, INK, QUIET, Still, percent_axis
from loanbook.reporting.parts import Block, Chapter, Picture, Table, Text
from loanbook.reporting.wording import figure, share, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FLOOR = "one_rule"
_POINTS = 21  # rows of a table beside a curve


def ranking(subject: Subject) -> Chapter:
    """All four pictures, of the chosen rung beside the one rule."""
    name, title = "ranking", "How well it tells bad loans from good ones"
    y, p = subject.y, subject.said()
    if not 0 < y.sum() < len(y):
        return Chapter.absent(name, title, "The test rows hold loans of one outcome only: there is nothing to rank.")
    found, heap, tenths = ranked(y, p), by_outcome(y, p), gains_table(y, p)
    rule = ranked(y, subject.said(FLOOR)) if subject.has(FLOOR) and subject.rung != FLOOR else None
    widest = found.widest
    caught, disturbed = found.caught[widest], found.disturbed[widest]
    text = (
        f"The widest distance between good and bad loans (KS) is {share(caught - disturbed)}: flagging every loan "
        f"from {share(found.cutoffs[widest])} on catches {share(caught)} of the bad loans and {share(disturbed)} of "
        "the good ones."
    )
    blocks: list[Block] = [Text(text), _roc(y, p, found, rule), _precision(y, found), _gains(tenths), _scores(heap)]
    figures = {
        "auc": auc(y, p),
        "average_precision": found.average_precision,
        "ks": float(found.caught[widest] - found.disturbed[widest]),
        "ks_cutoff": float(found.cutoffs[widest]),
        "gains": [{slot: getattr(one, slot) for slot in Tenth.__slots__} for one in tenths],
        "scores": {"edges": heap.edges.tolist(), **{kind: part.tolist() for kind, part in heap.counts.items()}},
    }
    return Chapter(name, title, blocks, figures)


def _roc(y: np.ndarray, p: np.ndarray, found: Ranked, rule: Ranked | None) -> Picture:
    def paint(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle=(0, (4, 3)), label="chance")
        if rule is not None:
            few = rule.thin(200)
            axes.plot(few.disturbed, few.caught, color=QUIET, linewidth=1.3, label="one rule")
        few = found.thin(200)
        axes.plot(few.disturbed, few.caught, color=ACCENT, label="model")
        axes.set_xlabel("share of good loans flagged")
        axes.set_ylabel("share of bad loans flagged")
        axes.legend(loc="lower right")
        percent_axis(axes.xaxis)
        percent_axis(axes.yaxis)

    shown = found.thin(_POINTS)
    rows = [
        [share(cut) if np.isfinite(cut) else "none", share(bad), share(good)]
        for cut, bad, good in zip(shown.cutoffs, shown.caught, shown.disturbed, strict=True)
    ]
    at = int(np.searchsorted(found.disturbed, 0.2))
    alt = (
        f"ROC curve with an area of {figure(auc(y, p))}. Where 20% of the good loans are flagged, "
        f"{share(found.caught[min(at, len(found.caught) - 1)], 0)} of the bad ones are."
    )
    table = Table("ROC curve: what each cut-off flags", [">flagged from", ">bad loans", ">good loans"], rows)
    return Picture("ROC curve", alt, Still(paint, height=3.3), table, f"Area under the curve {figure(auc(y, p))}.")


def _precision(y: np.ndarray, found: Ranked) -> Picture:
    base = float(y.mean())

    def paint(axes: Axes) -> None:
        few = found.thin(200)
        axes.axhline(base, color=QUIET, linewidth=1, linestyle=(0, (4, 3)), label="flagging at random")
        axes.plot(few.caught[1:], few.precision[1:], color=ACCENT, label="model")
        axes.set_xlabel("share of bad loans caught (recall)")
        axes.set_ylabel("bad among the flagged (precision)")
        axes.set_ylim(0, 1.02)
        axes.legend(loc="upper right")
        percent_axis(axes.xaxis)
        percent_axis(axes.yaxis)

    shown = found.thin(_POINTS)
    rows = [
        [share(flagged), share(caught), share(precision)]
        for flagged, caught, precision in zip(shown.flagged, shown.caught, shown.precision, strict=True)
    ]
    note = f"An average precision of {figure(found.average_precision)}, at random {figure(base)}."
    alt = f"Precision against recall. {note}"
    table = Table("Precision and recall", [">loans flagged", ">bad loans caught", ">bad among the flagged"], rows)
    return Picture("Precision and recall", alt, Still(paint, height=3.3), table, note)


def _gains(tenths: tuple[Tenth, ...]) -> Picture:
    seen = np.cumsum([0, *(one.loans for one in tenths)]) / sum(one.loans for one in tenths)

    def paint(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle=(0, (4, 3)), label="at random")
        axes.plot(seen, [0, *(one.caught for one in tenths)], "o-", color=ACCENT, markersize=4, label="model")
        axes.set_xlabel("loans looked at, riskiest first")
        axes.set_ylabel("bad loans among them")
        axes.legend(loc="lower right")
        percent_axis(axes.xaxis)
        percent_axis(axes.yaxis)

    rows = [
        [share(end, 0), whole(one.loans), whole(one.bads), share(one.bad_rate), share(one.caught), figure(one.lift, 2)]
        for end, one in zip(seen[1:], tenths, strict=True)
    ]
    first = tenths[0]
    alt = (
        f"Gains: the riskiest {share(seen[1], 0)} of the loans hold {share(first.caught, 0)} of the bad ones, "
        f"{figure(first.lift, 2)} times as many as a random choice."
    )
    columns = [">riskiest", ">loans", ">bad", ">bad rate", ">caught so far", ">lift"]
    return Picture(
        "Gains and lift", alt, Still(paint), Table("Gains and lift by tenths", columns, rows), alt[7:].capitalize()
    )


def _scores(heap: Heap) -> Picture:
    good, bad = heap.counts["good"], heap.counts["bad"]
    shares = {"good": good / max(1, good.sum()), "bad": bad / max(1, bad.sum())}

    def paint(axes: Axes) -> None:
        axes.stairs(shares["good"], heap.edges, color=QUIET, fill=True, alpha=0.25)
        axes.stairs(shares["good"], heap.edges, color=QUIET, linewidth=1.4, label="good loans")
        axes.stairs(shares["bad"], heap.edges, color=ACCENT, linewidth=1.8, label="bad loans")
        axes.set_xlabel("probability of default")
        axes.set_ylabel("share of each kind")
        axes.legend(loc="upper right", labelcolor=INK)
        percent_axis(axes.xaxis)
        percent_axis(axes.yaxis)

    rows = [
        [f"{share(low)} to {share(high)}", whole(goods), whole(bads)]
        for low, high, goods, bads in zip(heap.edges, heap.edges[1:], good, bad, strict=False)
    ]
    middle = float(heap.edges[int(np.searchsorted(np.cumsum(shares["bad"]), 0.5))])
    alt = f"Probabilities of good and of bad loans. Half of the bad loans lie above about {share(middle)}."
    table = Table("Loans by probability of default and outcome", ["probability", ">good", ">bad"], rows)
    return Picture("Scores by outcome", alt, Still(paint), table)

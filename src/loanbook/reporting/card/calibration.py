"""Whether what was promised came: calibration in bins of equal mass, and what chance alone would show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from loanbook.evaluation.curves import Bin, calibration_bins
from loanbook.evaluation.metrics import calibration_error
from loanbook.reporting.card.subject import Subject
from loanbook.reporting.drawing import ACCENT, QUIET, Still, percent_axis
from loanbook.reporting.parts import Block, Chapter, Picture, Table, Text
from loanbook.reporting.wording import figure, share, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALLOWED = 0.01
"""What the calibration error may lie above its floor and still count as calibrated."""


def calibration(subject: Subject) -> Chapter:
    """Ten bins with their intervals, the error and its floor."""
    y, p = subject.y, subject.said()
    bins, error, floor = calibration_bins(y, p), calibration_error(y, p), subject.floor
    blocks: list[Block] = [Text(verdict(error, floor, len(y))), _picture(bins)]
    method = getattr(subject.model.output, "method", "")
    if method:
        blocks.append(Text(_chosen(method), "quiet"))
    figures = {
        "calibration_error": error,
        "sampling_floor": floor,
        "method": method or None,
        "bins": [{slot: getattr(one, slot) for slot in Bin.__slots__} for one in bins],
    }
    return Chapter("calibration", "Whether its probabilities came true", blocks, figures)


def _chosen(method: str) -> str:
    if method == "none":
        return "No calibration did better than none on rows that the model was not fitted on, so none is used."
    return f"Method of calibration, chosen on rows that the model was not fitted on: {method}."


def verdict(error: float, floor: float, rows: int) -> str:
    """What the calibration error says, beside its floor."""
    start = (
        f"The expected calibration error is {figure(error)}; a perfect model would show {figure(floor)} on {rows:,} "
        "loans by chance alone (simulated)."
    )
    if error <= floor + ALLOWED:
        return f"{start} Its probabilities can be taken at their word."
    return f"{start} The ranking may be used; the probabilities were {share(error)} off on average, on these loans."


def _picture(bins: Sequence[Bin]) -> Picture:
    top = max(max(one.observed_high, one.promised) for one in bins) * 1.05

    def paint(axes: Axes) -> None:
        axes.plot([0, top], [0, top], color=QUIET, linewidth=1, linestyle=(0, (4, 3)), label="as promised")
        low = [one.observed - one.observed_low for one in bins]
        high = [one.observed_high - one.observed for one in bins]
        promised, observed = [one.promised for one in bins], [one.observed for one in bins]
        axes.errorbar(
            promised, observed, yerr=[low, high], fmt="o", color=ACCENT, markersize=5, linewidth=1.4, label="observed"
        )
        axes.set_xlim(0, top)
        axes.set_ylim(0, top)
        axes.set_xlabel("promised: mean probability of default")
        axes.set_ylabel("observed: share of bad loans")
        axes.legend(loc="upper left")
        percent_axis(axes.xaxis)
        percent_axis(axes.yaxis)

    rows = [
        [
            f"{share(one.low)} to {share(one.high)}",
            whole(one.loans),
            share(one.promised),
            share(one.observed),
            f"{share(one.observed_low)} to {share(one.observed_high)}",
        ]
        for one in bins
    ]
    above = sum(one.observed_low > one.promised for one in bins)
    below = sum(one.observed_high < one.promised for one in bins)
    alt = (
        f"Observed against promised share of bad loans in {len(bins)} bins of equal size. In {above} more went bad "
        f"than promised, in {below} fewer, beyond their 90% intervals."
    )
    columns = ["probabilities", ">loans", ">promised", ">observed", ">90% interval"]
    table = Table("Promised and observed share of bad loans", columns, rows)
    return Picture("Promised and observed", alt, Still(paint, height=3.6), table, alt.partition(". ")[2])

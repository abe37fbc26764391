"""What `loanbook study` found, where it was run: more loans, remedies for overfitting, preparation of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from loanbook.reporting.card.subject import Subject
from loanbook.reporting.drawing import ACCENT, QUIET, Still, number_axis
from loanbook.reporting.parts import Block, Chapter, Picture, Table, Text
from loanbook.reporting.wording import figure, plural, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def studies(subject: Subject) -> Chapter | None:
    """A table or a picture of each study of this use case."""
    kept = {name: found for name in _SHOWN if (found := subject.study(name))}
    blocks: list[Block] = []
    for name, found in kept.items():
        blocks += _SHOWN[name](found)
    return Chapter("studies", "What was studied beside it", blocks, kept) if blocks else None


def _learning(found: Mapping[str, Any]) -> list[Block]:
    blocks: list[Block] = []
    for rung in found["rungs"]:
        if "skipped" not in rung:
            blocks += [Text(str(rung["sentence"])), _curve(rung)]
    return blocks


def _curve(rung: Mapping[str, Any]) -> Picture:
    curve = rung["curve"]

    def paint(axes: Axes) -> None:
        rows = [at["rows"] for at in curve]
        axes.plot(rows, [at["train"] for at in curve], "o--", color=QUIET, markersize=3, linewidth=1.2, label="taught")
        off = [1.645 * at["error"] for at in curve]
        held = [at["validation"] for at in curve]
        axes.errorbar(rows, held, yerr=off, fmt="o-", color=ACCENT, markersize=4, linewidth=1.6, label="held out")
        axes.set_xlabel("loans that taught")
        axes.set_ylabel("AUC")
        axes.legend(loc="best")
        number_axis(axes.xaxis)
        number_axis(axes.yaxis)

    last = curve[-1]
    alt = (
        f"Learning curve of {rung['title']}: on {plural(last['rows'], 'loan')} its AUC on rows held out is "
        f"{figure(last['validation'])}, on those that taught {figure(last['train'])}."
    )
    rows = [[whole(a["rows"]), figure(a["train"], 4), figure(a["validation"], 4), figure(a["error"], 4)] for a in curve]
    table = Table(alt, [">loans", ">on those that taught", ">on rows held out", ">± s.e."], rows)
    return Picture(f"More loans: {rung['title']}", alt, Still(paint), table)


def _remedies(found: Mapping[str, Any]) -> list[Block]:
    rows = []
    for one in found["remedies"]:
        if "skipped" in one:
            rows.append([one["title"], one["skipped"], *[""] * 6])
            continue
        before, after = one["before"], one["after"]
        figures = [figure(side[key]) for key in ("validation", "gap") for side in (before, after)]
        rows.append([one["title"], f"{before['model']} → {after['model']}", *figures, _difference(one), one["verdict"]])
    columns = ["remedy", "~model", ">held out, before", ">after", ">gap, before", ">after ", ">difference", "~verdict"]
    note = "AUC. Gap: what was promised on the rows that taught and not kept on rows held out."
    return [Table("Remedies for overfitting, before and after", columns, rows), Text(note, "quiet")]


def _preparation(found: Mapping[str, Any]) -> list[Block]:
    rows = []
    for one in found["treatments"]:
        head = [one["title"], one["rung"]]
        if "skipped" in one:
            rows.append([*head, "", "", "", f"does not apply: {one['skipped']}"])
            continue
        surplus = one["calibration"]["surplus"]
        moved = f"{surplus['before']:+.3f} → {surplus['after']:+.3f}"
        figures = [_difference(one["figures"][name]) for name in ("auc", "log_loss")]
        rows.append([*head, *figures, moved, one["verdict"]])
    columns = ["treatment", "model", ">AUC", ">log-loss", ">predicted − observed", "~verdict"]
    note = "Differences to no treatment, paired over the same folds, ± standard error; more is better."
    return [Table("What preparing the data buys", columns, rows), Text(note, "quiet")]


def _difference(one: Mapping[str, Any]) -> str:
    return f"{one['difference']:+.4f} ± {one['error']:.4f}"


_SHOWN: Mapping[str, Callable[[Mapping[str, Any]], list[Block]]] = {
    "learning": _learning,
    "remedies": _remedies,
    "preparation": _preparation,
}

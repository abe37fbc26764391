"""The table as a whole: its size, what is wrong with it, what became of the loans over time, and what tells most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from loanbook.data.fields import as_day
from loanbook.evaluation.association import pairs
from loanbook.evaluation.portrait import Target, by_period, mean_of
from loanbook.reporting.drawing import ACCENT, LINE, Still, bars, bars_height, number_axis, percent_axis
from loanbook.reporting.parts import Block, Chapter, Facts, Picture, Points, Table, Text
from loanbook.reporting.profile.sheet import Sheet
from loanbook.reporting.wording import clipped, figure, listed, number, plural, share, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN = 12


def lead(sheet: Sheet) -> list[str]:
    """The sentences above all chapters."""
    table, known = sheet.table, sheet.target.known
    first = f"{plural(table.height, 'row')} and {plural(table.width, 'column')} for “{sheet.usecase.question}”"
    if not known.any():
        return [f"{first}; no outcome is known yet."]
    mean = float(sheet.target.values[known].mean())
    said = f"{share(mean)} of them went bad" if sheet.target.share else f"{number(mean)} on average"
    return [f"{first} {plural(int(known.sum()), 'outcome')} {'is' if known.sum() == 1 else 'are'} known: {said}."]


def overview(sheet: Sheet) -> Chapter:
    """Size, kinds, gaps."""
    kinds: dict[str, int] = {}
    for name in sheet.table.columns:
        kinds[sheet.types[name].kind] = kinds.get(sheet.types[name].kind, 0) + 1
    cells = sheet.table.height * sheet.table.width
    missing = sum(one.missing for one in sheet.portraits)
    facts = [
        ("Table", clipped(sheet.section.data.paths or "the query", 80)),
        ("Rows", whole(sheet.table.height)),
        ("Columns", whole(sheet.table.width)),
        ("Kinds", listed([f"{count} {kind}" for kind, count in sorted(kinds.items())])),
        ("Empty cells", share(missing / max(1, cells))),
        ("Models may see", plural(sum(map(sheet.seen, sheet.table.columns)), "column")),
    ]
    days = sheet.days
    if days is not None and not np.isnan(days).all():
        facts.append(("Decided", f"{as_day(float(np.nanmin(days)))} to {as_day(float(np.nanmax(days)))}"))
    figures = {
        "rows": sheet.table.height,
        "columns": sheet.table.width,
        "kinds": kinds,
        "empty": missing / max(1, cells),
    }
    return Chapter("overview", "The table", [Facts(facts)], figures)


def warnings(sheet: Sheet) -> Chapter:
    """What the check finds, and what looks as if it were known only later."""
    found = [str(finding) for finding in sheet.findings]
    late = [f"{one.column} may be known only after the decision: {one.evidence}" for one in sheet.suspects]
    blocks: list[Block] = []
    if late:
        blocks += [Text("Put these under “ignore” in the book, unless they are known when the loan is asked for:")]
        blocks.append(Points(late))
    if found:
        blocks.append(Points(found))
    if not blocks:
        blocks.append(Text("The check finds nothing to warn of."))
    figures = {
        "findings": [
            {"check": one.check, "column": one.column, "severity": one.severity, "count": one.count, "what": one.what}
            for one in sheet.findings
        ],
        "suspects": [{"column": one.column, "kind": one.kind, "evidence": one.evidence} for one in sheet.suspects],
    }
    return Chapter("warnings", "What to look at first", blocks, figures)


def over_time(sheet: Sheet) -> Chapter | None:
    """The target by year of the decision, or by month where there are hardly any years."""
    if sheet.days is None:
        return None
    unit, periods = by_period(sheet.days)
    found = [_at(sheet.target, name, rows) for name, rows in periods]
    known = [one for one in found if one.known]
    if len(known) < 2:
        return Chapter.absent("time", "Over time", "The outcomes that are known lie within one month.")
    write, word = share if sheet.target.share else number, clipped(sheet.word, 40)
    most, least = max(known, key=lambda one: one.mean), min(known, key=lambda one: one.mean)
    alt = (
        f"The {word} by {unit} of the decision: from {write(least.mean)} in {least.name} to {write(most.mean)} in "
        f"{most.name}."
    )
    cells = [
        [one.name, whole(one.rows), whole(one.known), write(one.mean), f"{write(one.low)} to {write(one.high)}"]
        for one in found
    ]
    table = Table(alt, [unit, ">rows", ">with outcome", f">{word}", ">90% interval"], cells)
    still = Still(_over_time(known, unit, word, share=sheet.target.share))
    note = (
        "Where only finished loans are in the table, the last look too good (late losses are not in yet) or too "
        "bad (losses come before the last instalment)."
    )
    picture = Picture(f"{word[:1].upper()}{word[1:]} by {unit}", alt, still, table)
    figures = {"unit": unit, "periods": [asdict(one) for one in found]}
    return Chapter("time", "Over time", [Text(alt), picture, Text(note, "quiet")], figures)


@dataclass(frozen=True, slots=True)
class _Period:
    """A year or a month: its rows, those with an outcome, and their mean with its interval."""

    name: str
    rows: int
    known: int
    mean: float
    low: float
    high: float


def _at(target: Target, name: str, rows: NDArray[np.intp]) -> _Period:
    seen = target.values[rows][target.known[rows]]
    return _Period(name, len(rows), len(seen), *mean_of(seen, share=target.share))


def _over_time(known: Sequence[_Period], unit: str, word: str, *, share: bool) -> Callable[[Axes], None]:
    def paint(axes: Axes) -> None:
        places = range(len(known))
        top, most = max(one.high for one in known), max(one.rows for one in known)
        axes.bar(places, [0.3 * top * one.rows / most for one in known], color=LINE, width=0.8)
        axes.plot(places, [one.mean for one in known], "o-", color=ACCENT, markersize=4)
        low, high = [one.low for one in known], [one.high for one in known]
        axes.fill_between(places, low, high, color=ACCENT, alpha=0.18, linewidth=0)
        axes.set_ylim(min(0.0, *low), top * 1.08)
        axes.set_xlabel(f"{unit} of the decision; grey: how many loans")
        axes.set_ylabel(clipped(word, 30))
        step = -(-len(known) // 6)
        axes.set_xticks(list(places)[::step], [one.name for one in known[::step]])
        percent_axis(axes.yaxis) if share else number_axis(axes.yaxis)

    return paint


def strongest(sheet: Sheet) -> Chapter:
    """Which columns tell most about the target, each by itself, and which tell the same."""
    found = [one for one in sheet.portraits if not np.isnan(one.strength)]
    if not found:
        return Chapter.absent(
            "strongest", "What tells most", "Loans of both outcomes are needed to say which columns tell."
        )
    late = {one.column: one.evidence for one in sheet.suspects}
    order = sorted(found, key=lambda one: -one.strength)
    title = "information value" if sheet.target.share else "share of the variance"
    rows = [
        [
            clipped(one.name),
            figure(one.strength),
            sheet.role(one.name) or ("may be known only later" if one.name in late else ""),
        ]
        for one in order
    ]
    shown = [one for one in order if sheet.seen(one.name)][:_SHOWN]
    blocks: list[Block] = [Text(_says(sheet))]
    if shown:
        first = ", ".join(f"{clipped(one.name, 30)} {figure(one.strength, 2)}" for one in shown[:4])
        alt = f"Columns that models may see, by {title}: {first}."

        def paint(axes: Axes) -> None:
            bars(axes, [one.name for one in shown], [one.strength for one in shown], title)
            number_axis(axes.xaxis)

        table = Table(f"All columns by {title}", ["column", f">{title}", "in the book"], rows)
        blocks.append(Picture("What tells most", alt, Still(paint, height=bars_height(len(shown))), table))
    same = _same(sheet)
    if same:
        columns = ["one column", "other column", ">rank correlation"]
        blocks.append(Table("Columns of numbers that move together (0.8 and more)", columns, same))
    figures = {"strength": {one.name: one.strength for one in order}, "pairs": same}
    return Chapter("strongest", "What tells most", blocks, figures)


def _says(sheet: Sheet) -> str:
    if sheet.target.share:
        return (
            "Information value (Good, 1950) of each column by itself, over its ten bands: below 0.02 it tells nothing, "
            "from 0.3 on much; what tells more than 1 is often known only later."
        )
    return "Share of the target's variance that lies between the ten bands of each column by itself."


def _same(sheet: Sheet) -> list[Sequence[str]]:
    columns = [(one.name, one.values) for one in sheet.portraits if one.ordered and sheet.seen(one.name)][:60]
    return [[clipped(one.first), clipped(one.second), f"{one.correlation:+.2f}"] for one in pairs(columns)]

"""The table as a whole: its size, what is wrong with it, what became of the loans over time, and what tells most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from loanbook.data.fields import as_day
from loanbook.evaluation.association import pairs
from loanbook.evaluation.portrait import by_year, mean_of
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
    """The target by year of the decision."""
    if sheet.days is None:
        return None
    target = sheet.target
    years = []
    for year, rows in by_year(sheet.days):
        seen = target.values[rows][target.known[rows]]
        years.append((year, len(rows), len(seen), *mean_of(seen, share=target.share)))
    known = [one for one in years if one[2]]
    if len(known) < 2:
        return Chapter.absent("time", "Over time", "The outcomes that are known lie within one year.")
    write = share if target.share else number

    def paint(axes: Axes) -> None:
        places = [one[0] for one in known]
        top = max(one[5] for one in known)
        most = max(one[1] for one in known)
        axes.bar(places, [0.3 * top * one[1] / most for one in known], color=LINE, width=0.8)
        axes.plot(places, [one[3] for one in known], "o-", color=ACCENT, markersize=4)
        axes.fill_between(places, [o[4] for o in known], [o[5] for o in known], color=ACCENT, alpha=0.18, linewidth=0)
        axes.set_ylim(0, top * 1.08)
        axes.set_xlabel("year of the decision; grey: how many loans")
        axes.set_ylabel(clipped(sheet.word, 30))
        step = -(-len(places) // 6)
        axes.set_xticks(places[::step], [str(place) for place in places[::step]])
        percent_axis(axes.yaxis) if target.share else number_axis(axes.yaxis)

    most, least = max(known, key=lambda one: one[3]), min(known, key=lambda one: one[3])
    word = clipped(sheet.word, 40)
    alt = f"The {word} by year of the decision: from {write(least[3])} in {least[0]} to {write(most[3])} in {most[0]}."
    cells = [
        [str(year), whole(count), whole(seen), write(mean), f"{write(low)} to {write(high)}"]
        for year, count, seen, mean, low, high in years
    ]
    columns = ["year", ">rows", ">with outcome", f">{word}", ">90% interval"]
    picture = Picture(f"{word[:1].upper()}{word[1:]} by year", alt, Still(paint), Table(alt, columns, cells))
    note = (
        "Where only finished loans are in the table, the last years look too good (late losses are not in yet) or too "
        "bad (losses come before the last instalment)."
    )
    names = ("year", "rows", "known", "mean", "low", "high")
    figures = {"years": [dict(zip(names, one, strict=True)) for one in years]}
    return Chapter("time", "Over time", [Text(alt), picture, Text(note, "quiet")], figures)


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

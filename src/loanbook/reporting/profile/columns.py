"""A card for every column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loanbook.data.fields import as_day
from loanbook.errors import LoanbookError
from loanbook.evaluation.portrait import QUANTILES, Portrait
from loanbook.features.ratios import is_label
from loanbook.reporting.drawing import ACCENT, LINE, Still, bars_height, number_axis, percent_axis
from loanbook.reporting.drawing import bars as named_bars
from loanbook.reporting.parts import Block, Card, Cards, Chapter, Facts, Picture, Table
from loanbook.reporting.profile.sheet import Sheet
from loanbook.reporting.wording import NOTHING, clipped, compact, figure, is_figure, number, plural, share, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PICTURED = 60  # columns; beyond, a card has tables alone
_SMALL = 3.7  # inches: a card is narrower than a page
_CLEAR = 0.25  # of the stability index


def columns(sheet: Sheet) -> Chapter:
    """All of them, in the order of the table."""
    cards = []
    for place, one in enumerate(sheet.portraits):
        cards.append(_card(sheet, one, pictured=place < _PICTURED))
    figures = {one.name: _plain(sheet, one) for one in sheet.portraits}
    return Chapter("columns", "Column by column", [Cards(cards)], {"columns": figures})


def _card(sheet: Sheet, one: Portrait, *, pictured: bool) -> Card:
    role = sheet.role(one.name)
    about = f"{one.kind}{', ' + role if role else ''}"
    blocks: list[Block] = [Facts(_facts(sheet, one))]
    if one.name == sheet.section.id:
        return Card(clipped(one.name, 80), about, blocks)
    if pictured and one.rows > one.missing:
        if one.ordered and one.distinct > 1:
            blocks.append(_histogram(one))
        blocks.append(_along(sheet, one))
    elif one.bands:
        blocks.append(_bands_table(sheet, one))
    if one.years and any(year.rows for year in one.years):
        blocks.append(_years(one))
    return Card(clipped(one.name, 80), about, blocks)


def _facts(sheet: Sheet, one: Portrait) -> list[tuple[str, str]]:
    facts = [("Missing", _part(one.missing, one.rows)), ("Different values", whole(one.distinct))]
    if one.unreadable:
        facts.append(("Not readable", _part(one.unreadable, one.rows)))
    if one.ordered:
        ends = [_value(one, one.quantiles[at]) for at in (0.0, 0.5, 1.0)]
        facts += [("Lowest", ends[0]), ("Middle", ends[1]), ("Highest", ends[2])]
    if is_figure(one.strength):
        facts.append(("Information value" if sheet.target.share else "Share of variance", figure(one.strength)))
    if is_figure(one.drift):
        facts.append(("Drift (PSI)", f"{figure(one.drift, 2)}{', clear' if one.drift >= _CLEAR else ''}"))
    return facts


def _part(count: int, rows: int) -> str:
    return f"{whole(count)} ({share(count / rows)})" if count else "none"


def _value(one: Portrait, value: float) -> str:
    if not is_figure(value):
        return NOTHING
    if one.kind == "date":
        return as_day(value)
    return f"{value:.15g}" if is_label(one.name) else number(value)


def _short(one: Portrait, value: float) -> str:
    return as_day(value)[:7] if one.kind == "date" else compact(value)


def _histogram(one: Portrait) -> Picture:
    def paint(axes: Axes) -> None:
        axes.stairs(one.counts, one.edges, fill=True, color=ACCENT, alpha=0.75)
        ticks = np.linspace(one.edges[0], one.edges[-1], 3)
        axes.set_xticks(ticks, [_short(one, float(tick)) for tick in ticks])
        axes.set_ylabel("rows")
        number_axis(axes.yaxis)

    low, middle, high = (_value(one, one.quantiles[at]) for at in (0.05, 0.5, 0.95))
    alt = f"Histogram of {clipped(one.name, 40)}: the middle is {middle}; nine tenths lie from {low} to {high}."
    rows = [[f"{at:.0%}", _value(one, one.quantiles[at])] for at in QUANTILES]
    table = Table(f"Quantiles of {clipped(one.name, 40)}", [">of the rows", ">are at most"], rows)
    return Picture(f"Spread of {clipped(one.name, 30)}", alt, Still(paint, height=1.9, width=_SMALL), table)


def _along(sheet: Sheet, one: Portrait) -> Picture:
    """The target along the bands, or how many rows lie in each where it is the target itself."""
    known = [band for band in one.bands if is_figure(band.mean)]
    if not known:
        return _rows(one)
    word, write = clipped(sheet.word, 30), share if sheet.target.share else number
    most, least = max(known, key=lambda band: band.mean), min(known, key=lambda band: band.mean)
    alt = (
        f"{word[:1].upper()}{word[1:]} along {clipped(one.name, 40)}: lowest at {clipped(least.label, 40)} with "
        f"{write(least.mean)}, highest at {clipped(most.label, 40)} with {write(most.mean)}."
    )
    title = f"{word[:1].upper()}{word[1:]} by {clipped(one.name, 30)}"
    paint = _line(sheet, one) if one.ordered and len(known) > 2 else _levels(sheet, one)
    height = 2.1 if one.ordered and len(known) > 2 else bars_height(len(known))
    return Picture(title, alt, Still(paint, height=height, width=_SMALL), _bands_table(sheet, one))


def _line(sheet: Sheet, one: Portrait) -> Any:
    known = [band for band in one.bands if is_figure(band.mean) and is_figure(band.low)]

    def paint(axes: Axes) -> None:
        places = np.arange(len(known))
        top = max(band.mean_high for band in known) or 1.0
        most = max(band.rows for band in known)
        axes.bar(places, [0.25 * top * band.rows / most for band in known], color=LINE, width=0.85)
        off = [[b.mean - b.mean_low for b in known], [b.mean_high - b.mean for b in known]]
        axes.errorbar(places, [b.mean for b in known], yerr=off, fmt="o-", color=ACCENT, markersize=3.5, linewidth=1.4)
        axes.set_ylim(min(0.0, *(band.mean_low for band in known)), top * 1.08)
        step = max(1, -(-len(known) // 3))
        axes.set_xticks(places[::step], [f"≤ {_short(one, band.high)}" for band in known[::step]])
        percent_axis(axes.yaxis) if sheet.target.share else number_axis(axes.yaxis)

    return paint


def _levels(sheet: Sheet, one: Portrait) -> Any:
    known = [band for band in one.bands if is_figure(band.mean)]

    def paint(axes: Axes) -> None:
        labels = [f"{clipped(band.label, 15)} ({compact(band.rows)})" for band in known]
        named_bars(axes, labels, [band.mean for band in known], f"{clipped(sheet.word, 20)}; in brackets: rows")
        percent_axis(axes.xaxis) if sheet.target.share else number_axis(axes.xaxis)

    return paint


def _rows(one: Portrait) -> Picture:
    def paint(axes: Axes) -> None:
        named_bars(axes, [clipped(band.label, 20) for band in one.bands], [band.rows for band in one.bands], "rows")
        number_axis(axes.xaxis)

    first = max(one.bands, key=lambda band: band.rows)
    alt = f"Rows by {clipped(one.name, 40)}: most, {whole(first.rows)}, at {clipped(first.label, 40)}."
    rows = [[clipped(band.label), whole(band.rows), share(band.rows / one.rows)] for band in one.bands]
    table = Table(f"Rows by {clipped(one.name, 40)}", ["value", ">rows", ">share"], rows)
    picture = Still(paint, height=bars_height(len(one.bands)), width=_SMALL)
    return Picture(f"Rows by {clipped(one.name, 30)}", alt, picture, table)


def _bands_table(sheet: Sheet, one: Portrait) -> Table:
    write = share if sheet.target.share else number
    rows = [
        [
            clipped(band.label),
            whole(band.rows),
            share(band.rows / one.rows),
            write(band.mean),
            f"{write(band.mean_low)} to {write(band.mean_high)}" if is_figure(band.mean) else NOTHING,
        ]
        for band in one.bands
    ]
    names = ["value", ">rows", ">share", f">{clipped(sheet.word, 30)}", ">90% interval"]
    return Table(f"Rows and outcomes by {clipped(one.name, 40)}", names, rows)


def _years(one: Portrait) -> Table:
    first = clipped(one.bands[0].label, 30) if one.bands else ""
    middle = "middle" if one.ordered else f"share of {first}"
    rows = [
        [
            str(year.year),
            whole(year.rows),
            share(year.missing),
            _value(one, year.middle) if one.ordered else share(year.first),
        ]
        for year in one.years
    ]
    return Table(
        f"{clipped(one.name, 40)} by year of the decision",
        ["year", ">rows", ">missing", f">{middle}"],
        rows,
        folded=True,
    )


def _plain(sheet: Sheet, one: Portrait) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "role": sheet.role(one.name) or None,
        "missing": one.missing,
        "unreadable": one.unreadable,
        "distinct": one.distinct,
        "quantiles": {f"{at:g}": value for at, value in one.quantiles.items()},
        "strength": one.strength,
        "drift": one.drift,
        "bands": [{"label": b.label, "rows": b.rows, "known": b.known, "mean": b.mean} for b in one.bands],
        "years": [{"year": y.year, "rows": y.rows, "missing": y.missing, "middle": y.middle} for y in one.years],
    }


def _near_copies(sheet: Sheet) -> int | None:
    """Rows that are nearly the same application as another; None where nothing could be learned of the table."""
    try:
        loans = sheet.usecase.learn(sheet.table, sheet.section, sheet.types)
    except LoanbookError:  # said under what to look at first
        return None
    return int(loans.copies.sum())


def repeated(sheet: Sheet) -> Chapter:
    """Rows that are there twice."""
    columns = [name for name in sheet.table.columns if name != sheet.section.id]
    table = sheet.table.select(sheet.table.get_column(name) for name in columns)
    twice = int((~table.to_struct("row").is_first_distinct()).sum()) if columns else 0
    facts = [("Rows equal to an earlier one", _part(twice, sheet.table.height))]
    ids = 0
    if sheet.section.id is not None:
        column = sheet.table[sheet.section.id].drop_nulls()
        ids = len(column) - column.n_unique()
        facts.append((f"Ids that come again ({clipped(sheet.section.id, 30)})", plural(ids, "row") if ids else "none"))
    copies = _near_copies(sheet)
    if copies is not None:
        facts.append(("Rows with a near-copy", _part(copies, sheet.table.height)))
    figures = {"equal_rows": twice, "repeated_ids": ids, "near_copies": copies}
    return Chapter("repeated", "Rows that are there twice", [Facts(facts)], figures)

"""What the model was compared with, what each rung is best in, and how much was learned by heart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from loanbook.evaluation.pareto import Criterion, Front, pareto
from loanbook.reporting.card.subject import Subject
from loanbook.reporting.card.summary import FIGURES
from loanbook.reporting.drawing import ACCENT, INK, QUIET, Still, number_axis
from loanbook.reporting.hover import Plot, scatter
from loanbook.reporting.parts import Block, Chapter, Picture, Table, Text
from loanbook.reporting.wording import NOTHING, between, clipped, figure, is_figure, listed, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def ladder(subject: Subject) -> Chapter:
    """Every rung, floor first, with intervals, and the sentence why."""
    report = subject.report
    said = [name for name in FIGURES if name in subject.ladder[0]["test"] and name != "majority_accuracy"]
    shown = [subject.headline, *(name for name in said if name != subject.headline)]
    columns = ["model", *(f">{FIGURES[name][0]}" for name in shown[:1]), ">90% interval", ">over the folds", ">± s.e."]
    columns += [f">{FIGURES[name][0]}" for name in shown[1:]]
    rows = [_row(rung, shown, subject.headline) for rung in subject.ladder]
    marked = frozenset(place for place, rung in enumerate(subject.ladder) if rung["name"] == subject.rung)
    blocks: list[Block] = [Text(str(report["why"]))]
    if picture := _against_floor(subject, shown[0]):
        blocks.append(picture)
    blocks.append(Table("The ladder, floor first", columns, rows, marked))
    blocks += [Text(line) for line in _not_measured(report["ladder"])]
    figures = {"why": report["why"], "rungs": report["ladder"]}
    return Chapter("ladder", "What it was compared with", blocks, figures)


def _not_measured(ladder: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each reason why rungs have no figures."""
    reasons: dict[str, list[str]] = {}
    for rung in ladder:
        if "test" not in rung:
            reasons.setdefault(str(rung["skipped"]), []).append(rung["title"])
    return [f"Not measured: {listed(titles)} ({why})." for why, titles in reasons.items()]


def _row(rung: Mapping[str, Any], shown: list[str], headline: str) -> list[str]:
    first, *others = (rung["test"].get(name, {}) for name in shown)
    folds, error = rung.get(f"fold_{headline}_mean"), rung.get(f"fold_{headline}_error")
    write = _writer(first.get("value"))
    head = [rung["title"], write(first.get("value")), between(first, write), write(folds), write(error)]
    return head + [_writer(one.get("value"))(one.get("value")) for one in others]


def _writer(value: Any) -> Any:
    return figure if not is_figure(value) or abs(value) < 10 else number


def _against_floor(subject: Subject, name: str) -> Picture | None:
    """The headline figure of every rung with its interval."""
    rungs = [rung for rung in subject.ladder if is_figure(rung["test"].get(name, {}).get("value"))]
    if len(rungs) < 2:
        return None
    title = FIGURES[name][0]

    def paint(axes: Axes) -> None:
        for place, rung in enumerate(rungs):
            found, chosen = rung["test"][name], rung["name"] == subject.rung
            colour = ACCENT if chosen else QUIET
            axes.plot([found["low"], found["high"]], [place, place], color=colour, linewidth=2.5)
            axes.plot([found["value"]], [place], "o", color=colour, markersize=6)
        axes.set_yticks(range(len(rungs)), [clipped(rung["title"], 28) for rung in rungs])
        axes.invert_yaxis()
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"{title} of the test rows, 90% interval", loc="right")
        number_axis(axes.xaxis)

    chosen = subject.report["metrics"][name]
    write = _writer(chosen["value"])
    alt = (
        f"{title} of {len(rungs)} rungs with their 90% intervals. {subject.title}, which was chosen, has "
        f"{write(chosen['value'])}, from {between(chosen, write)}."
    )
    rows = [[r["title"], *(write(r["test"][name][part]) for part in ("value", "low", "high"))] for r in rungs]
    table = Table(alt, ["model", f">{title}", ">from", ">to"], rows)
    return Picture(f"{title} by rung", alt, Still(paint, height=0.8 + 0.27 * len(rungs)), table)


def standings(subject: Subject) -> Chapter | None:
    """The Pareto table: what each rung is best in, and which are beaten throughout."""
    front = pareto(subject.report["ladder"])
    if len(front.criteria) < 2 or len(front.standings) < 2:
        return None
    titles = {one.name: one.title for one in front.standings}
    columns = ["model", *(f">{one.title}" for one in front.criteria), "~best in", "~beaten by"]
    rows = [
        [
            one.title,
            *(_written(criterion, one.figures[criterion.name]) for criterion in front.criteria),
            ", ".join(criterion.title for criterion in front.criteria if criterion.name in one.best_in) or NOTHING,
            ", ".join(titles[name] for name in one.beaten_by) or NOTHING,
        ]
        for one in front.standings
    ]
    marked = frozenset(place for place, one in enumerate(front.standings) if one.name == subject.rung)
    blocks: list[Block] = [Text(front.sentence(subject.rung))]
    if picture := _front_picture(subject, front):
        blocks.append(picture)
    units = "Gap: figure on the training rows less that on the test rows. CPU time: microseconds, reasons included."
    blocks += [Table("Accuracy is not all: every rung in everything", columns, rows, marked), Text(units, "quiet")]
    return Chapter("pareto", "What each rung is best in", blocks, front.to_json(subject.rung))


def _written(criterion: Criterion, value: float | None) -> str:
    """A figure with the digits that count."""
    return figure(value, criterion.digits) if criterion.digits >= 0 else number(value)


def _front_picture(subject: Subject, front: Front) -> Picture | None:
    """Accuracy against ease of understanding."""
    known = {one.name: one for one in front.criteria}
    first = front.criteria[0]
    points = [
        (one.title, float(one.figures["interpretability"]), float(one.figures[first.name]), one.name, one.on_front)  # type: ignore[arg-type]
        for one in front.standings
        if one.figures.get("interpretability") is not None and one.figures.get(first.name) is not None
    ]
    if "interpretability" not in known or len(points) < 2:
        return None

    def paint(axes: Axes) -> None:
        for _, x, y, name, best in points:
            colour = ACCENT if name == subject.rung else QUIET
            axes.plot([x], [y], "o", color=colour, markersize=7, fillstyle="full" if best else "none")
        for x, y, numbers in _labels([(x, y) for _, x, y, *_ in points]):
            axes.annotate(numbers, (x, y), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=9)
        axes.margins(0.08, 0.16)
        axes.set_xlabel("harder to understand →")
        axes.set_ylabel(first.title)
        number_axis(axes.yaxis)

    best = [title for title, *_, on_front in points if on_front]
    alt = (
        f"{first.title} against ease of understanding, a point a rung; filled where no rung beats it throughout: "
        f"{', '.join(best)}."
    )
    rows = [[title, number(x), figure(y), "no" if on else "yes"] for title, x, y, _, on in points]
    table = Table(alt, ["model", ">step", f">{first.title}", "beaten throughout"], rows)
    plot = Plot("pareto", "step of understanding (0 is simplest)", first.title)
    hover = scatter(plot, [(t, x, y) for t, x, y, *_ in points]) if subject.interactive else None
    note = "; ".join(f"{number} {point[0]}" for number, point in enumerate(points, start=1))
    return Picture(f"{first.title} against ease of understanding", alt, Still(paint), table, f"{note}.", hover)


def _labels(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float, str]]:
    """The number of each point; points that stand on each other share a label over the highest.

    >>> list(_labels([(0.0, 0.5), (7.0, 0.651), (7.0, 0.65), (9.0, 0.7)]))
    [(0.0, 0.5, '1'), (7.0, 0.651, '2, 3'), (9.0, 0.7, '4')]
    """
    heights = [y for _, y in points]
    near = 0.08 * (max(heights) - min(heights))
    left = list(enumerate(points, start=1))
    while left:
        _, (x, y) = left[0]
        here = [(number, at) for number, at in left if at[0] == x and abs(at[1] - y) <= near]
        left = [one for one in left if one not in here]
        yield x, max(at[1] for _, at in here), ", ".join(str(number) for number, _ in here)


def overfitting(subject: Subject) -> Chapter:
    """The gap between training and test rows, and the learning curve where there is one."""
    name = subject.headline
    title = FIGURES.get(name, (name, ""))[0]
    found = [(rung, _on_training(rung, name), rung["test"][name]["value"]) for rung in subject.ladder]
    known = [(rung, train, test) for rung, train, test in found if is_figure(train) and is_figure(test)]
    if not known:
        return Chapter.absent("overfitting", "Learned by heart", "The training kept no figures of its training rows.")

    def paint(axes: Axes) -> None:
        for place, (rung, train, test) in enumerate(known):
            colour = ACCENT if rung["name"] == subject.rung else QUIET
            axes.plot([train, test], [place, place], color=colour, linewidth=1.2)
            axes.plot([test], [place], "o", color=colour, markersize=6)
            axes.plot([train], [place], "o", color=colour, markersize=6, fillstyle="none")
        axes.set_yticks(range(len(known)), [clipped(rung["title"], 28) for rung, *_ in known])
        axes.invert_yaxis()
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"{title}: open on training, filled on test rows", loc="right")
        number_axis(axes.xaxis)

    write = _writer(known[0][2])
    chosen = next((gap for rung, *gap in known if rung["name"] == subject.rung), None)
    alt = f"{title} on training and on test rows for {len(known)} rungs."
    if chosen:
        alt += f" {subject.title}: {write(chosen[0])} and {write(chosen[1])}."
    rows = [[rung["title"], write(train), write(test), f"{rung['gap']:+.3f}"] for rung, train, test in known]
    marked = frozenset(place for place, (rung, *_) in enumerate(known) if rung["name"] == subject.rung)
    table = Table(alt, ["model", ">training rows", ">test rows", ">gap"], rows, marked)
    text = (
        "A wide gap of a forest is usual: it knows its training rows by heart, and that is harmless by itself. A wide "
        "gap of a simple rung says that the test rows come from other times than those that taught."
    )
    picture = Picture("Training against test", alt, Still(paint, height=0.8 + 0.27 * len(known)), table)
    blocks: list[Block] = [Text(text), picture]
    figures = {"headline": name, "rungs": [[rung["name"], train, test, rung["gap"]] for rung, train, test in known]}
    return Chapter("overfitting", "Learned by heart", blocks, figures)


def _on_training(rung: Mapping[str, Any], name: str) -> Any:
    return rung.get(f"train_{name}", rung.get("train"))

"""`loanbook leaderboard`: the benchmark of the last training, floor included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json, Usecase
from loanbook.cli.output import emit, say, table

_FIGURES = {
    "auc": "AUC",
    "gini": "Gini",
    "ks": "KS",
    "brier": "Brier",
    "log_loss": "log-loss",
    "calibration_error": "cal. error",
    "accuracy": "accuracy",
    "mae": "MAE",
    "rmse": "RMSE",
    "r2": "R²",
    "relative_error": "rel. error",
    "coverage": "coverage",
    "width": "width",
}
"""Figures of the test rows, by their name in JSON, as a table calls them."""

# What a narrow terminal does without, first to go first.
_SPARE = (
    *(">KS", ">Gini", ">log-loss", ">fit s", ">gap", ">cal. error", ">AUC random", ">± s.e.", ">Brier", ">accuracy"),
    *(">width", ">RMSE", ">MAE random", ">rel. error"),
)

_MANNERS: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "monotonicity": ("monotone", "{:.0%}".format),
    "reason_stability": ("same reason", "{:.0%}".format),
    "profit": ("profit", "{:,.0f}".format),
    "decision_cost": ("µs a decision", "{:,.0f}".format),
}
"""What the second table compares beside the headline, by criterion of `evaluation/pareto.py`."""


def command(usecase: Usecase = "risk", book: BookPath = DEFAULT_BOOK, json: Json = False) -> None:
    """Show the benchmark of the last training: every rung, floor first, with 90% intervals.

    Example: loanbook leaderboard
    """
    from loanbook.book import Book
    from loanbook.lifecycle import last_report
    from loanbook.usecases import find

    report = last_report(Book.load(book), find(usecase))
    if json:
        emit(report)
    else:
        show(report)


def show(report: Mapping[str, Any]) -> None:
    """Print a training's report: how the rows were split, the ladder, the choice, and what it is worth."""
    say(_split(report))
    say()
    _ladder(report)
    say()
    _tradeoffs(report)
    say()
    say(report["why"])
    say(report["worth"]["sentence"])
    if "best_cutoff" in report["worth"]:
        say(_cutoff(report["worth"]))
    for warning in report["warnings"]:
        say(f"Mind: {warning}.")


def _ladder(report: Mapping[str, Any]) -> None:
    """The figures of every rung, and why some have none."""
    headline = report.get("headline", "auc")
    title = _FIGURES[headline]
    first = next(rung for rung in report["ladder"] if "test" in rung)
    figures = [name for name in _FIGURES if name in first["test"]]
    columns = [
        "",
        "model",
        f">{title} folds",
        ">± s.e.",
        f">{title} random",
        *(f">{_FIGURES[name]}" for name in figures),
    ]
    columns += [f">{title} 90%", ">gap", ">fit s"]
    rows = [_row(rung, report["rung"], headline, figures) for rung in report["ladder"] if "skipped" not in rung]
    narrow = table(columns, rows, spare=_SPARE)
    for why, titles in _skipped(report["ladder"]).items():
        say(f"Not measured: {', '.join(titles)} ({why}).")
    for rung in report["ladder"]:
        if "tuning" in rung:
            say(_tuned(rung, title))
    if narrow:
        say(f"For {', '.join(narrow)}: a wider terminal, or --json.")
    say(
        f"{title} folds: of the rows before the test rows, what the choice rests on. {title} random: had all rows been "
        f"split at random. All else: of the test rows{_majority(first)}."
    )


def _tuned(rung: Mapping[str, Any], title: str) -> str:
    """Say what a search found."""
    trials, best = len(rung["tuning"]["trials"]), rung["tuning"]["best"]["config"]
    start = f"{rung['title']} was tuned with {trials} trials"
    if rung["tuning"]["gained"] <= 0:
        return f"{start}: none was better over the folds than the rung as it comes."
    config = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in best.items())
    return f"{start}: {rung['tuning']['gained']:.4f} {title} better over the folds with {config}."


def _majority(first: Mapping[str, Any]) -> str:
    if "majority_accuracy" not in first["test"]:
        return ""
    share = first["test"]["majority_accuracy"]["value"]
    return f"; always saying the commoner outcome is right for {share:.1%} of them"


def _skipped(ladder: list[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Titles of the rungs without figures, by why they have none."""
    found: dict[str, list[str]] = {}
    for rung in ladder:
        if "skipped" in rung:
            found.setdefault(rung["skipped"], []).append(rung["title"])
    return found


def _tradeoffs(report: Mapping[str, Any]) -> None:
    """What each rung costs and how it behaves, and which rungs no other beats throughout."""
    from loanbook.evaluation.pareto import pareto

    front = pareto(report["ladder"])
    criteria = {one.name for one in front.criteria}
    shown = {name: said for name, said in _MANNERS.items() if name in criteria}
    rows = [
        [
            "◆" if one.on_front else "",
            one.title,
            *("" if (value := one.figures[name]) is None else write(value) for name, (_, write) in shown.items()),
        ]
        for one in front.standings
    ]
    table(["", "model", *(f">{title}" for title, _ in shown.values())], rows, spare=(">gap", ">profit"))
    say(f"◆ {front.sentence(report['rung'])}")


def _split(report: Mapping[str, Any]) -> str:
    split = report["split"]
    sizes = f"{split['train']:,} loans to train, {split['calibrate']:,} to calibrate, {split['test']:,} to test"
    fact = (
        f"{report['bad_rate']:.1%} of them bad"
        if "bad_rate" in report
        else f"half of them over {report['median_amount']:,.0f}"
    )
    start = f"{report['rows']:,} loans, {fact}: {sizes}"
    if split["kind"] == "stratified":
        return f"{start}, drawn at random{' because ' + split['note'] if split['note'] else ''}."
    late = f" {split['unknowable']:,} older loans do not teach: their outcome was not known by then."
    return f"{start}. Tested on loans decided from {split['test_from']} on.{late if split['unknowable'] else ''}"


def _row(rung: Mapping[str, Any], chosen: str, headline: str, figures: list[str]) -> list[str]:
    test = rung["test"]
    return [
        "→" if rung["name"] == chosen else "",
        rung["title"],
        _number(rung[f"fold_{headline}_mean"]),
        _number(rung[f"fold_{headline}_error"]),
        _number(rung[f"random_split_{headline}"]),
        *(f"{test[name]['value']:.1%}" if name in _SHARES else _number(test[name]["value"]) for name in figures),
        f"{_number(test[headline]['low'], digits=3)}–{_number(test[headline]['high'], digits=3)}",
        _number(rung["gap"], sign="+", digits=3),
        f"{rung['fit_seconds']:.1f}",
    ]


_SHARES = ("accuracy", "coverage", "relative_error", "width")


def _number(value: float | None, sign: str = "", digits: int = 4) -> str:
    """A figure between 0 and 10 with its decimals, money without.

    >>> _number(0.76543), _number(81_474.9), _number(0.0123, sign="+", digits=3)
    ('0.7654', '81,475', '+0.012')
    """
    if value is None:
        return ""
    return f"{value:{sign}.{digits}f}" if abs(value) < 10 else f"{value:{sign},.0f}"


def _cutoff(worth: Mapping[str, Any]) -> str:
    best, profit = worth["best_cutoff"], worth["best_profit"]
    unit = "" if worth["unit"] == "money" else " loans"
    return (
        f"On the test rows profit is highest when approving below {best['value']:.3f} ({best['low']:.3f} to "
        f"{best['high']:.3f}): {profit['value']:,.0f}{unit} ({profit['low']:,.0f} to {profit['high']:,.0f}), approving "
        f"{worth['best_approval_rate']:.0%}. Break-even by the book's economics is {worth['break_even']:.3f}."
    )

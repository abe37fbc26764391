"""`loanbook leaderboard`: the benchmark of the last training, floor included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json, Usecase
from loanbook.cli.output import emit, say, table

_FIGURES = (("auc", "AUC"), ("gini", "Gini"), ("ks", "KS"), ("brier", "Brier"), ("log_loss", "log-loss"))

# What a narrow terminal does without, first to go first.
_SPARE = (">KS", ">Gini", ">log-loss", ">fit s", ">gap", ">cal. error", ">AUC random", ">± s.e.", ">Brier", ">accuracy")


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
    columns = ["", "model", ">AUC folds", ">± s.e.", ">AUC random", *(f">{title}" for _, title in _FIGURES)]
    columns += [">cal. error", ">accuracy", ">AUC 90%", ">gap", ">fit s"]
    narrow = table(columns, [_row(rung, report["rung"]) for rung in report["ladder"]], spare=_SPARE)
    for rung in report["ladder"]:
        if "skipped" in rung:
            say(f"{rung['title']} was not run: {rung['skipped']}.")
    if narrow:
        say(f"For {', '.join(narrow)}: a wider terminal, or --json.")
    first = next(rung for rung in report["ladder"] if "test" in rung)
    majority = first["test"]["majority_accuracy"]["value"]
    say(
        "AUC folds: of the rows before the test rows, what the choice rests on. AUC random: had all rows been split at "
        f"random. All else: of the test rows; always saying the commoner outcome is right for {majority:.1%} of them."
    )
    say()
    say(report["why"])
    say(report["worth"]["sentence"])
    say(_cutoff(report["worth"]))
    for warning in report["warnings"]:
        say(f"Mind: {warning}.")


def _split(report: Mapping[str, Any]) -> str:
    split = report["split"]
    sizes = f"{split['train']:,} loans to train, {split['calibrate']:,} to calibrate, {split['test']:,} to test"
    start = f"{report['rows']:,} loans, {report['bad_rate']:.1%} of them bad: {sizes}"
    if split["kind"] == "stratified":
        return f"{start}, drawn at random{' because ' + split['note'] if split['note'] else ''}."
    late = f" {split['unknowable']:,} older loans do not teach: their outcome was not known by then."
    return f"{start}. Tested on loans decided from {split['test_from']} on.{late if split['unknowable'] else ''}"


def _row(rung: Mapping[str, Any], chosen: str) -> list[str]:
    mark = "→" if rung["name"] == chosen else ""
    if "skipped" in rung:
        return [mark, rung["title"], "not run"]
    test = rung["test"]
    spread = f"{test['auc']['low']:.3f}–{test['auc']['high']:.3f}"
    return [
        mark,
        rung["title"],
        f"{rung['fold_auc_mean']:.4f}",
        f"{rung['fold_auc_error']:.4f}",
        f"{rung['random_split_auc']:.4f}",
        *(f"{test[name]['value']:.4f}" for name, _ in _FIGURES),
        f"{test['calibration_error']['value']:.4f}",
        f"{test['accuracy']['value']:.1%}",
        spread,
        f"{rung['gap']:+.3f}",
        f"{rung['fit_seconds']:.1f}",
    ]


def _cutoff(worth: Mapping[str, Any]) -> str:
    best, profit = worth["best_cutoff"], worth["best_profit"]
    unit = "" if worth["unit"] == "money" else " loans"
    return (
        f"On the test rows profit is highest when approving below {best['value']:.3f} ({best['low']:.3f} to "
        f"{best['high']:.3f}): {profit['value']:,.0f}{unit} ({profit['low']:,.0f} to {profit['high']:,.0f}), approving "
        f"{worth['best_approval_rate']:.0%}. Break-even by the book's economics is {worth['break_even']:.3f}."
    )

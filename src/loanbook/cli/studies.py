"""What `loanbook study` prints: a table for each study."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from loanbook.cli.output import say, table

# What a narrow terminal does without, first to go first.
_SPARE = (">Brier", ">cal. error", ">log-loss")


def _show_preparation(found: Mapping[str, Any]) -> None:
    say(_about(found))
    for rung, untreated in found["untreated"].items():
        say()
        say(f"{rung}, untreated: AUC {untreated['auc']:.4f}, log-loss {untreated['log_loss']:.4f}")
        lines = [line for line in found["treatments"] if line["rung"] == rung]
        columns = ["treatment", ">AUC", ">log-loss", ">Brier", ">cal. error", ">predicted − observed", "verdict"]
        table(columns, [_treated(line) for line in lines], spare=_SPARE)
    say()
    say(
        "Differences to no treatment ± standard error (corrected for folds that share rows); more is better throughout."
    )
    for rung in sorted({line["rung"] for line in found["treatments"]} - set(found["untreated"])):
        why = next(line["skipped"] for line in found["treatments"] if line["rung"] == rung)
        say(f"Not measured: {rung} ({why}).")
    for method in ("adjusted_boxplot", "median_deviation"):
        say(f"Outliers by {method.replace('_', ' ')}: {_outliers(found['outliers'][method])}.")


def _treated(line: Mapping[str, Any]) -> list[str]:
    if "skipped" in line:
        return [line["title"], "", "", "", "", "", f"does not apply: {line['skipped']}"]
    figures, surplus = line["figures"], line["calibration"]["surplus"]
    moved = f"{surplus['before']:+.3f} → {surplus['after']:+.3f}"
    return [line["title"], *(_difference(figures[name]) for name in figures), moved, line["verdict"]]


def _difference(figure: Mapping[str, Any]) -> str:
    return f"{figure['difference']:+.4f} ± {figure['error']:.4f}"


def _outliers(columns: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{one['column']} {one['share']:.1%}" for one in columns[:6]) or "none"


def _show_remedies(found: Mapping[str, Any]) -> None:
    say(_about(found))
    say()
    columns = ["remedy", "", "model", ">AUC promised", ">AUC held out", ">gap", ">difference", "verdict"]
    rows: list[list[str]] = []
    for one in found["remedies"]:
        if "skipped" in one:
            rows.append([one["title"], "", one["skipped"]])
            continue
        verdict = [_difference(one), one["verdict"]]
        rows += [[one["title"], "before", *_side(one["before"])], ["", "after", *_side(one["after"]), *verdict]]
    table(columns, rows)
    say()
    say(
        "AUC promised: on the rows that the model was chosen or fitted by. Gap: what of it was not kept. Difference: "
        "of the AUC on held-out rows, after less before, ± standard error (corrected for folds that share rows)."
    )


def _side(side: Mapping[str, Any]) -> list[str]:
    return [side["model"], f"{side['promised']:.3f}", f"{side['validation']:.3f}", f"{side['gap']:+.3f}"]


def _show_learning(found: Mapping[str, Any]) -> None:
    say(_about(found))
    for one in found["rungs"]:
        say()
        if "skipped" in one:
            say(f"{one['title']} was not run: {one['skipped']}.")
            continue
        rows = [
            (f"{at['rows']:,}", f"{at['train']:.4f}", f"{at['validation']:.4f} ± {at['error']:.4f}")
            for at in one["curve"]
        ]
        table([f">loans to {one['title']}", ">AUC on them", ">AUC held out"], rows)
        say(one["sentence"])


def _about(found: Mapping[str, Any]) -> str:
    rows, available = found["rows"], found["available"]
    drawn = f"{rows:,} of the {available:,} loans" if rows < available else f"the {rows:,} loans"
    return f"Studied on {drawn} before the test rows, in {found.get('folds', found.get('repeats'))} folds."


SHOWN: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "preparation": _show_preparation,
    "remedies": _show_remedies,
    "learning": _show_learning,
}

"""What does each way of preparing the data buy?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from benchmarks.bench import Bench, Scenario
from benchmarks.paired import Difference
from benchmarks.results import NONE, Report, Table, paragraphs
from benchmarks.scripts.fit_trial import read
from loanbook.evaluation.study.preparation import study_preparation
from loanbook.models.preparation import TREATMENTS
from loanbook.models.risk import LADDER

RUNGS = ("logistic", "xgboost")
MOST = 2_000
BALANCING = "balance"
FIGURES = {"auc": "AUC gained", "log_loss": "log-loss saved", "calibration_error": "ECE saved"}

Line = Mapping[str, Any]
Lines = Mapping[str, Mapping[tuple[str, str], Line]]
"""By data set, then by treatment and rung."""


def run(bench: Bench) -> Report:
    """Measure it."""
    rungs = [rung for rung in LADDER if rung.name in RUNGS[: bench.pick(len(RUNGS), 1)]]
    treatments = TREATMENTS[: bench.pick(len(TREATMENTS), 2)]
    found: dict[str, Mapping[tuple[str, str], Line]] = {}
    for data, book in bench.course.books:
        bench.tell(f"{data.title}: {len(treatments)} treatments")
        loans, setting = read(book)
        told = study_preparation(
            loans, rungs, replace(setting, jobs=bench.pick(2, 1)), treatments=treatments, most=MOST, repeats=1
        )
        found[data.title] = {(line["treatment"], line["rung"]): line for line in told["treatments"]}
    tables = [_bought(found, rung.name, figure) for rung in rungs for figure in FIGURES]
    tables.append(_calibration(found, [rung.name for rung in rungs]))
    return Report(
        tables=tuple(table for table in tables if table.rows),
        notes=paragraphs(
            f"""
            Each treatment against none, over the same five folds of at most {MOST:,} rows of each data set; more is
            better throughout. Standard errors over folds after Nadeau and Bengio (2003); over the data sets as of
            independent figures. ✓ helps and ✗ harms by a t-test at 95% over the
            folds. A dash: there is nothing to treat, or the rung cannot take it.

            Without treatment a missing value stays missing and has its flag, nothing is capped, one-hot columns,
            out-of-fold weights of evidence and counts stand side by side, and every loan weighs the same.
            """
        ),
        absent=bench.absent_data,
    )


def _bought(found: Lines, rung: str, figure: str) -> Table:
    rows = []
    for (name, of), line in next(iter(found.values())).items():
        if of != rung:
            continue
        each = [lines[name, rung].get("figures", {}).get(figure) for lines in found.values()]
        known = [one["difference"] for one in each if one]
        mean = str(Difference.over_tables(known)) if known else NONE
        rows.append((line["title"], *(_said(one) for one in each), mean))
    return Table(f"{FIGURES[figure]}, {rung}", ("", *found, "mean"), tuple(rows))


def _said(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return NONE
    mark = {"helps": " ✓", "harms": " ✗"}.get(one["verdict"], "")
    return f"{one['difference']:+.4f} ± {one['error']:.4f}{mark}"


def _calibration(found: Lines, rungs: Sequence[str]) -> Table:
    """What weights and made-up bad loans did to the probabilities."""
    rows = []
    for rung in rungs:
        for name, title in _balancing(found, rung).items():
            each = [lines[name, rung]["calibration"] for lines in found.values() if "figures" in lines[name, rung]]
            if each:
                cells = [
                    f"{fmean(one[figure][when] for one in each):{sign}.3f}"
                    for figure, sign in (("calibration_error", ""), ("surplus", "+"))
                    for when in ("before", "after")
                ]
                rows.append((f"{title}, {rung}", *cells))
    columns = ("", "ECE before", "ECE after", "predicted above what came, before", "after")
    return Table("What balancing the outcomes does to the probabilities, mean over the data sets", columns, tuple(rows))


def _balancing(found: Lines, rung: str) -> dict[str, str]:
    lines = next(iter(found.values()))
    return {name: line["title"] for (name, of), line in lines.items() if of == rung and line["family"] == BALANCING}


SCENARIO = Scenario("preparation", "What does each way of preparing the data buy?", run)

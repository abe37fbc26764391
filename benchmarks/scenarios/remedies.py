"""What does each remedy do to a model that learns by heart?"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any

from benchmarks.bench import Bench, Scenario
from benchmarks.paired import Difference
from benchmarks.results import NONE, Report, Table, paragraphs
from benchmarks.scripts.fit_trial import read
from loanbook.evaluation.study.remedies import REMEDIES, study_remedies

MOST = 2_000
_QUICK = ("k_fold", "simpler_model")

Found = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""By data set, then by remedy."""


def run(bench: Bench) -> Report:
    """Measure it."""
    remedies = tuple(remedy for remedy in REMEDIES if not bench.quick or remedy.name in _QUICK)
    found: dict[str, dict[str, Any]] = {}
    for data, book in bench.course.books:
        bench.tell(f"{data.title}: {len(remedies)} remedies")
        loans, setting = read(book)
        told = study_remedies(loans, setting, remedies=remedies, most=MOST, repeats=1)
        found[data.title] = {line["remedy"]: line for line in told["remedies"] if "skipped" not in line}
    return Report(
        tables=(_gaps(found), _gained(found)),
        notes=paragraphs(
            f"""
            Five folds of at most {MOST:,} rows of each data set; the features, and the model before and after, are
            fitted on the same rows. Promised: the AUC that the model was believed to have when it was chosen; the
            gap is what of it was not there on rows held out.

            Standard errors over folds after Nadeau and Bengio (2003); over the data sets as of independent figures. ✓
            helps and ✗ harms by a t-test at 95% over the folds.
            """
        ),
        absent=bench.absent_data,
    )


def _gaps(found: Found) -> Table:
    rows = []
    for name, line in next(iter(found.values())).items():
        lines = [lines[name] for lines in found.values()]
        cells = [
            f"{fmean(one[when][what] for one in lines):.3f}"
            for what in ("gap", "validation")
            for when in ("before", "after")
        ]
        rows.append((f"{line['title']}: {line['before']['model']} → {line['after']['model']}", *cells))
    columns = ("", "gap before", "gap after", "AUC held out before", "after")
    return Table("Promised AUC less the AUC on rows held out, mean over the data sets", columns, tuple(rows))


def _gained(found: Found) -> Table:
    rows = []
    for name, line in next(iter(found.values())).items():
        each = [lines[name] for lines in found.values()]
        mean = str(Difference.over_tables([one["difference"] for one in each])) if len(each) > 1 else NONE
        rows.append((line["title"], *(_said(one) for one in each), mean))
    return Table("AUC gained on rows held out", ("", *found, "mean"), tuple(rows))


def _said(one: Mapping[str, Any]) -> str:
    mark = {"helps": " ✓", "harms": " ✗"}.get(one["verdict"], "")
    return f"{one['difference']:+.4f} ± {one['error']:.4f}{mark}"


SCENARIO = Scenario("remedies", "What does each remedy do to a model that learns by heart?", run)

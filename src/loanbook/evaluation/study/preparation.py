"""What each treatment of the data bought, against none, over the same folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loanbook.data.loans import Loans
from loanbook.evaluation.benchmark import Progress, missing, quiet
from loanbook.evaluation.study.paired import Paired, Verdict, overall
from loanbook.evaluation.study.rows import FIGURES, Course, Fold, figures, sign
from loanbook.models.preparation import TREATMENTS, DoesNotApply, Prepared, Treatment
from loanbook.models.preparation.outliers import adjusted_boxplot, median_deviation, report
from loanbook.models.training import Rung, Setting

MOST = 5_000
"""Loans that are studied; more are sampled, so that the study ends in minutes."""

_JUDGED = ("auc", "log_loss")  # the verdict rests on these: ranking, and probabilities


def study_preparation(
    loans: Loans,
    rungs: Sequence[Rung],
    setting: Setting,
    *,
    treatments: Sequence[Treatment] = TREATMENTS,
    most: int = MOST,
    repeats: int = 2,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Fit every rung with and without every treatment, and compare fold by fold.

    Parameters
    ----------
    loans : rows before the test rows. rungs : what is fitted. treatments : what is compared with none.
    most : loans at most. repeats : of the five folds.

    Returns
    -------
    Plain data: `rows`, `available`, `folds`, `untreated` (figures by rung), `outliers` (what two methods find) and
    `treatments`, a list: each has `treatment`, `title`, `family`, `rung` and either `skipped`, why it was not measured,
    or `figures` (by figure: `difference`, more being better throughout, its `error`, the `verdict`), one `verdict`, and
    `calibration` (its error, and what is predicted above what came, before and after).
    """
    progress("Features", 0, 1)
    course = Course.lay_out(loans, setting, most=most, repeats=repeats)
    total = (len(treatments) + 1) * len(rungs)
    ready = [rung for rung in rungs if not missing(rung)]
    untreated = {}
    for done, rung in enumerate(ready):
        progress(f"{rung.title}, untreated", done, total)
        plain = [fold.train.prepared() for fold in course.folds]
        untreated[rung.name] = _measured(rung, course, plain, setting)
    lines = []
    for number, treatment in enumerate(treatments, start=1):
        prepared = _prepare(treatment, course, setting)
        for place, rung in enumerate(rungs):
            progress(f"{rung.title}, {treatment.title}", number * len(rungs) + place, total)
            head = {"treatment": treatment.name, "title": treatment.title, "family": treatment.family}
            before = untreated.get(rung.name, {})
            lines.append({**head, "rung": rung.name, **_compared(rung, course, prepared, before, setting)})
    return {
        "rows": course.rows,
        "available": course.available,
        "folds": len(course.folds),
        "untreated": {name: _means(found) for name, found in untreated.items()},
        "treatments": lines,
        "outliers": _outliers(course),
    }


def _prepare(treatment: Treatment, course: Course, setting: Setting) -> list[Prepared] | str:
    """The treatment fitted on each fold's training rows, or why it applies to none of them.

    A fold without anything to treat, such as one without the only missing number, stays as it is.
    """
    made, reasons = [], []
    for fold in course.folds:
        try:
            made.append(treatment.fit(fold.train, setting.seed))
        except DoesNotApply as reason:
            made.append(fold.train.prepared())
            reasons.append(str(reason))
    return reasons[0] if len(reasons) == len(made) else made


def _compared(
    rung: Rung,
    course: Course,
    prepared: list[Prepared] | str,
    before: Mapping[str, Sequence[float]],
    setting: Setting,
) -> dict[str, Any]:
    if why := missing(rung) or (prepared if isinstance(prepared, str) else _untakable(rung, prepared, setting)):
        return {"skipped": why}
    assert not isinstance(prepared, str)  # noqa: S101 (said in the line above)
    after = _measured(rung, course, prepared, setting)
    pairs = {
        name: Paired.of(
            [sign(name) * one for one in after[name]],
            [sign(name) * one for one in before[name]],
            test_share=course.test_share,
        )
        for name in FIGURES
    }
    verdicts: list[Verdict] = [pairs[name].verdict for name in _JUDGED]
    calibration = {
        name: {"before": float(np.mean(before[name])), "after": float(np.mean(after[name]))}
        for name in ("calibration_error", "surplus")
    }
    figures_ = {name: pair.to_json() for name, pair in pairs.items()}
    return {"figures": figures_, "verdict": overall(verdicts), "calibration": calibration}


def _untakable(rung: Rung, prepared: Sequence[Prepared], setting: Setting) -> str:
    """Say which setting of the treatment the rung does not know; "" where it knows all."""
    known = _parameters(rung, setting)
    unknown = sorted({name for one in prepared for name in one.settings} - known)
    return f"the rung takes no {', '.join(unknown)}" if unknown else ""


def _parameters(rung: Rung, setting: Setting) -> set[str]:
    made: Any = rung.make(setting.seed, setting.jobs)
    return set(made.get_params())


def _measured(rung: Rung, course: Course, prepared: Sequence[Prepared], setting: Setting) -> dict[str, list[float]]:
    """Every figure of a rung, fold by fold."""
    found = [_on(fold, rung, ready, setting) for fold, ready in zip(course.folds, prepared, strict=True)]
    return {name: [one[name] for one in found] for name in found[0]}


def _on(fold: Fold, rung: Rung, ready: Prepared, setting: Setting) -> dict[str, float]:
    made: Any = rung.make(setting.seed, setting.jobs)
    made.set_params(**ready.settings).fit(ready.x, ready.y, sample_weight=ready.weight)
    return figures(fold.y_test, made.scorer_.margin(ready.apply(fold.x_test)))


def _means(found: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: float(np.mean(values)) for name, values in found.items()}


def _outliers(course: Course) -> dict[str, Any]:
    """What robust statistics find in the first fold's training rows."""
    rows = course.folds[0].train
    return {
        "rows": len(rows.y),
        "adjusted_boxplot": report(rows, adjusted_boxplot),
        "median_deviation": report(rows, median_deviation),
    }

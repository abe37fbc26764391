"""How many bad loans less, at the same share approved, and than whom?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np

from benchmarks.bench import Bench, Scenario
from benchmarks.measured import CHAMPION, Measured
from benchmarks.results import NONE, Report, Table, paragraphs
from benchmarks.trials import Trial
from loanbook.book import Economics
from loanbook.evaluation.impact import Impact, called, impact
from loanbook.evaluation.intervals import Estimate

APPROVED = 0.80
CLAIM = 0.30
POLICIES = ("one_rule", "logistic")
BASELINES = ("everyone", "random", *POLICIES)


def run(bench: Bench) -> Report:
    """Measure it."""
    found: dict[str, dict[str, dict[str, Estimate]]] = {CHAMPION: {}, bench.best: {}}
    for data in bench.data_sets:
        measured = Measured(bench.course.trials[data.name])
        bench.tell(data.title)
        found[CHAMPION][data.title] = _avoided(measured, measured.champions)
        found[bench.best][data.title] = _avoided(measured, [bench.best] * len(measured.trials))
    return Report(
        tables=tuple(_table(name, each) for name, each in found.items()),
        notes=(_claim(bench.best, found[bench.best]), *_notes(bench)),
        absent=bench.absent_data,
    )


def _avoided(measured: Measured, names: Sequence[str]) -> dict[str, Estimate]:
    """By baseline, the mean over the trials."""
    each = [_impact(trial, name).avoided for trial, name in zip(measured.trials, names, strict=True)]
    return {baseline: _mean([one[baseline] for one in each]) for baseline in BASELINES}


def _impact(trial: Trial, name: str) -> Impact:
    others = {policy: trial.probability(policy) for policy in POLICIES}
    p = trial.probability(name)
    return impact(trial.y_test, p, others, trial.amount, Economics(), APPROVED, seed=trial.seed, resamples=200)


def _mean(each: Sequence[Estimate]) -> Estimate:
    """Mean of the figures and of the ends of their intervals, of those that there are."""
    known = [one for one in each if not np.isnan(one.value)]
    if not known:
        return Estimate(float("nan"), float("nan"), float("nan"))
    return Estimate(*(fmean(getattr(one, part) for one in known) for part in ("value", "low", "high")))


def _table(name: str, found: Mapping[str, Mapping[str, Estimate]]) -> Table:
    rows = [(title, *(_share(each[baseline]) for baseline in BASELINES)) for title, each in found.items()]
    if len(rows) > 1:
        means = [fmean(each[baseline].value for each in found.values()) for baseline in BASELINES]
        rows.append(("mean", *(f"{mean:.0%}" for mean in means)))
    columns = ("", *(f"than {called(baseline)}" for baseline in BASELINES))
    return Table(f"The {name}: fewer bad loans at {APPROVED:.0%} approvals", columns, tuple(rows))


def _share(found: Estimate) -> str:
    return NONE if np.isnan(found.value) else f"{found.value:.0%} ({found.low:.0%} to {found.high:.0%})"


def _claim(name: str, found: Mapping[str, Mapping[str, Estimate]]) -> str:
    """The sentence about 30% fewer bad loans, with what it is true of."""
    parts = []
    for baseline in BASELINES:
        sure = sum(each[baseline].low >= CLAIM for each in found.values())
        likely = sum(each[baseline].value >= CLAIM for each in found.values())
        mean = fmean(each[baseline].value for each in found.values())
        parts.append(
            f"than {called(baseline)} on {likely} of {len(found)} data sets ({sure} of them with the whole interval; "
            f"{mean:.0%} on average)"
        )
    return f'"{CLAIM:.0%} fewer bad loans" at {APPROVED:.0%} approvals is true of the {name}: {"; ".join(parts)}.'


def _notes(bench: Bench) -> tuple[str, ...]:
    return paragraphs(
        f"""
        Means over {bench.course.splits}, those of `ladder`, with the mean ends of the 90%
        bootstrap intervals: what a lender with as many loans as one test part has would see. The champion is the rung
        that selection takes in each split, the simplest within one standard error of the best.

        Every policy approves the same share of the same loans. Loans that were declined before the table was made are
        in none of these data sets.
        """
    )


SCENARIO = Scenario("impact", "How many bad loans less, and than whom?", run)

"""How groups of applicants fare under a policy, by columns that no model has seen.

Leaving a protected column out does not make decisions even: other columns tell of it. So the decisions on the test rows
are compared group by group. What is counted as good for an applicant is an approval, and "positive" means that, as in
fairlearn with y_true = (the loan was good) and y_pred = (approved):

    approval_rate           fairlearn's selection_rate
    good_approved           true_positive_rate: share approved of the loans that turned out good
    bad_approved            false_positive_rate: share approved of those that turned out bad
    approval_ratio          demographic_parity_ratio: lowest approval rate over the highest
    approval_difference     demographic_parity_difference
    good_approved_difference    equal_opportunity_difference (Hardt, Price & Srebro 2016)
    odds_difference         equalized_odds_difference: the greater of the differences of both rates

No figure here says why groups differ, and they cannot all be even at once where the groups' bad rates are not
(Kleinberg, Mullainathan & Raghavan 2016; Chouldechova 2017). Declined applicants of the past are not in the rows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loanbook.evaluation.intervals import Estimate, Floats, draw_weights, interval
from loanbook.evaluation.metrics import checked, evaluate
from loanbook.evaluation.protected import SMALLEST, Grouping

__all__ = ["FOUR_FIFTHS", "Audit", "GroupFigures", "audit"]

FOUR_FIFTHS = 0.8
"""A rate below this share of the highest group's is taken as evidence of adverse impact (29 CFR 1607.4(D), 1978)."""

_COUNTED = 0.02  # share of the loans from which on a group sets the mark for others (29 CFR 1607.15(A)(2)(a))

Verdict = Literal["highest", "below four fifths", "not clear", "at least four fifths", "too few loans"]

_FIGURES = ("approval_rate", "bad_rate", "promised", "observed", "calibration_gap", "good_approved", "bad_approved")


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """How one group fares.

    Parameters
    ----------
    name, loans, bad_loans, approved : who, and how many.
    approval_rate : share approved.
    bad_rate : share of bad loans among the approved.
    promised, observed : mean probability of bad, and the share that went bad.
    calibration_gap : the first less the second; above 0 the group is made out riskier than it was.
    good_approved, bad_approved : share approved of the good loans, and of the bad ones.
    auc : how well good and bad loans are told apart within the group; nan without both.
    ratio : approval rate over that of the group with the highest.
    verdict : "highest" for that group; else where the interval of the ratio lies: "below four fifths", "at least four
        fifths", "not clear" when it holds 0.8; "too few loans" below 30.
    """

    name: str
    loans: int
    bad_loans: int
    approved: int
    approval_rate: Estimate
    bad_rate: Estimate
    promised: Estimate
    observed: Estimate
    calibration_gap: Estimate
    good_approved: Estimate
    bad_approved: Estimate
    auc: Estimate
    ratio: Estimate
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Audit:
    """One protected column under one policy.

    Parameters
    ----------
    column : its name.
    groups : in the order of reading.
    highest : name of the group with the highest approval rate, among those with 30 loans and 2% of all; a handful of
        lucky applicants is no mark for the others. "" when there is none.
    approval_ratio, approval_difference, good_approved_difference, odds_difference : over the same groups.
    """

    column: str
    groups: tuple[GroupFigures, ...]
    highest: str
    approval_ratio: Estimate
    approval_difference: Estimate
    good_approved_difference: Estimate
    odds_difference: Estimate

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of any group."""
        found = {group.verdict for group in self.groups}
        order: tuple[Verdict, ...] = ("below four fifths", "not clear", "at least four fifths")
        return next((verdict for verdict in order if verdict in found), "too few loans")

    def sentence(self) -> str:
        """Who is approved most and least often, and what the four-fifths rule makes of it."""
        judged = [group for group in self.groups if group.verdict not in ("highest", "too few loans")]
        if not judged:
            return f"{self.column}: fewer than two groups have the {SMALLEST} loans that a comparison needs."
        best = next(group for group in self.groups if group.name == self.highest)
        least = min(judged, key=lambda group: group.approval_rate.value)
        if not best.approved:
            return f"{self.column}: nobody is approved."
        grave = [group.name for group in judged if group.verdict == self.verdict]
        return (
            f"{self.column}: {best.name} is approved at {_share(best.approval_rate)}, {least.name} at "
            f"{_share(least.approval_rate)}, which is {_ratio(least.ratio)} of it. By the four-fifths rule: "
            f"{self.verdict} ({', '.join(grave)})."
        )

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.verdict, "sentence": self.sentence()}


def audit(
    column: str,
    grouping: Grouping,
    y: ArrayLike,
    p: ArrayLike,
    approved: ArrayLike,
    *,
    seed: int = 0,
    resamples: int = 500,
) -> Audit:
    """Compare the groups of one protected column.

    Parameters
    ----------
    column : its name.
    grouping : of the n rows.
    y : (n,) 1 for a bad loan, 0 for a good one.
    p : (n,) probabilities of bad.
    approved : (n,) true where the policy approves without a person.
    seed, resamples : of the bootstrap; in each resample all groups come from the same drawn loans.

    >>> import polars as pl
    >>> from loanbook.book.columns import ColumnType
    >>> from loanbook.evaluation.protected import grouping
    >>> who = grouping(pl.Series(["f"] * 40 + ["m"] * 40), ColumnType("category"))
    >>> found = audit("sex", who, [0, 1] * 40, [0.2, 0.4] * 40, [1, 0, 0, 0] * 10 + [1, 1] * 20, resamples=200)
    >>> [(group.name, group.approval_rate.value, group.verdict) for group in found.groups]
    [('f', 0.25, 'below four fifths'), ('m', 1.0, 'highest')]
    """
    outcome, score = checked(y, p)
    passed = np.asarray(approved, np.float64)
    tables = _tables(grouping, outcome, score, passed)
    large = np.flatnonzero(grouping.sizes >= max(SMALLEST, _COUNTED * len(outcome)))
    rows, approvals = tables.sum(axis=0)[large, :2].T
    highest = int(large[np.argmax(approvals / rows)]) if len(large) else -1
    found = _estimates(tables, highest, large, seed, resamples)

    def group(place: int) -> GroupFigures:
        here, ratio = grouping.member == place, found["ratio"][place]
        figures = {figure: found[figure][place] for figure in _FIGURES}
        figures |= evaluate(outcome[here], score[here], names=("auc",), seed=seed, resamples=resamples)
        return GroupFigures(
            name=grouping.names[place],
            loans=int(grouping.sizes[place]),
            bad_loans=int(outcome[here].sum()),
            approved=int(passed[here].sum()),
            ratio=ratio,
            verdict=_verdict(ratio, few=grouping.sizes[place] < SMALLEST or highest < 0, highest=place == highest),
            **figures,
        )

    spreads = {name: found[name][0] for name in _SPREADS}
    groups = tuple(map(group, range(len(grouping.names))))
    return Audit(column, groups, grouping.names[highest] if highest >= 0 else "", **spreads)


_SPREADS = ("approval_ratio", "approval_difference", "good_approved_difference", "odds_difference")


def _estimates(
    tables: Floats, highest: int, large: NDArray[np.intp], seed: int, resamples: int
) -> dict[str, list[Estimate]]:
    """Every figure of `_measure` with its interval: a list over the groups, of the spreads a single one."""
    rows = len(tables)
    measured = _measure(_sums(np.ones((1, rows)), tables), highest, large)
    drawn = [_measure(_sums(weights, tables), highest, large) for weights in draw_weights(rows, resamples, seed)]
    return {
        name: [
            interval(float(value), [part[name][:, place] for part in drawn]) for place, value in enumerate(values[0])
        ]
        for name, values in measured.items()
    }


def _tables(grouping: Grouping, y: Floats, p: Floats, approved: Floats) -> Floats:
    """For each row and group what is added up, (n, groups, 5): rows, approved, bad, approved bad, probability."""
    added = np.stack([np.ones_like(y), approved, y, approved * y, p], axis=1)
    member = grouping.member[:, None] == np.arange(len(grouping.names))
    return np.asarray(member[:, :, None] * added[:, None, :])


def _sums(weights: Floats, tables: Floats) -> Floats:
    """(r, groups, 5)"""
    rows, groups, kinds = tables.shape
    return (weights @ tables.reshape(rows, groups * kinds)).reshape(len(weights), groups, kinds)


def _measure(sums: Floats, highest: int, large: NDArray[np.intp]) -> dict[str, Floats]:
    """Each figure for each sample, (r, groups); of the spreads (r, 1)."""
    rows, passed, bad, passed_bad, promised = np.moveaxis(sums, 2, 0)
    rate = _ratio_of(passed, rows)
    found = {
        "approval_rate": rate,
        "bad_rate": _ratio_of(passed_bad, passed),
        "promised": _ratio_of(promised, rows),
        "observed": _ratio_of(bad, rows),
        "calibration_gap": _ratio_of(promised - bad, rows),
        "good_approved": _ratio_of(passed - passed_bad, rows - bad),
        "bad_approved": _ratio_of(passed_bad, bad),
        "ratio": _ratio_of(rate, rate[:, [highest]] if highest >= 0 else np.zeros((len(rate), 1))),
    }
    low, high = _ends(rate[:, large])
    good = _spread(found["good_approved"][:, large])
    return found | {
        "approval_ratio": _ratio_of(low, high),
        "approval_difference": high - low,
        "good_approved_difference": good,
        "odds_difference": np.fmax(good, _spread(found["bad_approved"][:, large])),
    }


def _ends(values: Floats) -> tuple[Floats, Floats]:
    """Least and greatest of each row, (r, 1) each; nan where fewer than two groups have a figure."""
    enough = ((~np.isnan(values)).sum(axis=1) > 1)[:, None]
    low = np.where(np.isnan(values), np.inf, values).min(axis=1, keepdims=True, initial=np.inf)
    high = np.where(np.isnan(values), -np.inf, values).max(axis=1, keepdims=True, initial=-np.inf)
    return np.where(enough, low, np.nan), np.where(enough, high, np.nan)


def _spread(values: Floats) -> Floats:
    low, high = _ends(values)
    return high - low


def _ratio_of(part: Floats, whole: Floats) -> Floats:
    """part / whole, nan where the whole is 0 or unknown."""
    part, whole = np.broadcast_arrays(part, whole)
    found: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return found


def _verdict(ratio: Estimate, *, few: bool, highest: bool) -> Verdict:
    if few:
        return "too few loans"
    if highest:
        return "highest"
    if ratio.high < FOUR_FIFTHS:
        return "below four fifths"
    return "at least four fifths" if ratio.low >= FOUR_FIFTHS else "not clear"


def _share(rate: Estimate) -> str:
    return f"{rate.value:.1%} ({rate.low:.1%} to {rate.high:.1%})"


def _ratio(ratio: Estimate) -> str:
    return f"{ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"

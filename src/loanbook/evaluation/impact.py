"""What a model is worth at one approval rate, against policies that a lender knows.

Every claim names its baseline, because "30% fewer bad loans" is much against a rule and little against approving
everyone. The intervals are paired: each resample holds the same loans for the model and for its baselines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loanbook.book import Economics
from loanbook.evaluation.intervals import Estimate, Floats, draw_weights, interval
from loanbook.evaluation.metrics import checked
from loanbook.evaluation.money import exposure, gains

BASELINES = {
    "everyone": "approving everyone",
    "random": "approving the same share at random",
    "one_rule": "the one-rule policy",
    "logistic": "a logistic policy",
}
"""What a model is compared with, and how a sentence calls it; the last two are rungs that lenders know as policies."""


def policies(said: Mapping[str, ArrayLike], chosen: str) -> dict[str, ArrayLike]:
    """Those of the rungs' answers that `impact` can compare the chosen rung with; it is not compared with itself.

    >>> sorted(policies({"one_rule": [0.2], "logistic": [0.1], "tree": [0.3]}, "tree"))
    ['logistic', 'one_rule']
    >>> sorted(policies({"one_rule": [0.2], "logistic": [0.1]}, "logistic"))
    ['one_rule']
    """
    return {name: said[name] for name in BASELINES if name in said and name != chosen}


@dataclass(frozen=True, slots=True)
class Impact:
    """A policy that approves the loans of lowest probability, beside its baselines.

    Parameters
    ----------
    loans, bad_loans : how many were looked at, and how many of them went bad.
    approval_rate : share approved; a group of equal scores at the border is approved in part.
    bad_rate : share of bad loans among the approved.
    avoided : by baseline (everyone, random, and the policies given), the share of the baseline's bad loans that the
        model does not let through.
    profit : of the model's policy, in `unit`.
    gained : by baseline, the profit above the baseline's.
    unit : "money", or "loans" where no amounts are known.
    """

    loans: int
    bad_loans: int
    approval_rate: float
    bad_rate: Estimate
    avoided: dict[str, Estimate]
    profit: Estimate
    gained: dict[str, Estimate]
    unit: Literal["money", "loans"]

    def sentence(self) -> str:
        """Bad loans avoided in plain words, baselines and intervals named."""
        through = _listed([_fewer(share, called(name)) for name, share in self.avoided.items()])
        return f"Approving {self.approval_rate:.0%} of {self.loans:,} loans, the model lets through {through}."

    def earnings(self) -> str:
        """Profit in plain words, beside approving everyone and the policies given at the same share."""
        unit = "" if self.unit == "money" else ", each loan counted as 1 because no amounts are known"
        digits = 0 if self.unit == "money" else 1
        earned = self.profit
        others = {name: gain for name, gain in self.gained.items() if name != "random"}
        above = _listed([_more(gain, called(name), self.unit) for name, gain in others.items()])
        return (
            f"Approving {self.approval_rate:.0%} earns {earned.value:,.{digits}f} ({earned.low:,.{digits}f} to "
            f"{earned.high:,.{digits}f}){unit}: {above}."
        )


def called(baseline: str) -> str:
    """What a sentence calls a baseline.

    >>> called("logistic"), called("scorecard")
    ('a logistic policy', 'the policy of scorecard')
    """
    return BASELINES.get(baseline, f"the policy of {baseline}")


def impact(  # noqa: PLR0917  # who is approved, by whom, of what, at which price and share: in that order
    y: ArrayLike,
    p: ArrayLike,
    others: Mapping[str, ArrayLike],
    amount: ArrayLike | None,
    economics: Economics,
    approval_rate: float,
    *,
    seed: int = 0,
    resamples: int = 500,
) -> Impact:
    """Compare a model with approving everyone, with a random choice and with other policies.

    Parameters
    ----------
    y : (n,) 1 for a bad loan, 0 for a good one.
    p : (n,) the model's probabilities of bad; the lowest are approved.
    others : (n,) the same of each other policy, by name; see `policies`.
    amount : (n,) exposure in money, or None.
    economics : margin and loss given default.
    approval_rate : share of loans that model, policies and random choice approve, above 0 and at most 1.
    seed, resamples : of the bootstrap; in each resample all policies approve the same share of the same loans.

    >>> y, p, rule = [0, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.9], [0.2, 0.2, 0.6, 0.2, 0.6]
    >>> found = impact(y, p, {"one_rule": rule}, None, Economics(), 0.6, resamples=50)
    >>> {name: round(share.value, 3) for name, share in found.avoided.items()}
    {'everyone': 1.0, 'random': 1.0, 'one_rule': 1.0}
    """
    if not 0.0 < approval_rate <= 1.0:
        raise ValueError(f"approval_rate must be above 0 and at most 1. Got {approval_rate} instead.")
    outcome, score = checked(y, p)
    money = exposure(amount, len(outcome))
    gain = gains(outcome, money, economics)
    model = _Ranking.of(score)
    rivals = {name: _Ranking.of(checked(y, theirs)[1]) for name, theirs in others.items()}
    measured = _measure(np.ones((1, len(outcome))), model, rivals, outcome, gain, approval_rate)
    drawn: dict[str, list[Floats]] = {name: [] for name in measured}
    for weights in draw_weights(len(outcome), resamples, seed):
        for name, values in _measure(weights, model, rivals, outcome, gain, approval_rate).items():
            drawn[name].append(values)
    found = {name: interval(float(values[0]), drawn[name]) for name, values in measured.items()}
    names = ("everyone", "random", *rivals)
    return Impact(
        loans=len(outcome),
        bad_loans=int(outcome.sum()),
        approval_rate=approval_rate,
        bad_rate=found["bad_rate"],
        avoided={name: found[f"avoided {name}"] for name in names},
        profit=found["profit"],
        gained={name: found[f"gained {name}"] for name in names},
        unit=money.unit,
    )


@dataclass(frozen=True, slots=True)
class _Ranking:
    """Loans in the order in which a policy approves them; equal scores form one group."""

    order: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, score: Floats) -> _Ranking:
        order = np.argsort(score, kind="stable")
        return cls(order, np.flatnonzero(np.diff(score[order], prepend=-1.0) != 0))

    def let_through(self, weights: Floats, rate: float, *what: Floats) -> list[Floats]:
        """Sum of each of `what` (n,) over the approved share of each sample, (r,) each."""
        drawn = weights[:, self.order]
        loans = np.add.reduceat(drawn, self.starts, axis=1)
        before = np.cumsum(loans, axis=1) - loans
        room = rate * drawn.sum(axis=1, keepdims=True) - before
        share = np.clip(np.divide(room, loans, out=np.zeros_like(room), where=loans > 0), 0.0, 1.0)
        return [(share * np.add.reduceat(drawn * value[self.order], self.starts, axis=1)).sum(axis=1) for value in what]


def _measure(  # noqa: PLR0917  # samples, who decides, of what, at which share
    weights: Floats, model: _Ranking, rivals: Mapping[str, _Ranking], y: Floats, gain: Floats, rate: float
) -> dict[str, Floats]:
    """Every figure of an Impact for each sample, (r,) each."""
    bads, profit = model.let_through(weights, rate, y, gain)
    all_bads, all_profit = weights @ y, weights @ gain
    baselines = {"everyone": [all_bads, all_profit], "random": [rate * all_bads, rate * all_profit]}
    baselines |= {name: rival.let_through(weights, rate, y, gain) for name, rival in rivals.items()}
    figures = {"bad_rate": bads / (rate * weights.sum(axis=1)), "profit": profit}
    for name, (their_bads, their_profit) in baselines.items():
        figures[f"avoided {name}"] = _avoided(bads, their_bads)
        figures[f"gained {name}"] = profit - their_profit
    return figures


def _avoided(bads: Floats, theirs: Floats) -> Floats:
    """1 - bads / theirs; where they let through none, 0 if the model does so too and else nan."""
    unclear = np.where(bads > 0, np.nan, 0.0)
    return np.asarray(np.divide(theirs - bads, theirs, out=unclear, where=theirs > 0))


def _fewer(share: Estimate, baseline: str) -> str:
    if np.isnan(share.value):
        return f"some bad loans where {baseline} lets through none"
    if share.low <= 0.0 <= share.high:
        value = f"{abs(share.value):.0%} {'fewer' if share.value >= 0 else 'more'}"
        spread = f"from {max(0.0, -share.low):.0%} more to {share.high:.0%} fewer"
        return f"about as many bad loans as {baseline} ({value}; {spread})"
    low, high = sorted((abs(share.low), abs(share.high)))
    word = "fewer" if share.value > 0 else "more"
    return f"{abs(share.value):.0%} {word} bad loans than {baseline} ({low:.0%} to {high:.0%})"


def _more(gain: Estimate, baseline: str, unit: str) -> str:
    digits = 0 if unit == "money" else 1
    low, high, value = (f"{number:,.{digits}f}" for number in (gain.low, gain.high, abs(gain.value)))
    if gain.low <= 0.0 <= gain.high:
        return f"about that of {baseline} ({low} to {high})"
    return f"{value} {'above' if gain.value > 0 else 'below'} that of {baseline} ({low} to {high})"


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}"

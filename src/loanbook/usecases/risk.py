"""Will this loan go bad? The probability of default, and the decision that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from loanbook.book import Book, Section
from loanbook.data.inference import ColumnType
from loanbook.data.leakage import Suspect
from loanbook.data.loans import Loans, outcomes
from loanbook.data.splits import Split, split
from loanbook.decisions.decider import Decider, open_decider
from loanbook.decisions.policy import Policy
from loanbook.evaluation.benchmark import Result
from loanbook.evaluation.economics import Impact, break_even, impact, profit_curve
from loanbook.evaluation.impact import policies
from loanbook.evaluation.money import exposure, gains
from loanbook.evaluation.tasks import Probability, Task
from loanbook.models.risk import LADDER
from loanbook.models.training import Floats, Rung
from loanbook.registry.versions import Registry, Version

_USUAL_APPROVAL = 0.80  # compare at this share when the book does not name one


class Risk:
    """Probability of default: table in, approve, refer or decline out."""

    name = "risk"
    question = "Will this loan go bad?"
    ladder: Sequence[Rung] = LADDER
    floor: Sequence[str] = ("approve_all", "one_rule")
    task: Task = Probability()

    def outcomes(self, table: pl.DataFrame, section: Section, types: dict[str, ColumnType]) -> Floats:  # noqa: ARG002
        """1 for a bad loan."""
        return outcomes(table[section.target], section)

    def doubts(self, found: list[Suspect]) -> list[Suspect]:
        """All of them."""
        return found

    def learn(self, table: pl.DataFrame, section: Section, types: dict[str, ColumnType]) -> Loans:
        """Read a table into loans whose outcome is known."""
        return Loans.learn(table, section, types)

    def split(self, loans: Loans, seed: int) -> Split:
        """Out of time where the book names one, else stratified."""
        return split(loans.bad, time=loans.time, known=loans.known, groups=loans.groups, seed=seed)

    def open(self, book: Book, registry: Registry, version: Version) -> Decider:
        """Load a version with the policy of the book."""
        return open_decider(book, registry, version)

    def profit(self, section: Section, test: Loans, predictions: Floats) -> float:
        """Earned under the book's policy, in money, or in loans where no amounts are known."""
        policy = Policy.settle(section.policy, section.economics, predictions)
        earned = gains(test.bad, exposure(test.amount, len(test)), section.economics)
        return float(earned[predictions < policy.approve_below].sum())

    def worth(self, section: Section, test: Loans, results: Sequence[Result], chosen: Result) -> dict[str, Any]:
        """Bad loans avoided at one approval rate, and profit under the book's policy, on the test rows.

        Beside both stand approving everyone, one rule and a logistic policy (where it was measured) at the same rate.
        """
        said = {result.name: result.predictions for result in results if not result.skipped}
        others = policies(said, chosen.name)

        def at(rate: float) -> Impact:
            return impact(test.bad, chosen.predictions, others, test.amount, section.economics, rate)

        avoided = at(section.policy.approval_rate or _USUAL_APPROVAL)
        policy = _policy_on(section, chosen)
        share = float((chosen.predictions < policy.approve_below).mean())
        earned = at(share) if share else None
        curve = profit_curve(test.bad, chosen.predictions, test.amount, section.economics)
        return {
            **asdict(avoided),
            "sentence": _sentence(avoided, earned, policy),
            "policy": {"approve_below": policy.approve_below, "impact": asdict(earned) if earned else None},
            "break_even": break_even(section.economics),
            "best_cutoff": asdict(curve.best_cutoff),
            "best_profit": asdict(curve.best_profit),
            "best_approval_rate": float(curve.approval_rate[curve.best]),
        }


def _policy_on(section: Section, chosen: Result) -> Policy:
    """Settle the book's policy as if the test rows were the applications."""
    return Policy.settle(section.policy, section.economics, chosen.predictions)


def _sentence(avoided: Impact, earned: Impact | None, policy: Policy) -> str:
    start = f"{avoided.sentence()} The book's policy ({policy.source}) approves below {policy.approve_below:.1%}"
    if earned is None:
        return f"{start}, which none of these loans is. In brackets: 90% intervals."
    return f"{start}. {earned.earnings()} In brackets: 90% intervals."

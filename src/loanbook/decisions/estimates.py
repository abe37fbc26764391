"""Amounts said, not decided: a model that answers with money, an interval and what moved it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.decisions.answering import Answerer, figures
from loanbook.decisions.reasons import MOST, Reasoner
from loanbook.models.trained import TrainedModel

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimator(Answerer):
    """Says an amount for each application.

    Parameters
    ----------
    model, version : the trained model and its number in the registry.
    texts : the lender's own words for reasons, by code.
    """

    model: TrainedModel
    version: int
    texts: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Estimator of {self.usecase}: version {self.version}, {self.model.card.get('title', '')}>"

    @cached_property
    def reasoner(self) -> Reasoner:
        return Reasoner(self.model.contract, self.model.plan, self.texts)

    def decide_table(self, table: pl.DataFrame, *, reasons: bool = False) -> pl.DataFrame:
        """Say the amount of every row of a table.

        Returns
        -------
        (n, ·) the id when the contract has one and the table too, amount, lower and upper (90%), model_version, with
        reasons also reason_1 to reason_4 (what moved the amount most, in money), and error: what is wrong with a row.
        """
        scored = self.model.score_table(table)
        columns = {
            "amount": figures(scored.value),
            "lower": figures(scored.lower),
            "upper": figures(scored.upper),
            "model_version": self.numbered(table.height),
        }
        if reasons:
            columns |= self.reason_columns(table, scored, np.flatnonzero(~np.isnan(scored.value)), self._reasons)
        return self.framed(table, columns, scored)

    def _reasons(self, codes: Floats, contributions: Floats, given: Mapping[str, object]) -> list[str]:
        """What moved the amount most, up or down."""
        order = np.argsort(-np.abs(contributions), kind="stable")[:MOST]
        moved = [(self.model.groups[at], float(contributions[at])) for at in order if contributions[at]]
        return [_text(group.title, self.reasoner.value(group, codes, given)[1], money) for group, money in moved]


def _text(title: str, value: Any, moved: float) -> str:
    """What moved the amount, by how much money.

    >>> _text("Income", 52000.0, 1234.5), _text("Purpose", None, -80.0)
    ('+1,234: Income (52,000)', '-80: Purpose (not given)')
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    known = "not given" if value is None else f"{value:,.6g}" if number else str(value)
    return f"{moved:+,.0f}: {title} ({known})"

"""Amounts said, not decided: a model that answers with money, an interval and what moved it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.decisions.answering import figures
from loanbook.decisions.predictor import Predictor
from loanbook.decisions.reasons import MOST, Numbers, Reasoner
from loanbook.errors import RowRefused
from loanbook.features.groups import Group
from loanbook.models.trained import Scored, TrainedModel

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimator(Predictor):
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

    def predict_rows(
        self, rows: Sequence[Mapping[str, object]], *, reasons: bool = True
    ) -> list[dict[str, Any] | RowRefused]:
        """Say the amount of each application.

        Returns
        -------
        amount, lower and upper (90%), with reasons also what moved the amount most, in money: feature, value, text and
        contribution, at most four, largest first; or what is wrong with that application.
        """
        refused: list[RowRefused | None] = []
        codes, sound = [], []
        for row in rows:
            try:
                codes.append(self.model.contract.code_row(row))
            except RowRefused as error:
                refused.append(error)
            else:
                refused.append(None)
                sound.append(row)
        said = iter(self._said(self.model.score_codes(np.stack(codes)), sound, reasons=reasons) if codes else ())
        return [next(said) if one is None else one for one in refused]

    def _said(self, scored: Scored, rows: Sequence[Mapping[str, object]], *, reasons: bool) -> list[dict[str, Any]]:
        answers = zip(scored.value.tolist(), scored.lower.tolist(), scored.upper.tolist(), strict=True)
        said: list[dict[str, Any]] = [
            {"amount": value, "lower": lower, "upper": upper} for value, lower, upper in answers
        ]
        if reasons:
            moved = self.model.contributions(scored.x, scored.margin)
            for one, *about in zip(said, scored.codes, moved, rows, strict=True):
                one["reasons"] = [_reason(*part) for part in self._parts(*about)]
        return said

    def _reasons(self, codes: Floats, contributions: Floats, given: Sequence[Mapping[str, object]]) -> list[list[str]]:
        """What moved each amount most, up or down, in words."""
        return [
            [_text(group.title, value, moved) for group, value, moved in self._parts(*about)]
            for about in zip(codes, contributions, given, strict=True)
        ]

    def _parts(
        self, codes: Numbers, contributions: Numbers, given: Mapping[str, object]
    ) -> list[tuple[Group, Any, float]]:
        """What moved the amount most, up or down: what it is, what it was, by how much money."""
        order = np.argsort(-np.abs(contributions), kind="stable")[:MOST].tolist()
        return [
            (group, self.reasoner.value(group, codes, given)[1], float(contributions[at]))
            for at, group in ((at, self.model.groups[at]) for at in order)
            if contributions[at]
        ]


def _reason(group: Group, value: Any, moved: float) -> dict[str, Any]:
    return {
        "feature": group.name,
        "value": value,
        "text": _text(group.title, value, moved),
        "contribution": moved,
    }


def _text(title: str, value: Any, moved: float) -> str:
    """What moved the amount, by how much money.

    >>> _text("Income", 52000.0, 1234.5), _text("Purpose", None, -80.0)
    ('+1,234: Income (52,000)', '-80: Purpose (not given)')
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    known = "not given" if value is None else f"{value:,.6g}" if number else str(value)
    return f"{moved:+,.0f}: {title} ({known})"

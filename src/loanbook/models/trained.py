"""A trained model: everything between a raw application and an answer with its interval and its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.data.contract import Contract
from loanbook.errors import Problem
from loanbook.features.groups import Group
from loanbook.features.plan import Plan
from loanbook.models.compiled.engine import Engine, engine
from loanbook.models.scoring import Output, Scorer
from loanbook.models.scoring.grouped import Grouped, grouped

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """What a model says of n rows; NaN where a row breaks the contract.

    codes : (n, fields) what the contract read. x : (n, m) what the feature plan made of it.
    margin : (n,) what the scorer says.
    level : (n,) what the output makes of it, where contributions add up: calibrated log-odds of bad, or money.
    value, lower, upper : (n,) the answer and its interval: a probability of default, or money.
    problems : row number -> what is wrong with the row.
    """

    codes: Floats
    x: Floats
    margin: Floats
    level: Floats
    value: Floats
    lower: Floats
    upper: Floats
    problems: dict[int, list[Problem]]


@dataclass(frozen=True)
class TrainedModel:
    """Contract, feature plan, scorer and output, fitted together.

    One row and a million go through the same functions, so their answers are equal to the last bit.

    Parameters
    ----------
    usecase : the question it answers.
    contract, plan, scorer, output : the four steps of an answer, in their order.
    card : what is known about it, as plain JSON: figures, floor, economics, limits.
    """

    usecase: str
    contract: Contract
    plan: Plan
    scorer: Scorer
    output: Output
    card: Mapping[str, Any]

    @property
    def groups(self) -> tuple[Group, ...]:
        """The columns that a reason names together, in the order of `contributions`."""
        return self.plan.groups

    @cached_property
    def base_level(self) -> float:
        """The level at the mean margin of the training rows: what contributions start from."""
        return float(self.output.level(np.array([self.scorer.base]))[0])

    @cached_property
    def engine(self) -> Engine | None:
        """The model for the kernel, tables included; None where numpy computes, to the same bits."""
        return engine(self.plan, self.scorer, self.output, self._grouped)

    @cached_property
    def _scorer(self) -> Engine | None:
        return engine(self.plan, self.scorer, self.output, None)

    @cached_property
    def _grouped(self) -> Grouped:
        return grouped(self.scorer, self.plan.group_of, len(self.groups))

    def score_row(self, row: Mapping[str, object]) -> Scored:
        """Score one application.

        Raises
        ------
        RowRefused : names every field that breaks the contract.
        """
        return self.score_codes(self.contract.code_row(row)[None, :])

    def score_table(self, table: pl.DataFrame) -> Scored:
        """Score a table; rows that break the contract are NaN, with their problems."""
        coded = self.contract.code_table(table)
        if not coded.problems:
            return self.score_codes(coded.values)
        sound = np.flatnonzero(coded.sound)
        part = self.score_codes(coded.values[sound])
        figures = {
            name: _spread(getattr(part, name), sound, table.height)
            for name in ("x", "margin", "level", "value", "lower", "upper")
        }
        return Scored(codes=coded.values, problems=coded.problems, **figures)

    def score_codes(self, codes: Floats) -> Scored:
        """Score (n, fields) codes that keep the contract."""
        if self._scorer is not None:
            return Scored(codes, *self._scorer.score(codes), {})
        x = self.plan.transform(codes)
        margin = self.scorer.margin(x)
        answer = self.output.answer(margin)
        return Scored(codes, x, margin, answer.level, answer.value, answer.lower, answer.upper, {})

    def contributions(self, x: Floats, margin: Floats | None = None) -> Floats:
        """Say what each group added to `base_level`: exact, adding up to the level of the answer.

        Parameters
        ----------
        x : (n, m) model rows, as `Scored` has them.
        margin : (n,) what the scorer says of them, where that is known already.

        Returns
        -------
        (n, groups) log-odds, or money.
        """
        margin = self.scorer.margin(x) if margin is None else margin
        if self.engine is not None:
            return self.engine.moved(x, margin)
        return self._grouped.contributions(x) * self.output.scale(margin, self.scorer.base)[:, None]


def _spread(values: Floats, rows: NDArray[np.intp], height: int) -> Floats:
    out = np.full((height, *values.shape[1:]), np.nan)
    out[rows] = values
    return out

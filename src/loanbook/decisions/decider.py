"""A model and a policy together: one application, or a table of them, in; decisions out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

import msgspec
import numpy as np
import polars as pl

from loanbook.book import Book, Economics, PolicySettings
from loanbook.data.rows import RowReader
from loanbook.decisions.answering import Answerer, figures
from loanbook.decisions.policy import Policies, Policy, Verdict
from loanbook.decisions.reasons import Reason, Reasoner
from loanbook.errors import BookError
from loanbook.models.compiled import Compiled
from loanbook.models.scoring import Calibration
from loanbook.models.trained import TrainedModel
from loanbook.registry.versions import Registry, Version


class Decision(msgspec.Struct, frozen=True):
    """What was decided about one application, and by what.

    Parameters
    ----------
    usecase, model_version, policy_version : what decided.
    decision : approve, refer or decline.
    log_odds, probability, lower, upper : of default, calibrated; the last two are the probability's interval.
    reasons : for anything but an approval, at most four, largest first.
    """

    usecase: str
    model_version: int
    policy_version: int
    decision: Verdict
    log_odds: float
    probability: float
    lower: float
    upper: float
    reasons: tuple[Reason, ...]

    @property
    def confidence(self) -> float:
        """Calibrated probability of the predicted class: bad from a probability of default of one half on."""
        return self.probability if self.probability >= 0.5 else 1.0 - self.probability


@dataclass(frozen=True)
class Decider(Answerer):
    """Decides.

    Parameters
    ----------
    model, version : the trained model and its number in the registry.
    policy : the cut-offs.
    texts : the lender's own words for reasons, by code.
    """

    model: TrainedModel
    policy: Policy
    version: int
    texts: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        title = self.model.card.get("title", "")
        return f"<Decider of {self.usecase}: version {self.version}, {title}, {self.policy.source}>"

    @cached_property
    def reasoner(self) -> Reasoner:
        return Reasoner(self.model.contract, self.model.plan, self.texts)

    @cached_property
    def _row(self) -> tuple[RowReader, Compiled, Lock]:
        """What reads and scores one row; both keep notes of their own, so one thread has them at a time."""
        return RowReader(self.model.contract), Compiled(self.model), Lock()

    def warm(self) -> None:
        """Do what is slow the first time, before an application waits for it."""
        _, compiled, turn = self._row
        codes = [math.nan] * len(self.model.contract.fields)
        with turn:
            moved = compiled.moved(codes, compiled.figures(codes))
        self.reasoner.principal(codes, moved)

    def decide_row(self, row: Mapping[str, object], *, explain: bool = True) -> Decision:
        """Decide one application.

        Parameters
        ----------
        row : its fields by name, as JSON or a table has them.
        explain : whether to give reasons.

        Raises
        ------
        RowRefused : names every field that breaks the contract.
        """
        reader, compiled, turn = self._row
        with turn:
            codes = reader.codes(row)
            figures = compiled.figures(codes)
            verdict = self.policy.decide(figures.value)
            moved = compiled.moved(codes, figures) if explain and verdict != "approve" else None
        return Decision(
            self.usecase,
            self.version,
            self.policy.version,
            verdict,
            figures.level,
            figures.value,
            figures.lower,
            figures.upper,
            () if moved is None else self.reasoner.principal(codes, moved, row),
        )

    def decide_table(self, table: pl.DataFrame, *, reasons: bool = False) -> pl.DataFrame:
        """Decide every row of a table, bit for bit as `decide_row` would.

        Parameters
        ----------
        table : (n, ·) columns as the book's data have them; target and ignored columns may be missing.
        reasons : whether to add reason_1 to reason_4, null for approvals.

        Returns
        -------
        (n, ·) the id when the contract has one and the table too, probability_of_default, decision, lower, upper,
        model_version, the reasons, and error: what is wrong with a row whose prediction is null.
        """
        scored = self.model.score_table(table)
        verdicts = self.policy.decide_many(scored.value)
        columns = {
            "probability_of_default": figures(scored.value),
            "decision": pl.Series(verdicts.tolist(), dtype=pl.String),
            "lower": figures(scored.lower),
            "upper": figures(scored.upper),
            "model_version": self.numbered(table.height),
        }
        if reasons:
            wanted = np.flatnonzero([verdict in ("refer", "decline") for verdict in verdicts])
            columns |= self.reason_columns(table, scored, wanted, self.reasoner.sentences)
        return self.framed(table, columns, scored)


def open_decider(book: Book, registry: Registry, version: Version, *, policy: Policy | None = None) -> Decider:
    """A registered version, ready to decide under the book's policy (stored with a number) or under a given one.

    Raises
    ------
    TamperedArtefact : a file of the version is not what was written.
    BookError : the policy wants something that the model does not keep.
    """
    section = book.section(version.usecase)
    model = registry.load(version.usecase, version.version)
    if policy is None:
        wanted = _wanted(section.policy, section.economics, model)
        policy = Policies(registry.store, version.usecase).keep(
            wanted, settings=section.policy, economics=section.economics, model_version=version.version
        )
    return Decider(model, policy, version.version, section.texts)


def _wanted(settings: PolicySettings, economics: Economics, model: TrainedModel) -> Policy:
    """Settle the book's policy on a model's out-of-fold probabilities."""
    policy = Policy.settle(settings, economics, model.card.get("quantiles", ()))
    level = settings.refer_when_unsure
    if level is None:
        return policy
    if not isinstance(model.output, Calibration) or model.output.sets is None:
        raise BookError(
            "to refer when unsure needs sets of outcomes, and this model keeps none",
            where="[policy] refer_when_unsure",
            todo="train again, or take it out",
        )
    low, high = model.output.sets.unsure(level)
    return policy.refer_between(low, high, f"refers when unsure at {level:.4g} ({low:.1%} to {high:.1%})")

"""What the service answers, as typed objects; fields that a later service adds are let be."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

Value = str | float | bool | None
Said = Literal["approve", "refer", "decline"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Anything that was answered."""


class Reason(Answer, frozen=True, kw_only=True):
    """One principal reason; `contribution` is the log-odds towards bad that it added."""

    code: str
    feature: str
    value: Value
    text: str
    contribution: float


class ModelName(Answer, frozen=True, kw_only=True):
    """Which version answered."""

    usecase: str
    version: int


class PolicyName(Answer, frozen=True, kw_only=True):
    """Under which policy."""

    version: int


class Decision(Answer, frozen=True, kw_only=True):
    """A decision, stored before it was answered; `reasons` is None when they were left out."""

    decision_id: str
    decision: Said
    probability_of_default: float
    confidence: float
    lower: float
    upper: float
    model: ModelName
    policy: PolicyName
    decided_at: datetime
    reasons: tuple[Reason, ...] | None = None


class WrongField(Answer, frozen=True, kw_only=True):
    """One field that is wrong."""

    field: str
    message: str


class Refused(Answer, frozen=True, kw_only=True):
    """The answer at the place of an application that was refused, in a list of them."""

    title: str
    status: int
    detail: str
    errors: tuple[WrongField, ...] = ()


class Contribution(Answer, frozen=True, kw_only=True):
    """What one group of the model's columns added to the log-odds."""

    feature: str
    title: str
    fields: tuple[str, ...]
    value: Value
    contribution: float


class Outcome(Answer, frozen=True, kw_only=True):
    """What became of a decision."""

    outcome: Literal["good", "bad"]
    observed_at: datetime


class Review(Answer, frozen=True, kw_only=True):
    """What a person decided about a case; `override` when the service had approved or declined and is contradicted."""

    decision_id: str
    decision: Literal["approve", "decline"]
    reviewer: str
    reason: str
    at: datetime
    override: bool


class Record(Decision, frozen=True, kw_only=True):
    """A decision as it is stored; asked for alone, with its whole explanation."""

    log_odds: float
    inputs: dict[str, Any]
    outcome: Outcome | None = None
    review: Review | None = None
    base_log_odds: float | None = None
    contributions: tuple[Contribution, ...] | None = None


class Page(Answer, frozen=True, kw_only=True):
    """Some stored decisions, newest first, and the cursor of those that follow."""

    decisions: tuple[Record, ...]
    next: str | None = None


class Decisions(Answer, frozen=True, kw_only=True):
    """One answer for each application of a list."""

    decisions: tuple[Decision | Refused, ...]


class Moved(Answer, frozen=True, kw_only=True):
    """What moved an amount; `contribution` is the money that it added."""

    feature: str
    value: Value
    text: str
    contribution: float


class Amount(Answer, frozen=True, kw_only=True):
    """An amount of money, with the interval that holds nine in ten."""

    amount: float
    lower: float
    upper: float
    model: ModelName
    reasons: tuple[Moved, ...] | None = None


class Overrides(Answer, frozen=True, kw_only=True):
    """Reviews that say otherwise than the service had decided."""

    approve_to_decline: int
    decline_to_approve: int


class Reviews(Answer, frozen=True, kw_only=True):
    """Referred cases, those of them that wait, reviews and overrides, counted."""

    referred: int
    waiting: int
    reviewed: int
    overrides: Overrides


class Recorded(Answer, frozen=True, kw_only=True):
    """How many outcomes were received, and how many of them were new."""

    received: int
    recorded: int


class Version(Answer, frozen=True, kw_only=True):
    """A registered model."""

    usecase: str
    version: int
    role: Literal["champion", "challenger"] | None
    rung: str
    created_at: datetime
    digest: str
    metrics: dict[str, Any]


class Versions(Answer, frozen=True, kw_only=True):
    """Registered models."""

    models: tuple[Version, ...]


class PolicyInForce(PolicyName, frozen=True, kw_only=True):
    """The cut-offs in force."""

    approve_below: float
    decline_from: float
    source: str


class Champion(Version, frozen=True, kw_only=True):
    """The model that answers; `policy` is None where it does not decide."""

    card: dict[str, Any]
    input_schema: dict[str, Any]
    policy: PolicyInForce | None = None

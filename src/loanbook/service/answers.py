"""What the service answers, as JSON."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from loanbook.decisions.log import Logged
from loanbook.decisions.reasons import Reason
from loanbook.registry.versions import Version

_WRITER = msgspec.json.Encoder()


class _Model(msgspec.Struct):
    usecase: str
    version: int


class _Policy(msgspec.Struct):
    version: int


class Answer(msgspec.Struct, omit_defaults=True):
    """A decision as the caller gets it (CONTRACT 4); without reasons where they were not asked for."""

    decision_id: str
    decision: str
    probability_of_default: float
    confidence: float
    lower: float
    upper: float
    model: _Model
    policy: _Policy
    decided_at: str
    reasons: tuple[Reason, ...] | None = None


def answer(logged: Logged, *, explain: bool = True) -> Answer:
    """A decision as the caller gets it."""
    made = logged.decision
    return Answer(
        logged.decision_id,
        made.decision,
        made.probability,
        made.confidence,
        made.lower,
        made.upper,
        _Model(made.usecase, made.model_version),
        _Policy(made.policy_version),
        logged.decided_at,
        made.reasons if explain else None,
    )


def decision(logged: Logged, *, explain: bool = True) -> dict[str, Any]:
    """The same as plain JSON."""
    plain: dict[str, Any] = msgspec.to_builtins(answer(logged, explain=explain))
    return plain


def written(content: Any) -> bytes:
    """JSON: UTF-8, or ASCII where a text that came in holds half a surrogate."""
    try:
        return _WRITER.encode(content)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(content), allow_nan=False, separators=(",", ":")).encode("ascii")


def record(logged: Logged) -> dict[str, Any]:
    """A decision as it is stored: with its inputs, and what became of it."""
    known = {"outcome": logged.outcome, "observed_at": logged.observed_at} if logged.outcome else None
    return {
        **decision(logged),
        "log_odds": logged.decision.log_odds,
        "inputs": dict(logged.inputs),
        "outcome": known,
        "review": None if logged.review is None else msgspec.to_builtins(logged.review),
    }


def version(one: Version) -> dict[str, Any]:
    """A registered model, in short."""
    return {
        "usecase": one.usecase,
        "version": one.version,
        "role": one.role or None,
        "rung": one.rung,
        "created_at": one.created_at,
        "digest": one.digest,
        "metrics": dict(one.metrics),
    }

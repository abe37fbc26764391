"""What the service answers, as JSON."""

from __future__ import annotations

from typing import Any

from loanbook.decisions.log import Logged
from loanbook.registry.versions import Version


def decision(logged: Logged, *, explain: bool = True) -> dict[str, Any]:
    """A decision as the caller gets it (CONTRACT 4)."""
    made = logged.decision
    return {
        "decision_id": logged.decision_id,
        "decision": made.decision,
        "probability_of_default": made.probability,
        "confidence": made.confidence,
        "lower": made.lower,
        "upper": made.upper,
        **({"reasons": [reason.to_json() for reason in made.reasons]} if explain else {}),
        "model": {"usecase": made.usecase, "version": made.model_version},
        "policy": {"version": made.policy_version},
        "decided_at": logged.decided_at,
    }


def record(logged: Logged) -> dict[str, Any]:
    """A decision as it is stored: with its inputs, and what became of it."""
    known = {"outcome": logged.outcome, "observed_at": logged.observed_at} if logged.outcome else None
    return {
        **decision(logged),
        "log_odds": logged.decision.log_odds,
        "inputs": dict(logged.inputs),
        "outcome": known,
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

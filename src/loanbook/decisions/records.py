"""What is written into the decision log, and what comes out of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
from sqlalchemy import Select, func, select

from loanbook.decisions.decider import Decision
from loanbook.decisions.reasons import Reason
from loanbook.registry.tables import decisions, erasures, outcomes, reviews

_encode = msgspec.json.Encoder().encode
_reasons = msgspec.json.Decoder(tuple[Reason, ...]).decode


class Draft(msgspec.Struct, frozen=True, gc=False):
    """A decision that is not stored yet.

    Parameters
    ----------
    decision, inputs : what was decided, and the application as it was read.
    key, body_digest : the caller's Idempotency-Key and the digest of what came with it.
    """

    decision: Decision
    inputs: Mapping[str, Any]
    key: str | None = None
    body_digest: str | None = None


class Review(msgspec.Struct, frozen=True):
    """What a person decided about a case.

    Parameters
    ----------
    decision_id, decision : about what; approve or decline.
    reviewer, reason, at : who, why and when.
    override : whether the system had approved or declined and the person says otherwise.
    """

    decision_id: str
    decision: str
    reviewer: str
    reason: str
    at: str
    override: bool


class Logged(msgspec.Struct, frozen=True, gc=False):
    """A stored decision; `outcome`, `observed_at` and `review` when they are known.

    erased : whether personal fields were blanked since: inputs and reasons are not those that decided any more.
    """

    decision_id: str
    decided_at: str
    decision: Decision
    inputs: Mapping[str, Any]
    outcome: str | None = None
    observed_at: str | None = None
    review: Review | None = None
    erased: bool = False


class Row(Protocol):
    """A row by the names of its columns."""

    def __getitem__(self, name: str, /) -> Any: ...


def written(value: Any) -> str:
    """A value as JSON text; reads back as it was.

    >>> written({"amount": 125000.0, "name": "Zoë"})
    '{"amount":125000.0,"name":"Zoë"}'
    """
    try:
        return _encode(value).decode()
    except (UnicodeEncodeError, TypeError, OverflowError, NotImplementedError):
        return json.dumps(_plain(value))  # half a character, a whole number beyond 64 bits, a float of NumPy's


_other = erasures.alias()
_latest = select(func.max(_other.c.seq)).where(_other.c.decision_id == decisions.c.decision_id).correlate(decisions)
_erased = (
    select(erasures.c.content_digest)
    .where(erasures.c.seq == _latest.scalar_subquery())
    .correlate(decisions)
    .scalar_subquery()
)
"""What the content digest is since fields were blanked, if they were."""


def recorded() -> Select[Any]:
    """Every stored decision with its outcome, its review and whether it was erased."""
    return (
        select(
            decisions,
            outcomes.c.outcome,
            outcomes.c.observed_at,
            reviews.c.decision.label("review"),
            reviews.c.reviewer,
            reviews.c.reason.label("review_reason"),
            reviews.c.at.label("reviewed_at"),
            reviews.c.override,
            _erased.label("erased_digest"),
        )
        .join_from(decisions, outcomes, outcomes.c.decision_id == decisions.c.decision_id, isouter=True)
        .join(reviews, reviews.c.decision_id == decisions.c.decision_id, isouter=True)
    )


def logged(row: Row) -> Logged:
    """A stored decision from its row, as `recorded` has them."""
    decision = Decision(
        row["usecase"],
        row["model_version"],
        row["policy_version"],
        row["decision"],
        row["log_odds"],
        row["probability"],
        row["lower"],
        row["upper"],
        _reasons(row["reasons"]),
    )
    inputs = json.loads(row["inputs"])
    review = None
    if row["review"] is not None:
        said = (row["reviewer"], row["review_reason"], row["reviewed_at"], bool(row["override"]))
        review = Review(row["decision_id"], row["review"], *said)
    known = (row["outcome"], row["observed_at"], review, row["erased_digest"] is not None)
    return Logged(row["decision_id"], row["decided_at"], decision, inputs, *known)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return [one.to_json() if isinstance(one, Reason) else one for one in value]
    return value

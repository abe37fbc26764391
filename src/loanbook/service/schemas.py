"""The shapes of bodies and answers, for the OpenAPI document; the routes themselves read and write plain JSON."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field

from loanbook.service.examples import DECISION_ID, MOMENT

REASON = 2_000
"""Characters that the reason of a review may have."""

REVIEWER = 80
"""… and the name of who reviews."""

_SAYS = r"^[^\x00]*[^\s\x00][^\x00]*$"  # not blank, and no NUL: PostgreSQL cannot store one

Single = str | float | bool | None
"""What a field of an application may hold."""


class Reason(BaseModel):
    """One principal reason of a decision that is not an approval."""

    code: str = Field(description="stable, for machines")
    feature: str = Field(description="what was looked at")
    value: Single = Field(description="what it was; null when it was missing")
    text: str = Field(description="for the applicant")
    contribution: float = Field(description="log-odds towards bad that it added")


class Model(BaseModel):
    """Which version decided."""

    usecase: str
    version: int


class PolicyVersion(BaseModel):
    """Under which policy."""

    version: int


class Decision(BaseModel):
    """A decision, stored before it was answered."""

    decision_id: str = Field(examples=[DECISION_ID])
    decision: Literal["approve", "refer", "decline"]
    probability_of_default: float = Field(ge=0, le=1, examples=[0.183])
    confidence: float = Field(ge=0, le=1, description="calibrated probability of the predicted class", examples=[0.817])
    lower: float = Field(ge=0, le=1, description="lower end of the probability's interval", examples=[0.151])
    upper: float = Field(ge=0, le=1, description="upper end", examples=[0.219])
    reasons: list[Reason] | None = Field(
        default=None, description="at most four, largest first; left out with `?explain=false`"
    )
    model: Model
    policy: PolicyVersion
    decided_at: str = Field(examples=[MOMENT])


class Contribution(BaseModel):
    """What one group of the model's columns added to the log-odds."""

    feature: str
    title: str
    fields: list[str]
    value: Single
    contribution: float


class Outcome(BaseModel):
    """What became of a decision."""

    decision_id: str = Field(examples=[DECISION_ID])
    outcome: Literal["good", "bad"]
    observed_at: str | None = Field(
        default=None, description="ISO 8601; the present moment when left out", examples=["2026-11-20"]
    )


class KnownOutcome(BaseModel):
    """An outcome that is stored."""

    outcome: Literal["good", "bad"]
    observed_at: str


class Verdict(BaseModel):
    """What a person decides about a case."""

    decision: Literal["approve", "decline"]
    reason: str = Field(max_length=REASON, pattern=_SAYS, description="why; it is part of the audit chain")
    reviewer: str | None = Field(
        default=None, max_length=REVIEWER, pattern=_SAYS, description="who; the name of the API key when left out"
    )


class Review(BaseModel):
    """What a person decided about a case, as it is stored."""

    decision_id: str = Field(examples=[DECISION_ID])
    decision: Literal["approve", "decline"]
    reviewer: str
    reason: str
    at: str = Field(examples=[MOMENT])
    override: bool = Field(description="whether the service had approved or declined, and the person says otherwise")


class Stored(Decision):
    """A decision as it is stored."""

    log_odds: float
    inputs: dict[str, Any]
    outcome: KnownOutcome | None
    review: Review | None


class Record(Stored):
    """A stored decision with its whole explanation: base value and contributions add up to the log-odds."""

    base_log_odds: float | None = Field(description="null when the version that decided cannot be read any more")
    contributions: list[Contribution] | None


class Page(BaseModel):
    """Stored decisions, newest first."""

    decisions: list[Stored]
    next: str | None = Field(description="cursor of the following page; null on the last")


class WrongField(BaseModel):
    """One field that is wrong."""

    field: str = Field(examples=["amount"])
    message: str = Field(examples=["must not be missing: no training row was"])


class Problem(BaseModel):
    """An error, RFC 9457."""

    type: str = "about:blank"
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["One field is wrong; `errors` names what and why."])
    errors: list[WrongField]


class Decisions(BaseModel):
    """One answer for each application, in their order."""

    decisions: list[Decision | Problem]


class Moved(BaseModel):
    """What moved an amount, up or down."""

    feature: str = Field(description="what was looked at")
    value: Single = Field(description="what it was; null when it was missing")
    text: str = Field(description="in words, as `loanbook predict --reasons` writes it")
    contribution: float = Field(description="money that it added")


class Amount(BaseModel):
    """An amount of money, with the interval that holds nine in ten."""

    amount: float
    lower: float
    upper: float
    reasons: list[Moved] | None = Field(
        default=None, description="at most four, largest first; left out with `?explain=false`"
    )
    model: Model


class Amounts(BaseModel):
    """One answer for each application, in their order."""

    predictions: list[Amount | Problem]


class Overrides(BaseModel):
    """Reviews that say otherwise than the service had decided."""

    approve_to_decline: int
    decline_to_approve: int


class Reviews(BaseModel):
    """Referred cases, reviews and overrides, counted."""

    referred: int = Field(description="cases that were referred to a person")
    waiting: int = Field(description="of these, not reviewed yet")
    reviewed: int = Field(description="of all cases, reviewed")
    overrides: Overrides


class Recorded(BaseModel):
    """How many outcomes came, and how many of them were new."""

    received: int
    recorded: int


class Version(BaseModel):
    """A registered model."""

    usecase: str
    version: int
    role: Literal["champion", "challenger"] | None
    rung: str
    created_at: str
    digest: str
    metrics: dict[str, Any]


class Models(BaseModel):
    """Registered models."""

    models: list[Version]


class Policy(PolicyVersion):
    """The cut-offs in force."""

    approve_below: float
    decline_from: float
    source: str


class Champion(Version):
    """The model that answers."""

    policy: Policy | None = Field(description="null for a use case that does not decide")
    card: dict[str, Any]
    input_schema: dict[str, Any]


class Status(BaseModel):
    """How the service is."""

    status: str


IDEMPOTENCY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "printable ASCII of your own; the same key and body give the same decision",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}

MEDIA_TYPE = "application/problem+json"
RETRY = {"Retry-After": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}}}
LIMIT = {
    "RateLimit-Policy": {"description": "requests (q) in seconds (w)", "schema": {"type": "string"}},
    "RateLimit": {"description": "requests left (r), seconds until there are more (t)", "schema": {"type": "string"}},
}
CHALLENGE = {"WWW-Authenticate": {"description": "how to prove a key", "schema": {"type": "string"}}}


class _Known(NamedTuple):
    """An error as the document describes it."""

    title: str
    meaning: str
    detail: str
    headers: dict[str, Any] = {}  # noqa: RUF012 (a default, shared and never changed)
    errors: tuple[dict[str, str], ...] = ()


_KNOWN = {
    400: _Known(
        "Bad Request",
        "not strict JSON, or a bad header",
        "The body is not JSON that we accept: NaN is not a JSON number.",
    ),
    401: _Known("Unauthorized", "no key, or a wrong one", "This API key is not known, or it was revoked.", CHALLENGE),
    403: _Known(
        "Forbidden", "the key may not do this", "This key has the role read; this address needs decide or admin."
    ),
    404: _Known("Not Found", "not there", "There is no decision with this id."),
    408: _Known("Request Timeout", "the body did not come in time", "The body did not come in time."),
    409: _Known(
        "Conflict",
        "contradicts what is stored",
        "This Idempotency-Key came with another application before. Use a new key for each application.",
    ),
    413: _Known("Content Too Large", "the body is too large", "The body may have at most 64 kB."),
    415: _Known(
        "Unsupported Media Type",
        "not sent as JSON",
        "Send JSON, with the header Content-Type: application/json.",
    ),
    422: _Known(
        "Unprocessable Content",
        "wrong fields, named one by one",
        "One field is wrong; `errors` names what and why.",
        errors=({"field": "employees", "message": "-3 is below 0, the least that is believable here"},),
    ),
    429: _Known(
        "Too Many Requests",
        "this key asks too often",
        "This key has asked as often as it may; ask again after Retry-After seconds.",
        {**RETRY, **LIMIT},
    ),
    431: _Known("Request Header Fields Too Large", "the headers are too large", "The headers are longer than 64 kB."),
    503: _Known(
        "Service Unavailable",
        "cannot decide or store at this moment, or too busy; come again after Retry-After seconds",
        "The decision log cannot be written or read at this moment. Ask again, with the same Idempotency-Key.",
        RETRY,
    ),
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for its documentation: what each means, its shape, an example, its headers."""
    return {status: _documented(status) for status in statuses}


def _documented(status: int) -> dict[str, Any]:
    known = _KNOWN[status]
    example = {
        "type": "about:blank",
        "title": known.title,
        "status": status,
        "detail": known.detail,
        "errors": list(known.errors),
    }
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    described = {"description": known.meaning, "content": content}
    return {**described, "headers": dict(known.headers)} if known.headers else described


def takes(component: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    """A route's JSON body, by the name of its schema, and its headers."""
    schema = {"$ref": f"#/components/schemas/{component}"}
    extra: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
    return {**extra, "parameters": list(parameters)} if parameters else extra

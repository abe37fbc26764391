"""The shapes of bodies and answers, for the OpenAPI document; the routes themselves read and write plain JSON."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

DECISION_ID = "0199a3c8-5f10-7c3a-9d41-3f0c5b1e7a22"
MOMENT = "2026-11-22T10:00:00.000000Z"


class Reason(BaseModel):
    """One principal reason of a decision that is not an approval."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "AMOUNT_TO_EMPLOYEES_HIGH",
                "feature": "amount_per_employee",
                "value": 125000.0,
                "text": "The amount asked for is high for the size of the business",
                "contribution": 0.41,
            }
        }
    )

    code: str = Field(description="stable, for machines")
    feature: str = Field(description="what was looked at")
    value: str | float | int | bool | None = Field(description="what it was; null when it was missing")
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
    value: str | float | int | bool | None
    contribution: float


class Outcome(BaseModel):
    """What became of a decision."""

    decision_id: str = Field(examples=[DECISION_ID])
    outcome: Literal["good", "bad"]
    observed_at: str | None = Field(
        default=None, description="ISO 8601; the present moment when left out", examples=["2027-05-31"]
    )


class KnownOutcome(BaseModel):
    """An outcome that is stored."""

    outcome: Literal["good", "bad"]
    observed_at: str


class Stored(Decision):
    """A decision as it is stored."""

    log_odds: float
    inputs: dict[str, Any]
    outcome: KnownOutcome | None


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
    """The model that decides."""

    policy: Policy
    card: dict[str, Any]
    input_schema: dict[str, Any]


class Status(BaseModel):
    """How the service is."""

    status: str


IDEMPOTENCY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "any text of your own; the same key and body give the same decision",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}

_SAID = {
    400: "not JSON, or a bad header",
    404: "not there",
    409: "contradicts what is stored",
    413: "too large",
    415: "not sent as JSON",
    422: "wrong fields, named one by one",
    503: "cannot decide or store at this moment; come again after Retry-After seconds",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for its documentation."""
    schema = {"$ref": "#/components/schemas/Problem"}
    found: dict[int | str, dict[str, Any]] = {
        status: {"description": _SAID[status], "content": {"application/problem+json": {"schema": schema}}}
        for status in statuses
    }
    if 503 in found:
        found[503]["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return found


def takes(component: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    """A route's JSON body, by the name of its schema, and its headers."""
    schema = {"$ref": f"#/components/schemas/{component}"}
    extra: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
    return {**extra, "parameters": list(parameters)} if parameters else extra

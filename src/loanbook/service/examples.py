"""One request's worth of each body and answer, for the OpenAPI document: the loan of the tutorial, decided."""

from __future__ import annotations

from typing import Any

DECISION_ID = "0199a3c8-5f10-7c3a-9d41-3f0c5b1e7a22"
MOMENT = "2026-11-22T10:00:00.000000Z"
DIGEST = "58d7ef1280af0734aa71c8508bb3ef4d82b238d3145841905020e0715eff31e2"

DECISION: dict[str, Any] = {
    "decision_id": DECISION_ID,
    "decision": "refer",
    "probability_of_default": 0.183,
    "confidence": 0.817,
    "lower": 0.151,
    "upper": 0.219,
    "reasons": [
        {
            "code": "AMOUNT_TO_EMPLOYEES_HIGH",
            "feature": "amount_per_employee",
            "value": 125000.0,
            "text": "The amount asked for is high for the size of the business",
            "contribution": 0.41,
        }
    ],
    "model": {"usecase": "risk", "version": 3},
    "policy": {"version": 1},
    "decided_at": MOMENT,
}

REFUSED: dict[str, Any] = {
    "type": "about:blank",
    "title": "Unprocessable Content",
    "status": 422,
    "detail": "One field is wrong; `errors` names what and why.",
    "errors": [{"field": "employees", "message": "-3 is below 0, the least that is believable here"}],
}

DECISIONS = {"decisions": [DECISION, REFUSED]}

APPLICATION = {"amount": 250000, "employees": 2}

STORED = {
    **DECISION,
    "log_odds": -1.496,
    "inputs": APPLICATION,
    "outcome": {"outcome": "good", "observed_at": "2026-11-20T00:00:00.000000Z"},
    "review": None,
}

RECORD = {
    **STORED,
    "base_log_odds": -1.906,
    "contributions": [
        {
            "feature": "amount_per_employee",
            "title": "Amount per employee",
            "fields": ["amount", "employees"],
            "value": 125000.0,
            "contribution": 0.41,
        }
    ],
}

PAGE = {"decisions": [STORED], "next": DECISION_ID}

OUTCOME = {"decision_id": DECISION_ID, "outcome": "good", "observed_at": "2026-11-20"}

RECORDED = {"received": 1, "recorded": 1}

VERSION = {
    "usecase": "risk",
    "version": 3,
    "role": "champion",
    "rung": "xgboost",
    "created_at": MOMENT,
    "digest": DIGEST,
    "metrics": {"auc": {"value": 0.761, "low": 0.742, "high": 0.779}},
}

MODELS = {"models": [VERSION]}

CHAMPION = {
    **VERSION,
    "policy": {"version": 1, "approve_below": 0.1, "decline_from": 0.3, "source": "cut-offs of the book"},
    "card": {"title": "XGBoost, early stopped", "question": "Will this loan go bad?"},
    "input_schema": {
        "type": "object",
        "properties": {"amount": {"type": "number", "minimum": 0}},
        "required": ["amount"],
    },
}

AMOUNT: dict[str, Any] = {
    "amount": 45617.01,
    "lower": 11427.77,
    "upper": 147904.93,
    "reasons": [
        {"feature": "revolving", "value": "Y", "text": "-35,597: Revolving (Y)", "contribution": -35597.2},
    ],
    "model": {"usecase": "amount", "version": 1},
}

AMOUNTS = {"predictions": [AMOUNT, REFUSED]}

WITHOUT_REASONS = {name: value for name, value in DECISION.items() if name != "reasons"}

REVIEW = {"decision": "approve", "reviewer": "j.doe", "reason": "The owner pledged a second property."}

REVIEWED = {**REVIEW, "decision_id": DECISION_ID, "at": MOMENT, "override": False}

REVIEWS = {
    "referred": 412,
    "waiting": 17,
    "reviewed": 400,
    "overrides": {"approve_to_decline": 1, "decline_to_approve": 4},
}

METRICS = (
    "# HELP loanbook_decisions_total Decisions stored and answered.\n"
    "# TYPE loanbook_decisions_total counter\n"
    'loanbook_decisions_total{decision="refer",usecase="risk"} 3.0\n'
)

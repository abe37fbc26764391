"""What the OpenAPI document says of each operation beyond its route: its name, who may ask, an example answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loanbook.service import examples


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document.

    Parameters
    ----------
    name : its operationId, which generated clients call it by.
    role : what a key must be allowed; "" where none is needed.
    answers : examples of what it answers, by their names.
    asks : an example of what it is sent, where the champion does not make one.
    """

    name: str
    role: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    asks: Any = None


OPERATIONS: Mapping[str, Operation] = {
    "POST /v1/decisions": Operation(
        "decide", "decide", {"referred": examples.DECISION, "without reasons": examples.WITHOUT_REASONS}
    ),
    "POST /v1/decisions:batch": Operation("decideBatch", "decide", {"one is refused": examples.DECISIONS}),
    "GET /v1/decisions": Operation("listDecisions", "read", {"a page": examples.PAGE}),
    "GET /v1/decisions/{decision_id}": Operation("getDecision", "read", {"explained": examples.RECORD}),
    "POST /v1/decisions/{decision_id}/review": Operation(
        "reviewDecision", "review", {"reviewed": examples.REVIEWED}, examples.REVIEW
    ),
    "GET /v1/reviews/summary": Operation("countReviews", "read", {"counted": examples.REVIEWS}),
    "POST /v1/outcomes": Operation("recordOutcomes", "decide", {"new": examples.RECORDED}, examples.OUTCOME),
    "POST /v1/{usecase}/predictions": Operation(
        "predict", "decide", {"one": examples.AMOUNT, "several": examples.AMOUNTS}, examples.APPLICATION
    ),
    "GET /v1/models": Operation("listModels", "read", {"one version": examples.MODELS}),
    "GET /v1/models/{usecase}": Operation("listVersions", "read", {"one version": examples.MODELS}),
    "GET /v1/models/{usecase}/champion": Operation("getChampion", "read", {"risk": examples.CHAMPION}),
    "GET /healthz": Operation("isAlive", "", {"alive": {"status": "ok"}}),
    "GET /readyz": Operation("isReady", "", {"ready": {"status": "ready"}}),
    "GET /metrics": Operation("getMetrics", "read", {"decisions": examples.METRICS}),
}


def allowed(path: str) -> str:
    """The methods that an address of the document takes, as `Allow` lists them; "" for another address.

    >>> allowed("/v1/decisions"), allowed("/v1/models/risk"), allowed("/nowhere")
    ('GET, POST', 'GET', '')
    """
    return ", ".join(sorted({method for method, pattern in _PATTERNS if pattern.fullmatch(path)}))


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path))


_PATTERNS = [(name.split()[0], _pattern(name.split()[1])) for name in OPERATIONS]

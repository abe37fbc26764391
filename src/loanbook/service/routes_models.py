"""GET /v1/models: what decides, how good it measured, what it takes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from loanbook.decisions.answering import Answerer
from loanbook.decisions.decider import Decider
from loanbook.service import answers, schemas
from loanbook.service.desk import USECASE, Desk
from loanbook.service.problems import JsonAnswer, ProblemError
from loanbook.service.routes_predictions import ANSWERS

QUANTILES = "quantiles"
"""A thousand numbers that only the policy needs."""

router = APIRouter(tags=["models"])


@router.get(
    "/v1/models",
    summary="Every registered model",
    response_model=schemas.Models,
    responses=schemas.problems(503),
)
def models(request: Request) -> Response:
    """Versions of every use case of the book, with their roles and measured figures."""
    desk: Desk = request.app.state.desk
    found = [one for usecase in desk.book.sections for one in desk.registry.versions(usecase)]
    return JsonAnswer({"models": [answers.version(one) for one in found]})


@router.get(
    "/v1/models/{usecase}",
    summary="The versions of one use case",
    response_model=schemas.Models,
    responses=schemas.problems(404, 503),
)
def versions(request: Request, usecase: str) -> Response:
    """Oldest first."""
    desk: Desk = request.app.state.desk
    if usecase not in desk.book.sections:
        raise ProblemError(404, "Not Found", "The book has no such use case.")
    return JsonAnswer({"models": [answers.version(one) for one in desk.registry.versions(usecase)]})


@router.get(
    "/v1/models/{usecase}/champion",
    summary="The model that answers",
    response_model=schemas.Champion,
    responses=schemas.problems(404, 503),
)
def champion(request: Request, usecase: str) -> Response:
    """Its card, the JSON Schema of an application and, where it decides, the policy in force."""
    desk: Desk = request.app.state.desk
    if usecase != USECASE and (usecase not in ANSWERS or usecase not in desk.book.sections):
        raise ProblemError(404, "Not Found", "The book has no such use case.")
    answerer = desk.answerer(usecase)
    if answerer is None:
        raise ProblemError(404, "Not Found", f"There is no champion yet: run `loanbook train {usecase}`.")
    version = desk.registry.version(usecase, answerer.version)
    return JsonAnswer({**answers.version(version), "policy": _policy(answerer), **_details(answerer)})


def _details(answerer: Answerer) -> dict[str, Any]:
    model = answerer.model
    return {
        "card": {name: value for name, value in model.card.items() if name != QUANTILES},
        "input_schema": model.contract.schema(),
    }


def _policy(answerer: Answerer) -> dict[str, Any] | None:
    if not isinstance(answerer, Decider):
        return None
    policy = answerer.policy
    return {
        "version": policy.version,
        "approve_below": policy.approve_below,
        "decline_from": policy.decline_from,
        "source": policy.source,
    }

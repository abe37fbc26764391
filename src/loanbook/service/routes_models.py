"""GET /v1/models: what decides, how good it measured, what it takes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from loanbook.service import answers, schemas
from loanbook.service.desk import USECASE, Desk
from loanbook.service.problems import JsonAnswer, ProblemError

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
    summary="The model that decides",
    response_model=schemas.Champion,
    responses=schemas.problems(404, 503),
)
def champion(request: Request, usecase: str) -> Response:
    """Its card, the policy in force and the JSON Schema of an application."""
    desk: Desk = request.app.state.desk
    if usecase != USECASE:
        raise ProblemError(404, "Not Found", "No such use case decides here.")
    if desk.champion() is None:
        raise ProblemError(404, "Not Found", f"There is no champion yet: run `loanbook train {USECASE}`.")
    return JsonAnswer({**answers.version(desk.version()), **_details(desk)})


def _details(desk: Desk) -> dict[str, Any]:
    decider = desk.deciding()
    policy = decider.policy
    return {
        "policy": {
            "version": policy.version,
            "approve_below": policy.approve_below,
            "decline_from": policy.decline_from,
            "source": policy.source,
        },
        "card": {name: value for name, value in decider.model.card.items() if name != QUANTILES},
        "input_schema": decider.model.contract.schema(),
    }

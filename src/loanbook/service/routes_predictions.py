"""POST /v1/{usecase}/predictions: applications in, what a model says of them out; nothing is decided or stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from loanbook.decisions.predictor import Predictor
from loanbook.errors import Problem, RowRefused
from loanbook.service import body, schemas
from loanbook.service.deciding import bounded
from loanbook.service.desk import USECASE, Desk
from loanbook.service.problems import JsonAnswer, ProblemError, refused, unavailable

ANSWERS: dict[str, tuple[type[BaseModel], type[BaseModel]]] = {
    "amount": (schemas.Amount, schemas.Amounts),
}
"""The use cases that are asked here, each with the shape of one answer and of several: one more is one more line."""

MOST = 1_000

router = APIRouter(tags=["predictions"])


@router.post(
    "/v1/{usecase}/predictions",
    summary="Ask a model that does not decide",
    response_model=None,
    responses=schemas.problems(400, 404, 413, 415, 422, 503),
    openapi_extra=schemas.takes("AnyApplications"),
)
async def predict(request: Request, usecase: str, explain: bool = True) -> Response:
    """One application or a list of up to 1,000 in; what the champion of the use case says out.

    Of a list, each application has its answer at its place: a prediction, or the problem with it. Nothing is stored:
    a request may simply be sent again.
    """
    desk: Desk = request.app.state.desk
    _asked(desk, usecase)
    value = await body.read(request, body.MANY)
    predictor = await run_in_threadpool(_open, desk, usecase)
    if isinstance(value, list):
        if not 1 <= len(value) <= MOST:
            raise refused([Problem("body", f"must have 1 to {MOST:,} applications; it has {len(value):,}")])
        said = await run_in_threadpool(_say_all, predictor, value, explain=explain)
        return JsonAnswer({"predictions": [one.to_json() if isinstance(one, ProblemError) else one for one in said]})
    one = (await run_in_threadpool(_say_all, predictor, [value], explain=explain))[0]
    if isinstance(one, ProblemError):
        raise one
    return JsonAnswer(one)


def _asked(desk: Desk, usecase: str) -> None:
    """Refuse what is not asked here."""
    if usecase == USECASE:
        raise ProblemError(404, "Not Found", f"The use case {USECASE} decides: send applications to /v1/decisions.")
    if usecase not in ANSWERS or usecase not in desk.book.sections:
        raise ProblemError(404, "Not Found", "The book has no such use case to ask.")


def _open(desk: Desk, usecase: str) -> Predictor:
    answerer = desk.answerer(usecase)
    if not isinstance(answerer, Predictor):
        raise unavailable(f"No model answers yet: run `loanbook train {usecase}`, then ask again.")
    return answerer


def _say_all(predictor: Predictor, items: Sequence[Any], *, explain: bool) -> list[dict[str, Any] | ProblemError]:
    found: list[ProblemError | None] = []
    rows: list[Mapping[str, Any]] = []
    for item in items:
        try:
            rows.append(_application(predictor, item))
        except ProblemError as problem:
            found.append(problem)
        else:
            found.append(None)
    model = {"usecase": predictor.usecase, "version": predictor.version}
    said = iter(predictor.predict_rows(rows, reasons=explain))
    return [_settled(next(said), model) if one is None else one for one in found]


def _application(predictor: Predictor, item: Any) -> Mapping[str, Any]:
    inputs = body.flat_object(item)
    bounded(predictor, inputs)
    return inputs


def _settled(said: dict[str, Any] | RowRefused, model: dict[str, Any]) -> dict[str, Any] | ProblemError:
    return refused(said.problems) if isinstance(said, RowRefused) else {**said, "model": model}

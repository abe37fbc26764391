"""POST /v1/outcomes: what became of a loan."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from loanbook.decisions.outcomes import Observed, OutcomesRefused, read_outcome
from loanbook.errors import Problem
from loanbook.service import body, schemas
from loanbook.service.desk import Desk
from loanbook.service.problems import JsonAnswer, ProblemError, refused

MOST = 10_000

router = APIRouter(tags=["outcomes"])


@router.post(
    "/v1/outcomes",
    summary="Tell what became of decisions",
    response_model=schemas.Recorded,
    responses=schemas.problems(400, 404, 409, 413, 415, 422, 503),
    openapi_extra=schemas.takes("Outcomes"),
)
async def outcomes(request: Request) -> Response:
    """One outcome or a list of them; all are stored or none. The same outcome again changes nothing."""
    desk: Desk = request.app.state.desk
    value = await body.read(request, body.MANY)
    items = value if isinstance(value, list) else [value]
    if not 1 <= len(items) <= MOST:
        raise refused([Problem("body", f"must have 1 to {MOST:,} outcomes; it has {len(items):,}")])
    added = await run_in_threadpool(_store, desk, items, single=not isinstance(value, list))
    return JsonAnswer({"received": len(items), "recorded": added})


def _store(desk: Desk, items: list[Any], *, single: bool) -> int:
    observed: list[Observed] = []
    problems: list[Problem] = []
    for place, item in enumerate(items):
        start = "" if single else f"{place}."
        read = read_outcome(item)
        if isinstance(read, Observed):
            observed.append(read)
        else:
            problems += [Problem(f"{start}{one.field}", one.message) for one in read]
    if problems:
        raise refused(problems)
    try:
        added = desk.outcomes.record(observed)
    except OutcomesRefused as error:
        raise _problem(error, single=single) from error
    for one in added:
        desk.metrics.outcomes.labels(outcome=one.outcome).inc()
    return len(added)


def _problem(error: OutcomesRefused, *, single: bool) -> ProblemError:
    problems = [Problem(one.field if single else f"{place}.{one.field}", one.message) for place, one in error.problems]
    if error.contradicts:
        return ProblemError(409, "Conflict", "Another outcome is stored already; nothing was changed.", problems)
    if single:
        return ProblemError(404, "Not Found", "There is no decision with this id.", problems)
    return refused(problems)

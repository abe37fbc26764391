"""POST /v1/decisions/{decision_id}/review: what a person decided; GET /v1/reviews/summary: how much waits for one."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from loanbook.decisions.records import Review
from loanbook.decisions.reviews import VERDICTS
from loanbook.errors import Problem
from loanbook.service import body, schemas
from loanbook.service.desk import Desk
from loanbook.service.gate import CALLER, Caller
from loanbook.service.problems import JsonAnswer, ProblemError, refused
from loanbook.service.questions import id_or_empty, moment_or_empty

FIELDS = ("decision", "reason", "reviewer")

router = APIRouter(tags=["decisions"])


@router.post(
    "/v1/decisions/{decision_id}/review",
    summary="Decide a case that was referred to a person",
    response_model=schemas.Review,
    responses=schemas.problems(400, 404, 409, 413, 415, 422, 503),
    openapi_extra=schemas.takes("Verdict"),
)
async def review(request: Request, decision_id: str) -> Response:
    """A person's decision, with its reason, stored beside the case and in the audit chain.

    The same once more changes nothing; another one on a case that was reviewed is a conflict. The reviewer is the name
    of the API key where the body names nobody.
    """
    desk: Desk = request.app.state.desk
    verdict = _verdict(await body.read(request, body.SINGLE), request.scope[CALLER])
    stored = await run_in_threadpool(_store, desk, decision_id, verdict)
    return JsonAnswer(msgspec.to_builtins(stored))


@router.get(
    "/v1/reviews/summary",
    summary="Referred cases, reviews and overrides, counted",
    response_model=schemas.Reviews,
    responses=schemas.problems(422, 503),
)
def summary(
    request: Request, since: Annotated[str, Query(description="ISO 8601; decided at this moment or later")] = ""
) -> Response:
    """How many cases were referred and wait, how many were reviewed, how often people decided otherwise."""
    desk: Desk = request.app.state.desk
    return JsonAnswer(msgspec.to_builtins(desk.reviews.counts(moment_or_empty("since", since))))


def _store(desk: Desk, decision_id: str, verdict: dict[str, str]) -> Review:
    known = desk.log.find(id_or_empty(decision_id)) if len(decision_id) == 36 else None
    if known is None:
        raise ProblemError(404, "Not Found", "There is no decision with this id.")
    stored = desk.reviews.record(decision_id, verdict["decision"], verdict["reviewer"], verdict["reason"])
    if known.review is None:
        desk.metrics.reviews.labels(decision=stored.decision, override=str(stored.override).lower()).inc()
    return stored


def _verdict(value: Any, caller: Caller) -> dict[str, str]:
    """The body, checked; who is not named has the name of the key."""
    if not isinstance(value, dict):
        raise refused([Problem("body", "must be an object with decision, reason and reviewer")])
    problems = [Problem(str(name), "there is no such field") for name in value if name not in FIELDS]
    if value.get("decision") not in VERDICTS:
        problems.append(Problem("decision", "must be approve or decline"))
    if value.get("reviewer") is None:
        value = {**value, "reviewer": caller.name}
    for name, most in (("reason", schemas.REASON), ("reviewer", schemas.REVIEWER)):
        if not _is_said(value.get(name), most):
            problems.append(Problem(name, f"must be a text of 1 to {most:,} characters, none of them NUL"))
    if problems:
        raise refused(problems)
    return {name: value[name] for name in FIELDS}


def _is_said(text: Any, most: int) -> bool:
    """Whether it says something and any database can keep it: no NUL, no half of a character."""
    if not isinstance(text, str) or not text.strip() or len(text) > most or "\0" in text:
        return False
    return not any("\ud800" <= one <= "\udfff" for one in text)

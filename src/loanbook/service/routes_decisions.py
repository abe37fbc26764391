"""POST /v1/decisions and its like: applications in, logged decisions out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from loanbook.decisions.log import Logged, body_digest
from loanbook.errors import Problem, RowRefused
from loanbook.service import answers, body, schemas
from loanbook.service.deciding import Deciding, bounded, key_of
from loanbook.service.desk import Desk
from loanbook.service.problems import JsonAnswer, ProblemError, refused
from loanbook.service.questions import id_or_empty, moment_or_empty

BATCH = 1_000

router = APIRouter(tags=["decisions"])


@router.post(
    "/v1/decisions",
    summary="Decide one application",
    response_model=schemas.Decision,
    responses=schemas.problems(400, 409, 413, 415, 422, 503),
    openapi_extra=schemas.takes("Application", schemas.IDEMPOTENCY),
)
async def decide(request: Request, explain: bool = True) -> Response:
    """One application in, a decision out, stored before it is answered.

    Send an `Idempotency-Key` and a retry gets the same decision instead of a second one.
    """
    deciding: Deciding = request.app.state.deciding
    made = await deciding.decide(dict(request.scope["headers"]), request.receive)
    return JsonAnswer(answers.decision(made, explain=explain))


@router.post(
    "/v1/decisions:batch",
    summary="Decide up to 1,000 applications",
    response_model=schemas.Decisions,
    responses=schemas.problems(400, 409, 413, 415, 422, 503),
    openapi_extra=schemas.takes("Applications", schemas.IDEMPOTENCY),
)
async def decide_batch(request: Request, explain: bool = True) -> Response:
    """Applications in, one answer for each in their order: its decision, or the problem with it.

    The body is a list of applications, or `{"applications": [...]}`.
    """
    desk: Desk = request.app.state.desk
    items = _applications(await body.read(request, body.MANY))
    key = key_of(dict(request.scope["headers"]))
    made = await run_in_threadpool(_decide_all, desk, items, key)
    found = [_item(one, explain=explain) for one in made]
    return JsonAnswer({"decisions": found})


def _applications(value: Any) -> list[Any]:
    items = value.get("applications") if isinstance(value, dict) else value
    if not isinstance(items, list):
        raise refused([Problem("applications", "must be a list of applications")])
    if not 1 <= len(items) <= BATCH:
        raise refused([Problem("applications", f"must have 1 to {BATCH:,} applications; it has {len(items):,}")])
    return items


def _decide_all(desk: Desk, items: Sequence[Any], key: str | None) -> list[Logged | ProblemError]:
    found: list[Logged | ProblemError | None] = []
    drafts = []
    decider = desk.deciding()
    for place, item in enumerate(items):
        try:
            inputs = body.flat_object(item)
            bounded(decider, inputs)
        except ProblemError as problem:
            found.append(problem)
            continue
        found.append(None)
        # No header can hold a line break: a batch's keys never meet the key of a single decision.
        drafts.append((inputs, f"{key}\n{place}" if key else None, body_digest(inputs) if key else None))
    made = iter(desk.decide_many(drafts))
    return [one if one is not None else _settled(next(made)) for one in found]


def _settled(one: Logged | RowRefused) -> Logged | ProblemError:
    return refused(one.problems) if isinstance(one, RowRefused) else one


def _item(one: Logged | ProblemError, *, explain: bool) -> dict[str, Any]:
    return one.to_json() if isinstance(one, ProblemError) else answers.decision(one, explain=explain)


@router.get(
    "/v1/decisions",
    summary="Stored decisions, newest first",
    response_model=schemas.Page,
    responses=schemas.problems(422, 503),
)
def search(
    request: Request,
    *,
    since: Annotated[str, Query(description="ISO 8601; decided at this moment or later")] = "",
    until: Annotated[str, Query(description="ISO 8601; decided before this moment")] = "",
    decision: Literal["approve", "refer", "decline"] | None = None,
    reviewed: Annotated[bool | None, Query(description="whether a person has decided about it")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Annotated[str, Query(max_length=36, description="`next` of the page before")] = "",
) -> Response:
    """A page of the log; `next` is the cursor of the following one, null on the last."""
    desk: Desk = request.app.state.desk
    wanted = decision or ""
    found = desk.log.search(
        since=moment_or_empty("since", since),
        until=moment_or_empty("until", until),
        decision=wanted,
        reviewed=reviewed,
        limit=limit + 1,
        cursor=id_or_empty(cursor),
    )
    following = found[limit - 1].decision_id if len(found) > limit else None
    return JsonAnswer({"decisions": [answers.record(one) for one in found[:limit]], "next": following})


@router.get(
    "/v1/decisions/{decision_id}",
    summary="One stored decision with everything it was made from",
    response_model=schemas.Record,
    responses=schemas.problems(404, 422, 503),
)
def find(request: Request, decision_id: str) -> Response:
    """What was decided, with what, why: inputs, every contribution and the base value they start from."""
    desk: Desk = request.app.state.desk
    logged = desk.log.find(id_or_empty(decision_id)) if len(decision_id) == 36 else None
    if logged is None:
        raise ProblemError(404, "Not Found", "There is no decision with this id.")
    base, contributions = desk.explanation(logged)
    return JsonAnswer({**answers.record(logged), "base_log_odds": base, "contributions": contributions})

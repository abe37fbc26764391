"""Is it alive, is it ready, how busy is it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from loanbook.service import schemas
from loanbook.service.desk import Desk
from loanbook.service.problems import JsonAnswer, unavailable

TEXT = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Alive", response_model=schemas.Status)
async def alive() -> Response:
    """Answers while the process lives."""
    return JsonAnswer({"status": "ok"})


@router.get("/readyz", summary="Ready to decide", response_model=schemas.Status, responses=schemas.problems(503))
def ready(request: Request) -> Response:
    """A champion is loaded and the store takes writes."""
    desk: Desk = request.app.state.desk
    why_not = desk.ready()
    if why_not:
        raise unavailable(f"Not ready: {why_not}.")
    return JsonAnswer({"status": "ready"})


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
def metrics(request: Request) -> Response:
    """Decisions by result, latency, problems by status, the version that decides."""
    return Response(request.app.state.metrics.text(), media_type=TEXT)

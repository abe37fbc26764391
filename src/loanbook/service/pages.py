"""GET /: the dashboard."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from loanbook.dashboard import render, view
from loanbook.decisions.decider import Decider
from loanbook.service import openapi
from loanbook.service.desk import USECASE, Desk

RECENT = 10

router = APIRouter(include_in_schema=False)


@router.get("/")
def index(request: Request) -> Response:
    """What decides, how good it measured, what it decided last, what to do next."""
    desk: Desk = request.app.state.desk
    decider = desk.champion()
    address = f"{request.url.scheme}://{request.url.netloc}"
    page = view.empty(desk.book.name, USECASE) if decider is None else _page(desk, decider, address)
    headers = {
        "content-security-policy": render.POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }
    return HTMLResponse(render.html(page), headers=headers)


@router.get("/style.css")
def style() -> Response:
    """Its style sheet."""
    return Response(render.css(), media_type="text/css", headers={"x-content-type-options": "nosniff"})


def _page(desk: Desk, decider: Decider, address: str) -> view.Page:
    changes = desk.registry.history(USECASE)
    since = [one.at for one in changes if one.role == "champion" and one.to_version == decider.version]
    return view.build(
        desk.book.name,
        decider,
        address=address,
        since=since[-1] if since else "",
        recent=desk.log.search(limit=RECENT),
        example=openapi.example(decider.model),
    )

"""The service as an ASGI application; importing this does nothing."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from loanbook import __version__
from loanbook.book import Book
from loanbook.service import (
    docs,
    log,
    openapi,
    pages,
    problems,
    routes_decisions,
    routes_health,
    routes_models,
    routes_outcomes,
    routes_predictions,
    routes_reviews,
)
from loanbook.service.desk import Desk
from loanbook.service.fast import FastPath
from loanbook.service.gate import Guarded
from loanbook.service.metrics import Metrics
from loanbook.service.requests import Requests
from loanbook.service.running import running
from loanbook.service.shedding import TURN

BOOK = "LOANBOOK_BOOK"
"""Names the book to `from_environment`: worker processes cannot be handed one."""


class Service(FastAPI):
    """FastAPI whose document describes the model that decides, behind the fast path and the gate."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._front = FastPath(super().__call__, self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._front(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        desk: Desk = self.state.desk
        return openapi.document(self, desk.champion())

    def build_middleware_stack(self) -> ASGIApp:
        return Requests(Guarded(super().build_middleware_stack(), self), self)


def create_app(book: Book) -> FastAPI:
    """The service of a book. The store is opened and the champion read when it starts, not before.

    Parameters
    ----------
    book : of the lender.
    """

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with running(book, app.state):
            yield {TURN: app.state.turn}

    app = Service(
        title="loanbook",
        version=__version__,
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # an address that is not there is 404, and sends no application to another
    )
    app.state.metrics = Metrics()
    for router in (
        routes_decisions.router,
        routes_reviews.router,
        routes_outcomes.router,
        routes_predictions.router,
        routes_models.router,
        routes_health.router,
        docs.router,
        pages.router,
    ):
        app.include_router(router)
    problems.install(app)
    return app


def from_environment() -> FastAPI:
    """The service of the book that the variable LOANBOOK_BOOK names; for uvicorn and Gunicorn workers."""
    log.configure()
    return create_app(Book.load(os.environ.get(BOOK, "loanbook.toml")))

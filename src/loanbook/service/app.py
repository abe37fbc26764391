"""The service as an ASGI application; importing this does nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

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
)
from loanbook.service.desk import Desk
from loanbook.service.gate import Gate, Guarded, keep_fresh
from loanbook.service.metrics import Metrics
from loanbook.service.requests import Requests
from loanbook.service.tracing import tracer_or_none

BOOK = "LOANBOOK_BOOK"
"""Names the book to `from_environment`: worker processes cannot be handed one."""


class Service(FastAPI):
    """FastAPI whose document describes the model that decides, behind the gate and the log of requests."""

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
    async def life(app: FastAPI) -> AsyncIterator[None]:
        desk = await run_in_threadpool(Desk, book, app.state.metrics)
        tracing = tracer_or_none()
        looking = None
        try:
            await run_in_threadpool(desk.champion)
            gate = await run_in_threadpool(Gate, desk.store)
            app.state.desk, app.state.gate, app.state.tracing = desk, gate, tracing
            looking = asyncio.create_task(keep_fresh(gate))
            yield
        finally:
            if looking is not None:
                looking.cancel()
            if tracing is not None:
                await run_in_threadpool(tracing.close)
            desk.close()

    app = Service(title="loanbook", version=__version__, lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.metrics = Metrics()
    for router in (
        routes_decisions.router,
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

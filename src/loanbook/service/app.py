"""The service as an ASGI application; importing this does nothing."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from loanbook import __version__
from loanbook.book import Book
from loanbook.service import (
    docs,
    openapi,
    pages,
    problems,
    routes_decisions,
    routes_health,
    routes_models,
    routes_outcomes,
)
from loanbook.service.desk import Desk
from loanbook.service.metrics import Metrics

BOOK = "LOANBOOK_BOOK"
"""Names the book to `from_environment`: worker processes cannot be handed one."""


class Service(FastAPI):
    """FastAPI whose document describes the model that decides."""

    def openapi(self) -> dict[str, Any]:
        desk: Desk = self.state.desk
        return openapi.document(self, desk.champion())


def create_app(book: Book) -> FastAPI:
    """The service of a book. The store is opened and the champion read when it starts, not before.

    Parameters
    ----------
    book : of the lender.
    """

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        desk = await run_in_threadpool(Desk, book, app.state.metrics)
        try:
            await run_in_threadpool(desk.champion)
            app.state.desk = desk
            yield
        finally:
            desk.close()

    app = Service(title="loanbook", version=__version__, lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.metrics = Metrics()
    for router in (
        routes_decisions.router,
        routes_outcomes.router,
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
    return create_app(Book.load(os.environ.get(BOOK, "loanbook.toml")))

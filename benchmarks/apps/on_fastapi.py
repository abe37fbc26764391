"""The usual service behind FastAPI."""

from __future__ import annotations

from typing import Any

from fastapi import Body, FastAPI

from benchmarks.apps.desk import Desk


def create() -> FastAPI:
    """One route, in FastAPI's pool of threads, as a function that computes belongs there."""
    desk, app = Desk(), FastAPI()

    @app.get("/readyz")
    def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.post("/v1/decisions")
    def decide(application: dict[str, Any] = Body()) -> dict[str, Any]:  # noqa: B008 (FastAPI's way)
        return desk.decide(application)

    return app

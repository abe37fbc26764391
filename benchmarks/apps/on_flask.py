"""The usual service behind Flask."""

from __future__ import annotations

from typing import Any

from flask import Flask, request

from benchmarks.apps.desk import Desk


def create() -> Flask:
    """One route; Gunicorn asks for this in each worker."""
    desk, app = Desk(), Flask(__name__)

    @app.get("/readyz")
    def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.post("/v1/decisions")
    def decide() -> dict[str, Any]:
        return desk.decide(request.get_json())

    return app

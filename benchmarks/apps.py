"""Servers to measure beside ours: an echo, the least that any answer costs, and what people ship."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from fastapi import FastAPI

MODEL = "LOANBOOK_BENCH_MODEL"
LOG = "LOANBOOK_BENCH_LOG"

Message = MutableMapping[str, Any]


async def echo(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Give the body back."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


class UsualLog:
    """One table, one insert and one commit a decision, as `sqlite3` comes."""

    def __init__(self, path: str) -> None:
        self.connection = sqlite3.connect(path, check_same_thread=False)
        self.connection.execute(
            "create table if not exists log (id text, inputs text, p real, decision text, reasons text)"
        )

    def keep(self, inputs: Any, p: float, decision: str, reasons: list[str]) -> str:
        """Store one decision."""
        name = str(uuid4())
        row = (name, json.dumps(inputs), p, decision, json.dumps(reasons))
        with self.connection:
            self.connection.execute("insert into log values (?, ?, ?, ?, ?)", row)
        return name

    def close(self) -> None:
        self.connection.close()


def usual() -> FastAPI:
    """The usual service: FastAPI, the pipeline, XGBoost's contributions, one insert and commit."""
    import threading

    import joblib
    from fastapi import Body, FastAPI

    model, log, turn = joblib.load(os.environ[MODEL]), UsualLog(os.environ[LOG]), threading.Lock()
    app = FastAPI()

    @app.get("/readyz")
    def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.post("/v1/decisions")
    def decide(application: dict[str, Any] = Body()) -> dict[str, Any]:  # noqa: B008 (FastAPI's way)
        probabilities, reasons = model.explain([application])
        p = float(probabilities[0])
        with turn:
            name = log.keep(application, p, "decline", reasons[0])
        return {"decision_id": name, "decision": "decline", "probability_of_default": p, "reasons": reasons[0]}

    return app

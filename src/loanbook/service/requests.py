"""The outermost layer of what goes through FastAPI: each request gets an id, a line in the log, a span."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loanbook.service import log, problems
from loanbook.service.gate import CALLER
from loanbook.service.tracing import Trace

logger = logging.getLogger("loanbook.service")

REQUEST: Final = "loanbook.request_id"
"""Where an ASGI scope holds the id of the request."""

OFTEN: Final = frozenset({"/v1/decisions", "/v1/decisions:batch", "/v1/{usecase}/predictions"})
"""Paths whose POST is told at DEBUG only: the decision log is the record of what they did."""

PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Paths that machines ask all day."""

UNKNOWN: Final = "(no such path)"
"""The template of a path that no route has: the path itself may hold anything."""


class Requests:
    """Every request gets its id, its line, its span; an error that nobody foresaw becomes a 500 and a line with the id.

    Parameters
    ----------
    app : what answers.
    service : its `state` has the metrics and the tracing, from the moment it has started.
    """

    def __init__(self, app: ASGIApp, service: Starlette) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = time.perf_counter()
        headers = dict(scope["headers"])
        rid = scope[REQUEST] = log.request_id(headers)
        tracing = getattr(self.service.state, "tracing", None)
        trace = tracing.begin(scope["method"], "", headers) if tracing is not None else None
        reply = _Reply(send, rid)
        token = log.current.set(rid)
        try:
            await self._answer(scope, receive, reply)
        finally:
            self._note(scope, reply.status, start, trace)
            log.current.reset(token)

    async def _answer(self, scope: Scope, receive: Receive, reply: _Reply) -> None:
        try:
            await self.app(scope, receive, reply)
        except Exception:  # the caller learns the id, the log learns the rest
            logger.exception("unexpected error")
            if not reply.status:
                self.service.state.metrics.problems.labels(status="500").inc()
                await problems.answer(problems.unexpected())(scope, receive, reply)

    def _note(self, scope: Scope, status: int, start: float, trace: Trace | None) -> None:
        method, path = scope["method"], template(scope)
        caller = scope.get(CALLER)
        often = path in PROBES or (method == "POST" and path in OFTEN)
        log.answered(method, path, status, start, key_id=caller.key_id if caller else "", often=often)
        if trace is not None:
            trace.end(status, path)


class _Reply:
    """What sends an answer: it notes the status and puts the request's id in."""

    def __init__(self, send: Send, rid: str) -> None:
        self.send = send
        self.header = (log.REQUEST_ID, rid.encode("ascii"))
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), self.header]
        await self.send(message)


def template(scope: MutableMapping[str, Any] | Mapping[str, Any]) -> str:
    """The path of the route that took a request, its parameters by name; a path of no route is not told."""
    route = scope.get("route")
    found = getattr(route, "path_format", None) or getattr(route, "path", None)
    return str(found or UNKNOWN)

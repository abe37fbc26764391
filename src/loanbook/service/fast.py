"""The fast path: one ASGI layer in front of FastAPI, for `POST /v1/decisions` alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from loanbook.errors import LoanbookError
from loanbook.service import answers, log, problems, shedding
from loanbook.service.problems import ProblemError
from loanbook.service.tracing import Trace

logger = logging.getLogger("loanbook.service")

PATH: Final = "/v1/decisions"

_EXPLAIN: Final = {b"": True, b"explain=true": True, b"explain=false": False}
_HEADERS: Final = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


class FastPath:
    """Decides single applications; everything else goes on to the application behind.

    What FastAPI would do for such a request, find the route, build a Request, call a dependency, takes longer than to
    decide. A request with an unusual query goes there too.

    Parameters
    ----------
    app : the FastAPI application.
    service : its `state` has the desk, the gate, and what decides, from the moment it has started.
    """

    def __init__(self, app: ASGIApp, service: Starlette) -> None:
        self._app = app
        self._state = service.state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        explain = _EXPLAIN.get(scope["query_string"])
        if explain is None:
            await self._app(scope, receive, send)
            return
        if self._state.turn.late():
            await _send(send, 503, shedding.HEADERS, shedding.BODY)
            return
        start = perf_counter()
        headers, client, tracing = dict(scope["headers"]), scope["client"], self._state.tracing
        trace = None if tracing is None else tracing.begin("POST", PATH, headers)
        key_id = ""
        try:
            key_id = self._state.gate.admit("POST", PATH, headers, client[0] if client else None).key_id
            logged = await self._state.deciding.decide(headers, receive, trace)
            raw = answers.written(answers.answer(logged, explain=explain))
        except ClientDisconnect:
            _end(trace, problems.GONE)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is answered)
            await self._refuse(error, headers, send, trace, start, key_id=key_id)
        else:
            await _send(send, 200, [(b"content-length", b"%d" % len(raw)), *_HEADERS], raw)
            _end(trace, 200)
            if log.logger.isEnabledFor(logging.DEBUG):
                log.answered("POST", PATH, 200, start, key_id=key_id, rid=log.request_id(headers), often=True)

    async def _refuse(
        self,
        error: Exception,
        headers: Mapping[bytes, bytes],
        send: Send,
        trace: Trace | None,
        start: float,
        *,
        key_id: str,
    ) -> None:
        rid = log.request_id(headers)
        token = log.current.set(rid)
        try:
            problem = _explained(error)
            self._state.metrics.problems.labels(status=str(problem.status)).inc()
            said = problems.answer(problem)
            await _send(send, problem.status, [*said.raw_headers, (log.REQUEST_ID, rid.encode())], bytes(said.body))
            log.answered("POST", PATH, problem.status, start, key_id=key_id, often=problem.status == 503)
            _end(trace, problem.status)
        finally:
            log.current.reset(token)


def _explained(error: Exception) -> ProblemError:
    """What the caller is told; the log learns the rest."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, LoanbookError):
        return problems.explained(error)
    logger.error("unexpected error", exc_info=error)
    return problems.unexpected()


def _end(trace: Trace | None, status: int) -> None:
    if trace is not None:
        trace.end(status)


async def _send(send: Send, status: int, headers: Sequence[tuple[bytes, bytes]], raw: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": raw})

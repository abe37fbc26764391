"""Errors as `application/problem+json` (RFC 9457): what the caller can mend, never how we are built."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from http import HTTPStatus
from time import monotonic
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from loanbook.errors import (
    BookError,
    Conflict,
    LoanbookError,
    Problem,
    RegistryError,
    RowRefused,
    StoreError,
)
from loanbook.service.log import current
from loanbook.service.operations import allowed

logger = logging.getLogger("loanbook.service")

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "2"
GONE = 499
"""Status in the log of a request whose client left before it was answered."""

SHOWN = 100
"""At most so many wrong fields in one answer."""


class _Seldom:
    """Lets something be said at most once a second: in an outage every request would say the same."""

    def __init__(self) -> None:
        self._last = -1.0

    def again(self) -> bool:
        now = monotonic()
        if now - self._last < 1.0:
            return False
        self._last = now
        return True


_told = _Seldom()


class ProblemError(Exception):
    """A request that cannot be answered, as the caller shall see it.

    Parameters
    ----------
    status, title : the HTTP status and a short name of the fault.
    detail : what is wrong with this request, and what to do.
    problems : the wrong fields.
    headers : further headers.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        problems: Sequence[Problem] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(title, detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.problems = problems
        self.headers = headers or {}

    def to_json(self) -> dict[str, Any]:
        errors = [{"field": one.field, "message": one.message} for one in self.problems[:SHOWN]]
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "errors": errors,
        }


class JsonAnswer(Response):
    """JSON in ASCII (what came in may hold half a surrogate), never kept by a cache."""

    media_type = "application/json"

    def __init__(
        self,
        content: Any,
        status_code: int = 200,
        headers: dict[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        safe = {"cache-control": "no-store", "x-content-type-options": "nosniff", **(headers or {})}
        super().__init__(content, status_code, safe, media_type)

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def answer(problem: ProblemError) -> JsonAnswer:
    """A problem as a response."""
    return JsonAnswer(problem.to_json(), problem.status, problem.headers, MEDIA_TYPE)


def explained(error: LoanbookError) -> ProblemError:
    """What the caller is told about one of our own errors; the log keeps the rest."""
    if isinstance(error, RowRefused):
        return refused(error.problems)
    if isinstance(error, Conflict):
        return ProblemError(409, "Conflict", str(error))
    if isinstance(error, StoreError):
        if _told.again():
            logger.error("the store failed: %s", error)
        return unavailable(
            "The decision log cannot be written or read at this moment. Ask again, with the same Idempotency-Key."
        )
    if isinstance(error, RegistryError | BookError):
        logger.error("no model can decide: %s", error)
        return unavailable("No model can decide at this moment.")
    logger.error("unexpected: %s", type(error).__name__, exc_info=error)  # its message may quote a field
    return unexpected()


def unexpected() -> ProblemError:
    """A fault of ours: the caller learns under which id the log tells more."""
    detail = "The request could not be answered; the service's log says why"
    under = f", under the request id {current.get()}" if current.get() else ""
    return ProblemError(500, "Internal Server Error", f"{detail}{under}.")


def refused(problems: Sequence[Problem]) -> ProblemError:
    """An application, or another body, with wrong fields."""
    count = len(problems)
    said = "One field is wrong" if count == 1 else f"{count} fields are wrong"
    return ProblemError(422, "Unprocessable Content", f"{said}; `errors` names what and why.", problems)


def unavailable(detail: str) -> ProblemError:
    """Nothing wrong with the request: come again."""
    return ProblemError(503, "Service Unavailable", detail, headers={"retry-after": RETRY_AFTER})


def install(app: FastAPI) -> None:
    """Let every error of this app leave as a problem."""
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(LoanbookError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unexpected)


def _count(request: Request, problem: ProblemError) -> JsonAnswer:
    request.app.state.metrics.problems.labels(status=str(problem.status)).inc()
    return answer(problem)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 (registered for it)
    return _count(request, error)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, LoanbookError)  # noqa: S101 (registered for it)
    return _count(request, explained(error))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 (registered for it)
    problems = [Problem(str(one["loc"][-1]), str(one["msg"])) for one in error.errors()]
    return _count(request, refused(problems))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (registered for it)
    title = HTTPStatus(error.status_code).phrase
    detail = {
        404: "There is no such address; /docs lists those there are.",
        405: "This address does not take this method; /docs lists what it takes.",
    }.get(error.status_code, title)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    methods = allowed(request.url.path)
    if error.status_code == 405 and methods:  # two routes of one path each know their own method only
        headers["allow"] = methods
    return _count(request, ProblemError(error.status_code, title, detail, headers=headers))


async def _unexpected(request: Request, _: Exception) -> Response:
    return _count(request, unexpected())


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=GONE)  # nobody reads it; the log counts it

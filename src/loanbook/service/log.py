"""Structured logs: one line an event, with the id of the request, never with what the request said.

What a line may hold: when, how grave, which event, the request's id, method, path template, status, seconds, the id of
the API key. A fault adds the kinds of its errors and the places in the code they came through. Their messages are left
out, for they may quote a field, a token or a password.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
import time
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

from loanbook.errors import LoanbookError
from loanbook.registry import clock

FORMAT = "LOANBOOK_LOG_FORMAT"
LEVEL = "LOANBOOK_LOG_LEVEL"
FORMATS: Final = ("text", "json")
LEVELS: Final = ("debug", "info", "warning", "error")

REQUEST_ID: Final = b"x-request-id"
LONGEST: Final = 128
"""Characters a caller's X-Request-Id may have; of a longer one nothing is kept."""

_MOSTLY: Final[Mapping[str, str]] = {"text": "warning", "json": "info"}
"""The level when none is set: text is for a person who tries the service, JSON for a machine that keeps it."""

_OURS: Final = ("uvicorn", "uvicorn.error", "gunicorn.error")
"""Loggers of others that speak through our handler, for their own would print the message of an error."""

_SILENT: Final = "uvicorn.access"
"""It would log addresses of clients and whole paths, and cost every decision its line."""

current: ContextVar[str] = ContextVar("loanbook_request_id", default="")
"""The id of the request that is being answered."""

logger = logging.getLogger("loanbook.request")


class _Lines(logging.Formatter):
    """What both formats share: an event with its fields."""

    def parts(self, record: logging.LogRecord) -> dict[str, Any]:
        found: dict[str, Any] = {
            "timestamp": clock.stamp(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if current.get():
            found["request_id"] = current.get()
        found |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            found["fault"] = fault(record.exc_info[1])
        return found


class JsonLines(_Lines):
    """One JSON object a line, ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self.parts(record), default=str)


class TextLines(_Lines):
    """The same for a person: moment, level, event, then the fields by name."""

    def format(self, record: logging.LogRecord) -> str:
        found = self.parts(record)
        found.pop("logger")
        start = f"{found.pop('timestamp')} {found.pop('level')}: {_one_line(str(found.pop('event')))}"
        errors = found.pop("fault", [])
        fields = "".join(f" {name}={value}" for name, value in found.items())
        places = "".join(f"\n  {one['type']}" + "".join(f"\n    {at}" for at in one["at"]) for one in errors)
        return f"{start}{fields}{places}"


def fault(error: BaseException) -> list[dict[str, Any]]:
    """An error and what it came from: kinds and places, the latest first, without any message.

    >>> try:
    ...     int("Jane Doe")
    ... except ValueError as error:
    ...     [one["type"] for one in fault(error)]
    ['ValueError']
    """
    found: list[dict[str, Any]] = []
    one: BaseException | None = error
    while one is not None and len(found) < 10:
        frames = traceback.extract_tb(one.__traceback__)[-30:]
        at = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        found.append({"type": f"{type(one).__module__}.{type(one).__qualname__}".removeprefix("builtins."), "at": at})
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return found


def chosen(form: str = "", level: str = "") -> tuple[str, str]:
    """Format and level: what is given, else what the environment says, else text and warnings (JSON: info).

    Raises LoanbookError for another name.
    """
    form = form or os.environ.get(FORMAT, "") or "text"
    if form not in FORMATS:
        raise LoanbookError(f"there is no format {form!r} for logs", where=FORMAT, todo="choose text or json")
    level = (level or os.environ.get(LEVEL, "")).lower() or _MOSTLY[form]
    if level not in LEVELS:
        raise LoanbookError(
            f"there is no level {level!r} of logs", where=LEVEL, todo=f"choose one of {', '.join(LEVELS)}"
        )
    return form, level


def configure(form: str = "", level: str = "") -> None:
    """Let this process log to stderr, uvicorn and Gunicorn included. For a process that is ours, not for a library."""
    form, level = chosen(form, level)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)  # of other libraries, only what is wrong
    logging.getLogger("loanbook").setLevel(level.upper())
    for name in _OURS:
        other = logging.getLogger(name)
        other.handlers.clear()
        other.propagate = True
    silent = logging.getLogger(_SILENT)
    silent.handlers.clear()
    silent.propagate = False


def request_id(headers: Mapping[bytes, bytes]) -> str:
    """The caller's X-Request-Id when it is 1 to 128 printable ASCII characters, else a new one.

    >>> request_id({b"x-request-id": b"order 77"})
    'order 77'
    >>> len(request_id({b"x-request-id": b"x" * 200}))
    32
    """
    said = headers.get(REQUEST_ID, b"")
    if 1 <= len(said) <= LONGEST and said.isascii() and (text := said.decode("ascii")).isprintable():
        return text
    return secrets.token_hex(16)


def answered(
    method: str, path: str, status: int, start: float, *, key_id: str = "", rid: str = "", often: bool = False
) -> None:
    """Note a request that was answered.

    Parameters
    ----------
    method, path : of it; the path as a template, for the path itself may hold what a caller wrote.
    status : of the answer.
    start : when it came, by `time.perf_counter`.
    key_id, rid : of the key and of the request; the latter is the current one when left out.
    often : decisions and health checks are told at DEBUG only: the decision log is their record.
    """
    # Of a 503 among many the cause is told once, and the metrics count it: a line each would be a flood on top.
    grave = status >= 500 and not (often and status == 503)
    level = logging.WARNING if grave else logging.DEBUG if often else logging.INFO
    if not logger.isEnabledFor(level):
        return
    fields: dict[str, Any] = {"request_id": rid} if rid else {}
    fields |= {"method": method, "path": path, "status": status, "seconds": round(time.perf_counter() - start, 6)}
    if key_id:
        fields["key_id"] = key_id
    logger.log(level, "request", extra={"fields": fields})


def _one_line(text: str) -> str:
    return text.replace("\n", "\n  ")

"""Request bodies: read with a limit, then strict JSON."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from loanbook.errors import Problem
from loanbook.service.problems import ProblemError, refused

SINGLE = 64 * 1024
MANY = 4 * 1024 * 1024


class _Unacceptable(ValueError):
    """JSON that others would read differently than we do."""


async def read(request: Request, limit: int) -> Any:
    """The body as JSON.

    Parameters
    ----------
    request : of the client.
    limit : bytes it may have; a larger one is refused without reading on.

    Raises
    ------
    ProblemError : 413 too large, 415 not sent as JSON, 400 not JSON, or JSON with NaN, Infinity or a key twice.
    """
    media = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if media != "application/json" and not media.endswith("+json"):
        detail = "Send JSON, with the header Content-Type: application/json."
        raise ProblemError(415, "Unsupported Media Type", detail)
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > limit:
            raise _too_large(limit)
    return parse(bytes(raw))


def parse(raw: bytes) -> Any:
    """Strict JSON.

    >>> parse(b'{"amount": 1000}')
    {'amount': 1000}
    >>> parse(b'{"amount": 1, "amount": 2}')
    Traceback (most recent call last):
    loanbook.service.problems.ProblemError: ('Bad Request', "The body is not JSON that we accept: the key ...
    """
    try:
        text = raw.decode("utf-8")
        return json.loads(
            text, object_pairs_hook=_once, parse_constant=_constant, parse_float=_finite, parse_int=_whole
        )
    except UnicodeDecodeError as error:
        raise _bad("it is not UTF-8") from error
    except _Unacceptable as error:
        raise _bad(str(error)) from error
    except json.JSONDecodeError as error:
        raise _bad(f"{error.msg.lower()} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise _bad("it is nested too deeply") from error


def flat_object(value: Any, name: str = "") -> Mapping[str, Any]:
    """One application: an object whose values are single values.

    Raises ProblemError 422 naming what is not; `name` stands before the field, as "3." in a list.
    """
    if not isinstance(value, dict):
        raise refused([Problem(name.rstrip(".") or "body", "must be an object with the application's fields")])
    nested = [key for key, item in value.items() if isinstance(item, dict | list)]
    if nested:
        raise refused([Problem(f"{name}{key}", "must be a single value, not a list or an object") for key in nested])
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise _Unacceptable(f"the key {twice[:40]!r} stands twice")
    return found


def _constant(word: str) -> Any:
    raise _Unacceptable(f"{word} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _Unacceptable("a number is too large")
    return number


def _whole(digits: str) -> int:
    if len(digits) > 300:
        raise _Unacceptable("a number is too large")
    return int(digits)


def _bad(why: str) -> ProblemError:
    return ProblemError(400, "Bad Request", f"The body is not JSON that we accept: {why}.")


def _too_large(limit: int) -> ProblemError:
    detail = f"The body may have at most {limit // 1024} kB."
    return ProblemError(413, "Content Too Large", detail, headers={"connection": "close"})

"""Request bodies: read with a limit, then strict JSON."""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from loanbook.errors import Problem
from loanbook.service.problems import ProblemError, refused

SINGLE = 64 * 1024
MANY = 4 * 1024 * 1024

PATIENCE = 10.0
"""Seconds in which a body must be here, once its headers are."""

_JSON = b"application/json"
_DIGITS = 18
_CLOSE = {"connection": "close"}
_WHOLE = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]  # a longer one is looked at more closely
_FLAT = msgspec.json.Decoder(dict[str, bool | _WHOLE | float | str | None])

Raw = TypeVar("Raw", bytes, bytearray)


class _Unacceptable(ValueError):
    """JSON that others would read differently than we do."""


async def read(request: Request, limit: int) -> Any:
    """The body of a request as JSON; see `received` and `parse`."""
    return parse(await received(dict(request.scope["headers"]), request.receive, limit))


async def received(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """The body of a request.

    Parameters
    ----------
    headers : by their names in small letters.
    receive : of the ASGI server.
    limit : bytes it may have; a larger one is refused without reading on.

    Raises
    ------
    ProblemError : 413 too large, 415 not sent as JSON, 408 it did not come in time.
    ClientDisconnect : the client left before all of it was here.
    """
    media = headers.get(b"content-type", _JSON)
    if media != _JSON:
        _check_media(media)
    announced = headers.get(b"content-length", b"0")
    if len(announced) > _DIGITS or (announced.isdigit() and int(announced) > limit):
        raise _too_large(limit)
    piece, more = _piece(await receive())
    if not more:
        return _within(piece, limit)
    try:
        async with asyncio.timeout(PATIENCE):
            return await _rest(bytearray(piece), receive, limit)
    except TimeoutError as error:
        raise ProblemError(408, "Request Timeout", "The body did not come in time.", headers=_CLOSE) from error


async def _rest(raw: bytearray, receive: Receive, limit: int) -> bytes:
    more = True
    while more:
        piece, more = _piece(await receive())
        raw += piece
        _within(raw, limit)
    return bytes(raw)


def _piece(message: Message) -> tuple[bytes, bool]:
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def _within(raw: Raw, limit: int) -> Raw:
    if len(raw) > limit:
        raise _too_large(limit)
    return raw


def _check_media(said: bytes) -> None:
    media = said.split(b";")[0].strip().lower()
    if media != _JSON and not media.endswith(b"+json"):
        detail = "Send JSON, with the header Content-Type: application/json."
        raise ProblemError(415, "Unsupported Media Type", detail)


def application(raw: bytes) -> Mapping[str, Any]:
    """One application out of a body: what `flat_object(parse(raw))` gives, or the error that it raises, at once.

    >>> application(b'{"amount": 1000, "state": "CA"}')
    {'amount': 1000, 'state': 'CA'}
    """
    try:
        found = _FLAT.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return flat_object(parse(raw))
    # Each key has its colon: as many as keys, and none can stand twice. More may be times and addresses in texts.
    return found if raw.count(b":") == len(found) else flat_object(parse(raw))


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
    return ProblemError(413, "Content Too Large", detail, headers=_CLOSE)

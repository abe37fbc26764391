"""Requests as values: what is sent, whether it may be sent twice, how its answer is read."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec

from loanbook.client import answers
from loanbook.errors import DataError

T = TypeVar("T")

BATCH = 1_000
"""Applications that the service takes at once."""
BYTES = 4_000_000
"""And bytes."""

Application = Mapping[str, Any]
Row = answers.Decision | answers.Refused

ANSWERS: Mapping[str, type[answers.Answer]] = {"amount": answers.Amount}
"""The shape of each use case's answer."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request.

    Parameters
    ----------
    method, path : of it.
    read : its answer's body to what is returned.
    params, body : query, and JSON as it is sent.
    key : its Idempotency-Key.
    again : whether another attempt is worth making.
    """

    method: str
    path: str
    read: Callable[[bytes], T]
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    key: str | None = None
    again: bool = True

    @property
    def headers(self) -> dict[str, str]:
        """What goes with it."""
        found = {} if self.body is None else {"content-type": "application/json"}
        return found if self.key is None else {**found, "idempotency-key": self.key}


def decide(application: Application, key: str | None, *, explain: bool) -> Call[answers.Decision]:
    """Decide one application, under a key of our own when there is none."""
    return Call(
        "POST",
        "/v1/decisions",
        msgspec.json.Decoder(answers.Decision).decode,
        params=_explain(explain),
        body=_encode(application),
        key=key or new_key(),
    )


def decide_many(
    applications: Sequence[Application], key: str | None, *, explain: bool
) -> Iterator[Call[tuple[Row, ...]]]:
    """Decide applications, so many at once as the service takes."""
    key = key or new_key()
    decoder = msgspec.json.Decoder(dict[str, list[msgspec.Raw]])
    for number, body in enumerate(_parcels(applications)):
        yield Call(
            "POST",
            "/v1/decisions:batch",
            lambda raw: tuple(map(_row, decoder.decode(raw)["decisions"])),
            params=_explain(explain),
            body=body,
            key=f"{key}.{number}" if number else key,
        )


def find(decision_id: str) -> Call[answers.Record]:
    """One stored decision."""
    return Call("GET", f"/v1/decisions/{quote(decision_id, safe='')}", msgspec.json.Decoder(answers.Record).decode)


def search(since: str | datetime, until: str | datetime, decision: str, page: int, cursor: str) -> Call[answers.Page]:
    """A page of stored decisions."""
    wanted = {"since": _moment(since), "until": _moment(until), "decision": decision, "cursor": cursor}
    params = {"limit": str(page), **{name: value for name, value in wanted.items() if value}}
    return Call("GET", "/v1/decisions", msgspec.json.Decoder(answers.Page).decode, params=params)


def review(decision_id: str, decision: str, reviewer: str | None, reason: str) -> Call[answers.Review]:
    """A person's decision; the same again changes nothing."""
    body = _encode({"decision": decision, "reviewer": reviewer, "reason": reason})
    path = f"/v1/decisions/{quote(decision_id, safe='')}/review"
    return Call("POST", path, msgspec.json.Decoder(answers.Review).decode, body=body)


def reviews(since: str | datetime) -> Call[answers.Reviews]:
    """Reviews counted."""
    params = {"since": _moment(since)} if since else {}
    return Call("GET", "/v1/reviews/summary", msgspec.json.Decoder(answers.Reviews).decode, params=params)


def outcomes(items: Sequence[Mapping[str, Any]]) -> Call[answers.Recorded]:
    """What became of decisions; the same again changes nothing."""
    decoder = msgspec.json.Decoder(answers.Recorded)
    return Call("POST", "/v1/outcomes", decoder.decode, body=_encode(list(items)))


def predict(usecase: str, application: Application, *, explain: bool) -> Call[answers.Amount]:
    """Ask a model that does not decide; nothing is stored."""
    path = f"/v1/{quote(usecase, safe='')}/predictions"
    decoder = msgspec.json.Decoder(answers.Amount)
    return Call("POST", path, decoder.decode, params=_explain(explain), body=_encode(application))


def predict_many(
    usecase: str, applications: Sequence[Application], *, explain: bool
) -> Iterator[Call[tuple[answers.Amount | answers.Refused, ...]]]:
    """Ask it about several."""
    decoder = msgspec.json.Decoder(dict[str, list[msgspec.Raw]])
    for body in _parcels(applications):
        yield Call(
            "POST",
            f"/v1/{quote(usecase, safe='')}/predictions",
            lambda raw: tuple(map(_amount, decoder.decode(raw)["predictions"])),
            params=_explain(explain),
            body=body,
        )


def models(usecase: str) -> Call[tuple[answers.Version, ...]]:
    """Registered versions, of all use cases when none is named."""
    decoder = msgspec.json.Decoder(answers.Versions)
    path = f"/v1/models/{quote(usecase, safe='')}" if usecase else "/v1/models"
    return Call("GET", path, lambda raw: decoder.decode(raw).models)


def champion(usecase: str) -> Call[answers.Champion]:
    """What answers."""
    path = f"/v1/models/{quote(usecase, safe='')}/champion"
    return Call("GET", path, msgspec.json.Decoder(answers.Champion).decode)


def ready() -> Call[bool]:
    """Whether it can decide."""
    return Call("GET", "/readyz", lambda _: True, again=False)


def new_key() -> str:
    """An Idempotency-Key that nobody else has."""
    return uuid.uuid4().hex


def _parcels(applications: Sequence[Application]) -> Iterator[bytes]:
    """JSON lists of as many applications as go into one request, always divided alike."""
    held: list[bytes] = []
    size = 0
    for application in applications:
        one = _encode(application)
        if held and (len(held) == BATCH or size + len(one) > BYTES):
            yield b"[" + b",".join(held) + b"]"
            held, size = [], 0
        held.append(one)
        size += len(one) + 1
    if held:
        yield b"[" + b",".join(held) + b"]"


def _row(raw: msgspec.Raw) -> Row:
    return _either(raw, answers.Decision)


def _amount(raw: msgspec.Raw) -> answers.Amount | answers.Refused:
    return _either(raw, answers.Amount)


def _either(raw: msgspec.Raw, kind: type[T]) -> T | answers.Refused:
    """An answer, or the problem at its place: only a problem has a status."""
    if isinstance(msgspec.json.decode(raw, type=_Marked).status, int):
        return msgspec.json.decode(raw, type=answers.Refused)
    return msgspec.json.decode(raw, type=kind)


class _Marked(msgspec.Struct):
    status: int | None = None


def _explain(explain: bool) -> dict[str, str]:
    return {} if explain else {"explain": "false"}


def _moment(value: str | datetime) -> str:
    return value.isoformat() if isinstance(value, datetime) else value


def _encode(value: Any) -> bytes:
    """JSON; a date as ISO 8601, NaN as null, a number of numpy's as a number."""
    try:
        return msgspec.json.encode(value, enc_hook=_plain)
    except (TypeError, ValueError, RecursionError, UnicodeEncodeError) as error:
        raise DataError(
            f"it cannot be written as JSON ({error})", todo="send texts, numbers, booleans and dates"
        ) from error


def _plain(value: Any) -> Any:
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"{type(value).__name__} is not JSON")
    return item()

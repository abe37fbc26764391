"""Who may ask what: an API key's role against the method and the path, before anything is read or parsed."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from loanbook.registry.keys import ROLES, ApiKey, Keys, taken_apart
from loanbook.registry.store import Store
from loanbook.service import problems
from loanbook.service.limits import FAILURES, Bucket, Failures, too_many
from loanbook.service.nearby import from_here, same_site
from loanbook.service.problems import ProblemError

WORKERS = "LOANBOOK_WORKERS"
"""How many processes answer: they share the rate of a key."""

_GUNICORNS = "WEB_CONCURRENCY"

CALLER = "loanbook.caller"
"""Where an ASGI scope holds the `Caller`."""

OPEN: Final = "nobody's"
"""What needs no key: a health check has none."""

_NEEDS: Final[Mapping[tuple[str, str], str]] = {
    ("POST", "/v1/decisions"): "decide",
    ("POST", "/v1/decisions:batch"): "decide",
    ("POST", "/v1/outcomes"): "decide",
    ("GET", "/healthz"): OPEN,
    ("HEAD", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("HEAD", "/readyz"): OPEN,
}
_NEEDS_BELOW: Final = (
    (re.compile(r"/v1/[^/]+/predictions"), "decide"),
    (re.compile(r"/v1/decisions/[^/]+/review"), "review"),
)
_MAY: Final[Mapping[str, frozenset[str]]] = {
    "decide": frozenset({"decide"}),
    "read": frozenset({"read"}),
    "review": frozenset({"review", "read"}),
    "admin": frozenset(ROLES),
}
_CHALLENGE: Final = 'Basic realm="loanbook", charset="UTF-8", Bearer realm="loanbook"'
_NOTHING: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the key's id (never its secret), its name, and what it may do."""

    key_id: str
    name: str
    roles: frozenset[str]


NEIGHBOUR: Final = Caller("", "this machine", frozenset(ROLES))
"""Whoever asks from this machine while there is no key."""

ANYBODY: Final = Caller("", "anybody", frozenset())


@dataclass(frozen=True, slots=True)
class _Held:
    """A key as a worker holds it."""

    key: ApiKey
    digest: bytes
    caller: Caller
    bucket: Bucket | None


class Gate:
    """The keys of the store, held in this process.

    Parameters
    ----------
    store : where the keys are; read now, and again by each `refresh`.
    workers : processes that share a key's rate; LOANBOOK_WORKERS when left out.
    clock : seconds, for the rates.
    """

    def __init__(
        self, store: Store, *, workers: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keys = Keys(store)
        self._workers = workers or _workers()
        self._clock = clock
        self._held: dict[bytes, _Held] = {}
        self._failures = Failures()
        self.guarded = True
        """Whether the store has ever had a key. With the last one revoked nobody is let in, rather than everybody."""
        self.refresh()

    def refresh(self) -> None:
        """Read the keys again; StoreError leaves them as they were. Safe in a thread beside `admit`."""
        known = self._keys.all()
        held = {}
        for key in known:
            if key.revoked_at is None:
                name = key.key_id.encode()
                held[name] = self._kept(self._held.get(name), key)
        self._held = held
        self.guarded = bool(known)

    def admit(self, method: str, path: str, headers: Mapping[bytes, bytes], client: str | None) -> Caller:
        """Let a request in, or say why not.

        Parameters
        ----------
        method, path : of the request, the path decoded and without its query.
        headers : by their names in small letters.
        client : address of the other end of the connection; None when it has none (a Unix socket).

        Raises
        ------
        ProblemError : 401 no key or a wrong one, 403 a key of another role (or no key in the store, and the request
            is not from this machine), 429 too often.
        """
        need = _NEEDS.get((method, path)) or needed(method, path)
        if need is OPEN:
            return ANYBODY
        if not self.guarded:
            return _neighbour(method, headers, client)
        held = self._named(method, headers, client)
        if held.bucket is not None:
            wait = held.bucket.take(self._clock())
            if wait:
                detail = "This key has asked as often as it may; ask again after Retry-After seconds."
                raise too_many(wait, detail, rate=held.bucket.rate, full=held.bucket.full)
        if need not in held.caller.roles:
            raise _forbidden(f"This key has the role {held.key.role}; this address needs {need} or admin.")
        return held.caller

    def _named(self, method: str, headers: Mapping[bytes, bytes], client: str | None) -> _Held:
        """The key that a request names and proves."""
        said = headers.get(b"authorization")
        if said is None:
            raise _unauthorized("Send an API key in the header Authorization: Bearer ….")
        token = said[7:].strip()
        if said[:7] != b"Bearer ":
            token = _other_token(said)
            if said[:6].lower() == b"basic " and not same_site(method, headers):
                raise _forbidden("Another site's page sent this; a browser's own credentials do not serve it.")
        name, secret = taken_apart(token)
        held = self._held.get(name)
        # The same work for a name that is not there: how long it takes says nothing about what is.
        right = hmac.compare_digest(sha256(secret).digest(), _NOTHING if held is None else held.digest)
        if held is None or not right:
            raise self._wrong(client)
        return held

    def _wrong(self, client: str | None) -> ProblemError:
        wait = self._failures.note(client, self._clock())
        if wait:
            return too_many(wait, "Too many wrong keys came from this address.", rate=1.0, full=FAILURES)
        return _unauthorized("This API key is not known, or it was revoked.")

    def _kept(self, before: _Held | None, key: ApiKey) -> _Held:
        """A key as it was held before, with what is left in its bucket, unless it changed."""
        if before is not None and before.key == key:
            return before
        bucket = None if key.rate is None else Bucket(key.rate / self._workers)
        return _Held(key, bytes.fromhex(key.digest), Caller(key.key_id, key.name, _MAY[key.role]), bucket)


class Guarded:
    """The gate before an ASGI application; `scope[CALLER]` says afterwards who asks.

    Parameters
    ----------
    app : what is guarded.
    service : its `state` has the gate and the metrics, from the moment it has started.
    """

    def __init__(self, app: ASGIApp, service: Starlette) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = self.service.state
        client = scope.get("client")
        try:
            scope[CALLER] = state.gate.admit(
                scope["method"], scope["path"], dict(scope["headers"]), client[0] if client else None
            )
        except ProblemError as problem:
            state.metrics.problems.labels(status=str(problem.status)).inc()
            await problems.answer(problem)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def needed(method: str, path: str) -> str:
    """The role that a request needs; what is not foreseen needs admin.

    >>> needed("GET", "/v1/decisions"), needed("POST", "/v1/decisions/0199/review"), needed("PUT", "/v1/decisions")
    ('read', 'review', 'admin')
    """
    known = _NEEDS.get((method, path))
    if known:
        return known
    if method in ("GET", "HEAD"):
        return "read"
    if method == "POST":
        for pattern, role in _NEEDS_BELOW:
            if pattern.fullmatch(path):
                return role
    return "admin"


def _neighbour(method: str, headers: Mapping[bytes, bytes], client: str | None) -> Caller:
    if not from_here(headers, client):
        raise _forbidden(
            "The service has no API key yet, so it answers its own machine only, by its own name and through no "
            "proxy; `loanbook keys create` makes the first."
        )
    if not same_site(method, headers):
        raise _forbidden("Another site's page sent this; only this service's own pages may.")
    return NEIGHBOUR


def _other_token(said: bytes) -> bytes:
    """The token of an Authorization header that does not start with "Bearer "; a browser sends it as a password."""
    scheme, _, rest = said.partition(b" ")
    kind = scheme.lower()
    if kind == b"bearer":
        return rest.strip()
    if kind != b"basic":
        raise _unauthorized("Send the API key in the header Authorization: Bearer ….")
    try:
        return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _unauthorized(detail: str) -> ProblemError:
    return ProblemError(401, "Unauthorized", detail, headers={"www-authenticate": _CHALLENGE})


def _forbidden(detail: str) -> ProblemError:
    return ProblemError(403, "Forbidden", detail)


def _workers() -> int:
    said = os.environ.get(WORKERS) or os.environ.get(_GUNICORNS) or "1"
    return max(1, int(said)) if said.isascii() and said.isdigit() else 1

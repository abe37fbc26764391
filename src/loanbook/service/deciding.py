"""One application, from the bytes of its body to the decision that is stored: one way for fast path and FastAPI."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive

from loanbook.decisions.answering import Answerer
from loanbook.decisions.log import Draft, Logged, body_digest
from loanbook.errors import Problem, RowRefused
from loanbook.service import body
from loanbook.service.commit import GroupCommit
from loanbook.service.desk import Desk
from loanbook.service.problems import ProblemError, refused
from loanbook.service.tracing import Trace, step

KEY = b"idempotency-key"
SPARE_FIELDS = 100
"""An application may have so many fields more than the training table; a flood of unknown names is not looked at."""


class Deciding:
    """Decides applications one by one.

    Parameters
    ----------
    desk : what decides, and the logs.
    commit : stores what was decided.
    """

    def __init__(self, desk: Desk, commit: GroupCommit) -> None:
        self._desk = desk
        self._commit = commit

    async def decide(self, headers: Mapping[bytes, bytes], receive: Receive, trace: Trace | None = None) -> Logged:
        """Decide the application in a request's body; it is stored when this returns.

        Parameters
        ----------
        headers : by their names in small letters. receive : of the ASGI server.
        trace : the request's span, when spans are wanted.

        Raises
        ------
        ProblemError, LoanbookError : it cannot be decided, or not be stored.
        """
        raw = await body.received(headers, receive, body.SINGLE)
        start = perf_counter()
        with step(trace, "decode"):
            inputs = body.application(raw)
            key = key_of(headers)
            digest = None if key is None else body_digest(inputs)
        try:
            with step(trace, "score"):
                decider = self._desk.deciding()
                bounded(decider, inputs)
                draft = Draft(decider.decide_row(inputs), inputs, key, digest)
        except (ProblemError, RowRefused):
            known = await self._known(key, digest)
            if known is None:
                raise
            return known
        with step(trace, "log"):
            logged = await self._commit.submit(draft)
        self._desk.metrics.seconds.observe(perf_counter() - start)
        return logged

    async def _known(self, key: str | None, digest: str | None) -> Logged | None:
        """What an earlier request with this key was answered, when another model decided."""
        if key is None or digest is None:
            return None
        return await run_in_threadpool(self._desk.log.known, key, digest)


def key_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The Idempotency-Key of a request, if it has one."""
    said = headers.get(KEY)
    if said is None:
        return None
    key = said.decode("latin-1")
    if not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise ProblemError(400, "Bad Request", "The Idempotency-Key must be 1 to 255 printable ASCII characters.")
    return key


def bounded(answerer: Answerer, inputs: Mapping[str, Any]) -> None:
    """Refuse a flood of fields."""
    contract = answerer.model.contract
    if len(inputs) > len(contract.names) + len(contract.known) + SPARE_FIELDS:
        raise refused([Problem("body", f"{len(inputs):,} fields are more than an application has")])

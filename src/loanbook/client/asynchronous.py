"""The client that lets others work while it waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from loanbook.client import answers, calls
from loanbook.client.calls import Application, Call
from loanbook.client.connection import Connection, library
from loanbook.client.errors import ServiceUnavailable

T = TypeVar("T")


class AsyncClient(Connection):
    """`Client` for asyncio: the same methods, awaited; `decisions` is an async iterator.

    Parameters
    ----------
    base_url, key, timeout, deadline, retries : as of `Client`.
    """

    def __init__(
        self,
        base_url: str,
        key: str | None = None,
        *,
        timeout: float = 5.0,
        deadline: float = 30.0,
        retries: int = 4,
    ) -> None:
        super().__init__(base_url, key, timeout=timeout, deadline=deadline, retries=retries)
        self._library = library()
        self._http = self._library.AsyncClient()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def decide(
        self, application: Application, *, idempotency_key: str | None = None, explain: bool = True
    ) -> answers.Decision:
        """As `Client.decide`."""
        return await self._run(calls.decide(application, idempotency_key, explain=explain))

    async def decide_many(
        self, applications: Sequence[Application], *, idempotency_key: str | None = None, explain: bool = True
    ) -> list[answers.Decision | answers.Refused]:
        """As `Client.decide_many`."""
        wanted = calls.decide_many(applications, idempotency_key, explain=explain)
        return [row for call in wanted for row in await self._run(call)]

    async def decision(self, decision_id: str) -> answers.Record:
        """As `Client.decision`."""
        return await self._run(calls.find(decision_id))

    async def decisions(
        self, *, since: str | datetime = "", until: str | datetime = "", decision: str = "", page: int = 1_000
    ) -> AsyncIterator[answers.Record]:
        """As `Client.decisions`."""
        cursor: str | None = ""
        while cursor is not None:
            found = await self._run(calls.search(since, until, decision, page, cursor))
            for one in found.decisions:
                yield one
            cursor = found.next

    async def review(
        self, decision_id: str, decision: str, *, reason: str, reviewer: str | None = None
    ) -> answers.Review:
        """As `Client.review`."""
        return await self._run(calls.review(decision_id, decision, reviewer, reason))

    async def reviews(self, since: str | datetime = "") -> answers.Reviews:
        """As `Client.reviews`."""
        return await self._run(calls.reviews(since))

    async def outcomes(self, items: Sequence[Mapping[str, Any]]) -> answers.Recorded:
        """As `Client.outcomes`."""
        return await self._run(calls.outcomes(items))

    async def predict(self, usecase: str, application: Application, *, explain: bool = True) -> answers.Amount:
        """As `Client.predict`."""
        return await self._run(calls.predict(usecase, application, explain=explain))

    async def predict_many(
        self, usecase: str, applications: Sequence[Application], *, explain: bool = True
    ) -> list[answers.Amount | answers.Refused]:
        """As `Client.predict_many`."""
        wanted = calls.predict_many(usecase, applications, explain=explain)
        return [row for call in wanted for row in await self._run(call)]

    async def models(self, usecase: str = "") -> tuple[answers.Version, ...]:
        """As `Client.models`."""
        return await self._run(calls.models(usecase))

    async def champion(self, usecase: str = "risk") -> answers.Champion:
        """As `Client.champion`."""
        return await self._run(calls.champion(usecase))

    async def ready(self) -> bool:
        """As `Client.ready`."""
        try:
            return await self._run(calls.ready())
        except ServiceUnavailable:
            return False

    async def _run(self, call: Call[T]) -> T:
        attempts = self.attempts(call)
        while True:
            try:
                answer = await self._http.request(**self.request(call, attempts))
            except self._library.TransportError as error:
                wait = attempts.lost(error)
            else:
                if answer.status_code == 200:
                    return self.read(call, attempts, answer.status_code, answer.content)
                wait = attempts.refused(answer.status_code, answer.headers, answer.content)
            await asyncio.sleep(wait)

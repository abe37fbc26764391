"""The client that waits."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from loanbook.client import answers, calls
from loanbook.client.calls import Application, Call
from loanbook.client.connection import Connection, library
from loanbook.client.errors import ServiceUnavailable

T = TypeVar("T")


class Client(Connection):
    """Asks a decision service, from any number of threads. Close it, or use it in a `with` block.

    An attempt that gets no answer, or one that says come again, is made again: after a wait that doubles and is drawn
    at random, never before `Retry-After`, until the attempts or the seconds are used up. Nothing is decided twice by
    that: every decision has an Idempotency-Key, the caller's or one of ours.

    Parameters
    ----------
    base_url : the service's address, as "https://loans.example".
    key : API key; None where none is asked for.
    timeout : seconds that one attempt may take.
    deadline : seconds that a call may take with all its attempts and the waits between them.
    retries : attempts after the first.

    Raises
    ------
    ServiceError : of each method: what the service said no to, or that it did not answer.
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
        self._http = self._library.Client()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def decide(
        self, application: Application, *, idempotency_key: str | None = None, explain: bool = True
    ) -> answers.Decision:
        """Decide one application.

        Parameters
        ----------
        application : its fields by name; a date may be a date, NaN is the same as null.
        idempotency_key : your own name for this application, 1 to 255 printable ASCII characters. Whoever asks again
            with it, later or from another process, gets the same decision.
        explain : whether to have the reasons.

        Raises
        ------
        ServiceRefused : `problems` names each wrong field.
        Contradiction : the key came with another application before.
        """
        return self._run(calls.decide(application, idempotency_key, explain=explain))

    def decide_many(
        self, applications: Sequence[Application], *, idempotency_key: str | None = None, explain: bool = True
    ) -> list[answers.Decision | answers.Refused]:
        """Decide any number of applications, in requests of up to 1,000; each has its answer at its place."""
        wanted = calls.decide_many(applications, idempotency_key, explain=explain)
        return [row for call in wanted for row in self._run(call)]

    def decision(self, decision_id: str) -> answers.Record:
        """One stored decision, with what it was made from and every contribution."""
        return self._run(calls.find(decision_id))

    def decisions(
        self, *, since: str | datetime = "", until: str | datetime = "", decision: str = "", page: int = 1_000
    ) -> Iterator[answers.Record]:
        """Stored decisions, newest first, page by page as they are used.

        Parameters
        ----------
        since, until : decided at this moment or later, before that one.
        decision : "approve", "refer" or "decline".
        page : decisions in one request.
        """
        cursor: str | None = ""
        while cursor is not None:
            found = self._run(calls.search(since, until, decision, page, cursor))
            yield from found.decisions
            cursor = found.next

    def review(self, decision_id: str, decision: str, *, reason: str, reviewer: str | None = None) -> answers.Review:
        """A person's decision, "approve" or "decline"; the reviewer is the name of the API key when left out."""
        return self._run(calls.review(decision_id, decision, reviewer, reason))

    def reviews(self, since: str | datetime = "") -> answers.Reviews:
        """Referred cases, those that wait, reviews and overrides, counted; of decisions since then."""
        return self._run(calls.reviews(since))

    def outcomes(self, items: Sequence[Mapping[str, Any]]) -> answers.Recorded:
        """What became of decisions: `decision_id`, `outcome` ("good" or "bad"), `observed_at`; all stored or none."""
        return self._run(calls.outcomes(items))

    def predict(self, usecase: str, application: Application, *, explain: bool = True) -> answers.Amount:
        """Ask a model that does not decide."""
        return self._run(calls.predict(usecase, application, explain=explain))

    def predict_many(
        self, usecase: str, applications: Sequence[Application], *, explain: bool = True
    ) -> list[answers.Amount | answers.Refused]:
        """Ask it about any number of applications; each has its answer at its place."""
        wanted = calls.predict_many(usecase, applications, explain=explain)
        return [row for call in wanted for row in self._run(call)]

    def models(self, usecase: str = "") -> tuple[answers.Version, ...]:
        """Registered versions, of all use cases when none is named."""
        return self._run(calls.models(usecase))

    def champion(self, usecase: str = "risk") -> answers.Champion:
        """The model that answers: its card, its policy, the JSON Schema of an application."""
        return self._run(calls.champion(usecase))

    def ready(self) -> bool:
        """Whether the service can decide at this moment; asked once."""
        try:
            return self._run(calls.ready())
        except ServiceUnavailable:
            return False

    def _run(self, call: Call[T]) -> T:
        attempts = self.attempts(call)
        while True:
            try:
                answer = self._http.request(**self.request(call, attempts))
            except self._library.TransportError as error:
                wait = attempts.lost(error)
            else:
                if answer.status_code == 200:
                    return self.read(call, attempts, answer.status_code, answer.content)
                wait = attempts.refused(answer.status_code, answer.headers, answer.content)
            time.sleep(wait)

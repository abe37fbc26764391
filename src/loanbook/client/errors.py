"""How the service says no to a client."""

from __future__ import annotations

from collections.abc import Sequence

from loanbook.errors import Conflict, LoanbookError, Problem


class ServiceError(LoanbookError):
    """The service did not answer what was asked.

    Parameters
    ----------
    what, where, todo : as of every `LoanbookError`.
    status : of HTTP; 0 when there was no answer.
    problems : the wrong fields.
    request_id : what the service's log calls this request; "" when it did not say.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        todo: str = "",
        status: int = 0,
        problems: Sequence[Problem] = (),
        request_id: str = "",
    ) -> None:
        self.status = status
        self.problems = list(problems)
        self.request_id = request_id
        super().__init__(what, where=where, todo=todo)


class ServiceRefused(ServiceError):
    """The application, or another body, is wrong: `problems` names each wrong field."""


class AccessRefused(ServiceError):
    """No key, a wrong one, or one that may not do this."""


class Contradiction(ServiceError, Conflict):
    """It contradicts what is stored: an Idempotency-Key of another application, another outcome, another review."""


class ServiceUnavailable(ServiceError):
    """No answer in the time there was, for all the attempts.

    A decision may or may not have been made: ask again with `idempotency_key`, and it is made once.
    """

    idempotency_key: str | None = None

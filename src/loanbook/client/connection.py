"""What the two clients share: the address, the key, the patience, and how httpx is spoken to."""

from __future__ import annotations

from types import ModuleType
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from loanbook import __version__
from loanbook.client.attempts import Attempts
from loanbook.client.calls import Call
from loanbook.errors import LoanbookError

T = TypeVar("T")


class Connection:
    """Where and how a service is asked.

    Parameters
    ----------
    base_url : the service's address, a path before /v1 included.
    key : API key; None where none is asked for.
    timeout : seconds that one attempt may take.
    deadline : seconds that a call may take with all its attempts and the waits between them.
    retries : attempts after the first.
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
        if urlsplit(base_url).scheme not in ("http", "https"):
            raise LoanbookError("the address of the service must start with http:// or https://", where=base_url)
        if min(timeout, deadline) <= 0 or retries < 0:
            raise LoanbookError("timeout and deadline must be above 0, retries at least 0", where="Client")
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self.deadline = deadline
        self.retries = retries
        self._headers = {"user-agent": f"loanbook/{__version__}", "accept": "application/json"}
        if key is not None:
            self._headers["authorization"] = f"Bearer {key}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.base_url}>"

    def attempts(self, call: Call[Any]) -> Attempts:
        """The attempts of a call, from now on."""
        return Attempts(call, self.base_url, self.timeout, self.deadline, self.retries)

    def request(self, call: Call[Any], attempts: Attempts) -> dict[str, Any]:
        """A request's keyword arguments."""
        return {
            "method": call.method,
            "url": self.base_url + call.path,
            "params": dict(call.params),
            "headers": {**self._headers, **call.headers},
            "content": call.body,
            "timeout": attempts.patience,
        }

    def read(self, call: Call[T], attempts: Attempts, status: int, body: bytes) -> T:
        """A good answer as what was asked for."""
        try:
            return call.read(body)
        except (msgspec.MsgspecError, KeyError) as error:
            raise attempts.garbled(status, error) from error


def library() -> ModuleType:
    """The HTTP library of the extra `client`; LoanbookError when it is not there."""
    try:
        import httpx2
    except ImportError as error:
        raise LoanbookError("the client needs httpx2", todo="pip install 'loanbook[client]'") from error
    return httpx2

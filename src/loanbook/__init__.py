"""From a lender's table of loans to a decision service that is benchmarked, explained and logged.

>>> import loanbook as lb
>>> lb.Policy(approve_below=0.1, decline_from=0.3).decide(0.2)
'refer'
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loanbook.api import champion, predict, train
    from loanbook.book import Book
    from loanbook.client import AsyncClient, Client
    from loanbook.decisions.decider import Decider, Decision
    from loanbook.decisions.policy import Policy
    from loanbook.errors import LoanbookError
    from loanbook.lifecycle import Run

__version__ = "0.1.0"
__all__ = [
    "AsyncClient",
    "Book",
    "Client",
    "Decider",
    "Decision",
    "LoanbookError",
    "Policy",
    "Run",
    "champion",
    "predict",
    "train",
]

# Where a public name lives; it is imported when it is first asked for, so that `import loanbook` costs nothing.
_HOMES = {
    "AsyncClient": "loanbook.client",
    "Book": "loanbook.book",
    "Client": "loanbook.client",
    "Decider": "loanbook.decisions.decider",
    "Decision": "loanbook.decisions.decider",
    "LoanbookError": "loanbook.errors",
    "Policy": "loanbook.decisions.policy",
    "Run": "loanbook.lifecycle",
    "champion": "loanbook.api",
    "predict": "loanbook.api",
    "train": "loanbook.api",
}


def __getattr__(name: str) -> Callable[..., Any]:
    if name not in _HOMES:
        raise AttributeError(f"module 'loanbook' has no attribute {name!r}")
    found: Callable[..., Any] = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

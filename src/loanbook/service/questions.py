"""Parameters of a question, as the store can be asked them."""

from __future__ import annotations

from loanbook.errors import Problem
from loanbook.registry import clock
from loanbook.service.problems import refused


def moment_or_empty(name: str, text: str) -> str:
    """A moment as the store writes it, "" when none is given; ProblemError 422 naming the parameter when it is none.

    >>> moment_or_empty("since", "2026-11-22")
    '2026-11-22T00:00:00.000000Z'
    """
    if not text:
        return ""
    try:
        return clock.stamp(clock.moment(text))
    except ValueError as error:
        message = "must be a date or a moment in ISO 8601, as 2026-11-22 or 2026-11-22T10:00:00Z"
        raise refused([Problem(name, message)]) from error


def id_or_empty(text: str) -> str:
    """What can be asked of any database: PostgreSQL takes no NUL."""
    return text if text.isascii() and text.isprintable() else ""

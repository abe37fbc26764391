"""How uvicorn serves, under `loanbook serve` and under Gunicorn alike.

This imports nothing: Gunicorn reads it before it forks, and Polars, which starts threads, must not be there by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

DRAIN_SECONDS: Final = 10
"""Seconds that open requests have to end after SIGTERM."""

MANNERS: Final[Mapping[str, Any]] = {
    "http": "loanbook.service.shedding:Protocol",
    "access_log": False,
    "server_header": False,
    "ws": "none",
    "timeout_graceful_shutdown": DRAIN_SECONDS,
}
"""Arguments of `uvicorn.Config`."""

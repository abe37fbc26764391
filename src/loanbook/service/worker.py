"""A Gunicorn worker that serves as `loanbook serve` does."""

from __future__ import annotations

from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from loanbook.service.manners import MANNERS


class Worker(UvicornWorker):  # type: ignore[misc]
    """uvicorn under Gunicorn, with the patience and drain of `loanbook serve`."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {**UvicornWorker.CONFIG_KWARGS, **MANNERS}

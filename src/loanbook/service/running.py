"""What is there while the service runs: opened in order when it starts, closed in the other order when it ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State

from loanbook.book import Book
from loanbook.decisions.journal import Journal
from loanbook.errors import LoanbookError, StoreError
from loanbook.service.commit import GroupCommit
from loanbook.service.deciding import Deciding
from loanbook.service.desk import USECASE, Desk
from loanbook.service.gate import Gate
from loanbook.service.metrics import Metrics
from loanbook.service.tracing import tracer_or_none
from loanbook.service.turn import Turn

logger = logging.getLogger("loanbook.service")

LOOK_AGAIN = 0.5
"""Seconds between two looks at what was promoted and which keys were made or revoked."""

SUPERVISOR = "LOANBOOK_SUPERVISOR"
"""Number of the process that started the workers of `loanbook serve`."""

_SUPERVISED = (SUPERVISOR, "SERVER_SOFTWARE")  # the second is Gunicorn's

_AWAY = 5.0  # seconds for which a new worker waits for a store that is away

_SWITCH = 0.0005  # seconds a thread keeps the interpreter; Python's 5 ms would hold up every decision meanwhile


@asynccontextmanager
async def running(book: Book, state: State) -> AsyncIterator[None]:
    """Open everything that answers and hang it on the application's state: desk, gate, tracing, deciding, turn.

    Parameters
    ----------
    book : of the lender.
    state : of the application; it has the metrics already.
    """
    sys.setswitchinterval(_SWITCH)
    async with AsyncExitStack() as stack:
        state.tracing = tracer_or_none()
        if state.tracing is not None:
            stack.push_async_callback(run_in_threadpool, state.tracing.close)
        desk, gate = state.desk, state.gate = await _opened(book, state)
        stack.callback(desk.close)
        if desk.shadowing is not None:
            await run_in_threadpool(desk.shadowing.start)
            stack.callback(desk.shadowing.close)
        commit = _commit(desk)
        stack.callback(commit.close)
        state.deciding = Deciding(desk, commit)
        state.turn = Turn(desk.shed)
        looking = asyncio.create_task(_keep_up([_end_alone, desk.refresh, gate.refresh, desk.fold]))
        stack.callback(looking.cancel)
        gc.collect()
        gc.freeze()  # what is there now stays; to look through it again and again would stop the loop each time
        yield


def _open(book: Book, metrics: Metrics) -> tuple[Desk, Gate]:
    """The desk with its champion, and the gate."""
    desk = Desk(book, metrics)
    try:
        desk.champion()
        return desk, Gate(desk.store)
    except BaseException:
        desk.close()
        raise


async def _opened(book: Book, state: State) -> tuple[Desk, Gate]:
    """Desk and gate. While the store is away a worker that was started anew leaves, and the next one tries.

    uvicorn and Gunicorn both stop every worker when one of them cannot start: those that wait for the store as well.
    """
    until = monotonic() + _AWAY
    while True:
        try:
            return await run_in_threadpool(_open, book, state.metrics)
        except StoreError as error:
            if not any(name in os.environ for name in _SUPERVISED):
                raise
            logger.warning("a worker waits for the store: %s", error)
        if monotonic() > until:
            os._exit(1)  # a signal to end is not heard before the start is over
        await asyncio.sleep(LOOK_AGAIN)


def _commit(desk: Desk) -> GroupCommit:
    """What stores decisions: in the event loop where that takes microseconds, else in a thread."""
    journal = Journal(desk.store, USECASE)
    quick = desk.store.engine.dialect.name == "sqlite" and desk.book.durability == "process"
    return GroupCommit(journal.write, inline=quick, told=desk.told)


async def _keep_up(looks: Sequence[Callable[[], None]]) -> None:
    """Do now and then, in a thread, what nobody should wait for; when the store fails, everything stays as it is."""
    while True:
        await asyncio.sleep(LOOK_AGAIN)
        for look in looks:
            try:
                await run_in_threadpool(look)
            except LoanbookError as error:
                logger.warning("the store cannot be looked into: %s", error)
            except Exception:  # the next look may do; without looks nothing would ever be taken up
                logger.exception("unexpected error")


def _end_alone() -> None:
    """End a worker whose supervisor was killed: nobody would ever end it, and it would keep the port."""
    supervisor = os.environ.get(SUPERVISOR)
    if supervisor and os.getppid() != int(supervisor):
        logger.error("the supervisor is gone; this worker ends, too")
        os.kill(os.getpid(), signal.SIGTERM)

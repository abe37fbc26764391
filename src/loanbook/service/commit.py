"""Durable before answered: all decisions of one turn of the event loop are stored in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from loanbook.decisions.log import Draft, Logged
from loanbook.errors import Conflict, LoanbookError, StoreError
from loanbook.registry.store import Busy

Write = Callable[[Sequence[Draft]], list[Logged | Conflict]]

MOST_WAITING = 2_000
"""Decisions that wait for the store; further ones are not made."""

LONGEST = 1_000
"""Decisions of one transaction."""

PATIENCE = 3.0
"""Seconds for which a store that another process keeps locked is asked again."""

STALLED = 1.0
"""Seconds for which one group may be with a store; while it takes longer, no more are taken on."""

AGAIN = 0.002

PACE = 0.001
"""Seconds from one group to the next, at least: each writes a few pages, however small it is."""

ENOUGH = 16
"""Decisions that need not wait for more."""


class GroupCommit:
    """Stores decisions in groups, and answers each one after its transaction.

    What is submitted in one turn of the event loop is one group; while a group is written, the next one gathers. A
    small group that follows another at once waits a millisecond for more: a transaction writes three or four pages,
    whether for one decision or for ten, and the disk is what makes everybody late in the end.

    Parameters
    ----------
    write : stores drafts, all or none: `Journal.write`.
    inline : write in the event loop's own thread. Right where a transaction takes microseconds (SQLite that does not
        wait for the disk); else a thread waits, and the loop goes on.
    told : called with what is new in the store, once a group.
    """

    def __init__(self, write: Write, *, inline: bool, told: Callable[[Sequence[Logged]], None]) -> None:
        self._write = write
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._writer = None if inline else ThreadPoolExecutor(1, "loanbook-journal")
        self._waiting: list[tuple[Draft, asyncio.Future[Logged]]] = []
        self._at_work = False
        self._last = 0.0  # when the last group was begun
        self._timer: asyncio.TimerHandle | None = None
        self._since = 0.0
        self._begun = 0.0  # when the writer's thread took the group that it has

    def submit(self, draft: Draft) -> asyncio.Future[Logged]:
        """Have a decision stored.

        Returns
        -------
        What was stored, when it was. It fails with Conflict where its key came with another body, and with StoreError
        where it could not be stored.

        Raises
        ------
        StoreError : too many wait already, or the store has not answered for a while.
        """
        if len(self._waiting) >= MOST_WAITING or self._is_stalled():
            raise StoreError("too many decisions wait for the store", todo="ask again in a moment")
        answer: asyncio.Future[Logged] = self._loop.create_future()
        self._waiting.append((draft, answer))
        if not self._at_work:
            self._begin()
        elif self._timer is not None and len(self._waiting) >= ENOUGH:
            self._timer.cancel()
            self._timer = None
            self._loop.call_soon(self._turn)
        return answer

    def close(self) -> None:
        """Write what waits, and end the writer's thread."""
        while self._waiting and self._writer is None:
            self._turn()
        if self._writer is not None:
            self._writer.shutdown()

    def _begin(self) -> None:
        """Write in the next turn; a moment later where the last group was written just now and this one is small."""
        self._at_work = True
        if monotonic() - self._last < PACE and len(self._waiting) < ENOUGH:
            self._timer = self._loop.call_later(PACE, self._turn)
        else:
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._last, self._timer = monotonic(), None
        group, self._waiting = self._waiting[:LONGEST], self._waiting[LONGEST:]
        drafts = [draft for draft, _ in group]
        if self._writer is None:
            self._settle(group, self._attempt(drafts))
            return
        self._begun = monotonic()
        work = self._loop.run_in_executor(self._writer, self._attempt, drafts)
        work.add_done_callback(lambda done: self._settle(group, done.result()))

    def _is_stalled(self) -> bool:
        return self._begun > 0.0 and monotonic() - self._begun > STALLED

    def _attempt(self, drafts: Sequence[Draft]) -> list[Logged | Conflict] | Exception:
        try:
            return self._write(drafts)
        except Exception as error:  # noqa: BLE001 (handed to everybody who waits for it)
            return error

    def _settle(
        self, group: list[tuple[Draft, asyncio.Future[Logged]]], found: list[Logged | Conflict] | Exception
    ) -> None:
        stalled, self._begun = self._is_stalled(), 0.0
        if isinstance(found, Busy) and self._be_patient(group):
            return
        self._since = 0.0
        try:
            if not isinstance(found, Exception):
                self._told(_answered(group, found))
                return
            if stalled:  # whoever came meanwhile has waited long enough
                group, self._waiting = [*group, *self._waiting], []
            _fail([answer for _, answer in group], found)
        finally:
            self._at_work = bool(self._waiting)
            if self._at_work:
                self._begin()

    def _be_patient(self, group: list[tuple[Draft, asyncio.Future[Logged]]]) -> bool:
        """Put a group back, and say whether it may still wait for the lock that another process has."""
        now = monotonic()
        self._since = self._since or now
        if now - self._since > PATIENCE:
            return False
        self._waiting[:0] = group
        self._loop.call_later(AGAIN, self._turn)
        return True


def _answered(
    group: Sequence[tuple[Draft, asyncio.Future[Logged]]], found: Sequence[Logged | Conflict]
) -> list[Logged]:
    """Hand everybody what was stored; what is new in the store."""
    fresh = []
    for (draft, answer), one in zip(group, found, strict=True):
        if isinstance(one, Conflict):
            _fail([answer], one)
            continue
        if one.decision is draft.decision:
            fresh.append(one)
        if not answer.done():  # whoever asked may be gone
            answer.set_result(one)
    return fresh


def _fail(answers: Sequence[asyncio.Future[Logged]], error: Exception) -> None:
    said = error if isinstance(error, LoanbookError) else StoreError("the decision could not be stored")
    if said is not error:
        said.__cause__ = error
    for answer in answers:
        if not answer.done():
            answer.set_exception(said)
            answer.exception()  # nobody may be left to be told

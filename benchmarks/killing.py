"""Kill -9, again and again, while callers ask."""

from __future__ import annotations

import os
import random
import signal
import time

from benchmarks.callers import Crowd
from benchmarks.processes import family

MOST_WAIT = 60.0  # seconds for a new worker
_WORKER = b"--multiprocessing-fork"  # the supervisor's other child only tidies up after them


def workers(pid: int) -> list[int]:
    """The processes that answer, of `loanbook serve --workers N`."""
    return [child for child in family(pid)[1:] if _WORKER in _words(child)]


def kill_some(pid: int, times: int, crowd: Crowd, seed: int = 0) -> list[int]:
    """Kill workers one after the other, any of them at any moment; a worker that just starts may be next.

    Parameters
    ----------
    pid : of the supervisor, which starts new ones.
    times : how many.
    crowd : callers who ask meanwhile; before each kill some of them have been answered since the last one.
    seed : of who is killed when.

    Returns
    -------
    Who was killed.
    """
    chance = random.Random(seed)  # noqa: S311 (no secret)
    killed: list[int] = []
    for _ in range(times):
        crowd.wait(chance.randint(1, 40), MOST_WAIT)
        time.sleep(chance.uniform(0.0, 0.05))
        killed.append(_kill(pid, chance))
    return killed


def _kill(pid: int, chance: random.Random) -> int:
    until = time.monotonic() + MOST_WAIT
    while time.monotonic() < until:
        found = workers(pid)
        if found:
            victim = chance.choice(found)
            os.kill(victim, signal.SIGKILL)
            while victim in workers(pid):  # until it is gone, or its remains are all that is left of it
                time.sleep(0.001)
            return victim
        time.sleep(0.01)
    raise TimeoutError(f"no worker was started within {MOST_WAIT:g} s")


def _words(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return b""  # it is gone

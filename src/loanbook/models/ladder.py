"""What a ladder is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rung:
    """One model of the ladder, not yet made, so that listing the ladder loads no library.

    Parameters
    ----------
    name : what the command line calls it.
    title : what a leaderboard calls it.
    interpretability : 0 for what a child could follow; of equally good rungs the lowest is chosen.
        Boosting stands before the forest: on the bundled loans it has two thousand nodes, the forest fifty thousand.
    make : (seed, jobs) to an unfitted estimator.
    needs, extra : module it cannot do without, and the extra of the package that brings it; "" for none.
    standard : whether it runs when nobody asks for the full ladder.
    members : names of the rungs it is made of, if it is a blend of others.
    """

    name: str
    title: str
    interpretability: int
    make: Callable[[int, int], Any]
    needs: str = ""
    extra: str = ""
    standard: bool = True
    members: tuple[str, ...] = ()

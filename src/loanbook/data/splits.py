"""Which rows teach, which calibrate, which test: out of time where there is a time, stratified where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loanbook.data.fields import as_day
from loanbook.errors import TrainingError

_TRAIN, _CALIBRATE = 0.60, 0.15  # the rest tests
_FEWEST = 5  # loans of each outcome that every part needs


@dataclass(frozen=True)
class Split:
    """Row numbers of the three parts, in the order of time where there is one.

    kind : "out_of_time" or "stratified".
    calibrate_from, test_from : first day of these parts; NaN when stratified.
    unknowable : older rows left out of the first two parts, because their outcome was not known on `test_from`.
    repeated : rows left out of a later part, because their id stands in an earlier one.
    note : why the split is not the one the book asks for, if it is not.
    """

    kind: str
    train: NDArray[np.intp]
    calibrate: NDArray[np.intp]
    test: NDArray[np.intp]
    calibrate_from: float = np.nan
    test_from: float = np.nan
    unknowable: int = 0
    repeated: int = 0
    note: str = ""

    @property
    def development(self) -> NDArray[np.intp]:
        """Everything but the test rows."""
        return np.concatenate([self.train, self.calibrate])

    def to_json(self) -> dict[str, Any]:
        dated = self.kind == "out_of_time"
        return {
            "kind": self.kind,
            "train": len(self.train),
            "calibrate": len(self.calibrate),
            "test": len(self.test),
            "calibrate_from": as_day(self.calibrate_from) if dated else None,
            "test_from": as_day(self.test_from) if dated else None,
            "unknowable": self.unknowable,
            "repeated": self.repeated,
            "note": self.note,
        }


def split(
    bad: NDArray[np.float64],
    *,
    time: NDArray[np.float64] | None = None,
    known: NDArray[np.float64] | None = None,
    groups: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> Split:
    """Part labelled rows into training, calibration and test.

    Out of time the newest quarter tests. Only loans whose outcome was known on its first day teach, the older four
    fifths to train, the rest to calibrate. A row whose group stands in an earlier part is left out of the later one.

    Parameters
    ----------
    bad : (n,) 1 where the loan went bad, else 0.
    time : (n,) day of the decision, if the book names it.
    known : (n,) day on which the outcome became known; NaN where it is not recorded, see `_all_known`.
    groups : (n,) rows of one number belong together and never stand on both sides.
    seed : of the stratified draw.

    Raises
    ------
    TrainingError : some part would lack good or bad loans.

    >>> parts = split(np.array([0.0, 1.0] * 50), time=np.arange(100.0))
    >>> parts.kind, len(parts.train), len(parts.calibrate), len(parts.test)
    ('out_of_time', 60, 15, 25)
    """
    groups = np.arange(len(bad)) if groups is None else groups
    note = ""
    if time is not None:
        made = _out_of_time(time, _all_known(time, known, bad, seed), groups)
        if _enough(made, bad):
            return made
        note = f"{_obstacle(made)} for a split in the order of time"
    made = _stratified(bad, groups, seed, note)
    if not _enough(made, bad):
        goods, bads = int((bad == 0).sum()), int(bad.sum())
        raise TrainingError(
            f"{goods} good and {bads} bad loans are too few to train, calibrate and test on",
            todo=f"bring at least {_FEWEST * 7} loans of each outcome",
        )
    return made


def _obstacle(parts: Split) -> str:
    """Say what left a part of a split in the order of time without enough good or bad loans."""
    if len(parts.development) + parts.unknowable == 0:
        return "too many loans were decided on one day"
    if parts.repeated > max(parts.unknowable, len(parts.calibrate) + len(parts.test)):
        return "too many of the newer loans have the id of an older one"
    if parts.unknowable:
        return "too few outcomes were known in time"
    return "too few good or bad loans fall into one of the parts"


def _enough(parts: Split, bad: NDArray[np.float64]) -> bool:
    return all(
        min(bad[part].sum(), len(part) - bad[part].sum()) >= _FEWEST
        for part in (parts.train, parts.calibrate, parts.test)
    )


def _out_of_time(time: NDArray[np.float64], known: NDArray[np.float64], groups: NDArray[np.int64]) -> Split:
    test_from = float(np.sort(time)[int((_TRAIN + _CALIBRATE) * len(time))])
    order = np.argsort(time, kind="stable")
    test = order[time[order] >= test_from]
    older = order[time[order] < test_from]
    knowable = older[known[older] < test_from]
    last = time[knowable[int(0.8 * len(knowable))]] if len(knowable) else test_from
    train, calibrate = knowable[time[knowable] < last], knowable[time[knowable] >= last]
    fresh = calibrate[~np.isin(groups[calibrate], groups[train])]
    unseen = test[~np.isin(groups[test], groups[knowable])]
    return Split(
        kind="out_of_time",
        train=train,
        calibrate=fresh,
        test=unseen,
        calibrate_from=float(last),
        test_from=test_from,
        unknowable=len(older) - len(knowable),
        repeated=len(calibrate) - len(fresh) + len(test) - len(unseen),
    )


def _all_known(
    time: NDArray[np.float64], known: NDArray[np.float64] | None, bad: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """Give every row a day on which its outcome became known.

    Lenders date bad outcomes and forget to date good ones. If only the bad ones had to wait, young loans would look far
    better than they are, so a good outcome without a date takes as long as some bad one, drawn at random.
    """
    if known is None:
        return time
    delays = (known - time)[(bad == 1) & ~np.isnan(known)]
    if not len(delays):
        return np.where(np.isnan(known), time, known)
    drawn = np.random.default_rng(seed).choice(delays, len(time))
    return np.where(np.isnan(known), time + drawn, known)


def _stratified(bad: NDArray[np.float64], groups: NDArray[np.int64], seed: int, note: str) -> Split:
    place = _spread(bad, groups, seed)
    train, calibrate, test = (
        np.flatnonzero((place >= low) & (place < high))
        for low, high in ((0.0, _TRAIN), (_TRAIN, _TRAIN + _CALIBRATE), (_TRAIN + _CALIBRATE, 2.0))
    )
    return Split("stratified", train, calibrate, test, note=note)


def _spread(bad: NDArray[np.float64], groups: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Give each row a place in [0, 1): evenly within good and within bad groups, one place a group.

    A group with any bad loan counts as bad.
    """
    size = int(groups.max()) + 1 if len(groups) else 0
    worst = np.zeros(size)
    np.maximum.at(worst, groups, bad)
    here = np.zeros(size, np.bool_)
    here[groups] = True
    place = np.full(size, np.nan)
    draw = np.random.default_rng(seed)
    for outcome in (0.0, 1.0):
        members = np.flatnonzero(here & (worst == outcome))
        place[members] = (draw.permutation(len(members)) + 0.5) / max(1, len(members))
    return place[groups]


def folds(
    bad: NDArray[np.float64], groups: NDArray[np.int64], *, count: int = 5, seed: int = 0
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield (train, test) row numbers of a stratified k-fold that keeps groups together.

    >>> [len(test) for _, test in folds(np.array([0.0, 1.0] * 10), np.arange(20), count=4)]
    [4, 6, 4, 6]
    """
    fold = np.floor(_spread(bad, groups, seed) * count).astype(np.int64)
    for number in range(count):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)

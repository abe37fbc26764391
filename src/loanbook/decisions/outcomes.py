"""What became of the loans that were decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from loanbook.data.sources import batches
from loanbook.errors import DataError, Problem, StoreError
from loanbook.registry import chain, clock
from loanbook.registry.store import Store
from loanbook.registry.tables import decisions, outcomes

COLUMNS = ("decision_id", "outcome", "observed_at")
OUTCOMES = ("good", "bad")
CHUNK = 500
STORED = 10_000
TRIES = 3
KEPT = 100
"""Problems that are kept to be shown; the others are counted."""

_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Observed:
    """What became of one decision: good or bad, and when that was seen."""

    decision_id: str
    outcome: str
    observed_at: str


Row = Observed | list[Problem]
"""An outcome, or what is wrong with it."""


class OutcomesRefused(DataError):
    """Outcomes of which some cannot be stored; none was.

    `problems` pairs the position of an outcome with what is wrong with it (the first KEPT), `count` says how many
    there are, `contradicts` whether all of them contradict an outcome that is known already.
    """

    def __init__(self, problems: Sequence[tuple[int, Problem]], count: int, *, contradicts: bool) -> None:
        self.problems = problems
        self.count = count
        self.contradicts = contradicts
        shown = "; ".join(f"row {place + 1}, {problem}" for place, problem in problems[:5])
        more = f"; and {count - 5} more" if count > 5 else ""
        super().__init__(f"{shown}{more}", todo="correct them and try again; nothing was stored")


@dataclass
class _Tally:
    """Problems met on the way."""

    problems: list[tuple[int, Problem]]
    count: int = 0
    contradictions: int = 0

    def add(self, place: int, problem: Problem, *, contradicts: bool = False) -> None:
        self.count += 1
        self.contradictions += contradicts
        if len(self.problems) < KEPT:
            self.problems.append((place, problem))

    def settle(self) -> None:
        if self.count:
            raise OutcomesRefused(self.problems, self.count, contradicts=self.contradictions == self.count)


class OutcomeLog:
    """The outcomes of one use case's decisions.

    Parameters
    ----------
    store, usecase : where, and of what.
    """

    def __init__(self, store: Store, usecase: str) -> None:
        self.store = store
        self.usecase = usecase

    def record(self, rows: Iterable[Row], progress: Callable[[int], None] = lambda _: None) -> list[Observed]:
        """Store outcomes, all or none; the same outcome again changes nothing.

        Parameters
        ----------
        rows : outcomes, or what is wrong with one.
        progress : called with the number of rows seen, from time to time.

        Returns
        -------
        Those that are new.

        Raises
        ------
        OutcomesRefused : says which rows name no decision, contradict what is known, or are wrong themselves.
        """
        fresh = self._fresh(rows, progress)
        for _ in range(TRIES):
            try:
                self._insert(fresh)
            except IntegrityError:  # somebody stored outcomes of the same decisions since we looked
                fresh = self._fresh(fresh, lambda _: None)
            else:
                return fresh
        raise StoreError(
            "other outcomes of the same decisions are being stored", where=self.store.where, todo="try again"
        )

    def _insert(self, fresh: Sequence[Observed]) -> None:
        at = clock.now()
        left = iter(fresh)
        with self.store.writing() as connection:
            while chunk := list(islice(left, STORED)):
                chain.append(connection, outcomes, [{**asdict(one), "recorded_at": at} for one in chunk])

    def _fresh(self, rows: Iterable[Row], progress: Callable[[int], None]) -> list[Observed]:
        """Those that are not stored yet. Nothing is locked meanwhile, so that decisions go on."""
        tally, fresh, seen = _Tally([]), dict[str, Observed](), 0
        for chunk in _chunks(rows):
            known = self._known({row.decision_id for row in chunk if isinstance(row, Observed)})
            for place, row in enumerate(chunk, seen):
                if not isinstance(row, Observed):
                    for problem in row:
                        tally.add(place, problem)
                elif row.decision_id not in known:
                    tally.add(place, Problem("decision_id", f"there is no decision {row.decision_id}"))
                else:
                    earlier = known[row.decision_id] or fresh.setdefault(row.decision_id, row).outcome
                    _compare(tally, place, row, earlier)
            seen += len(chunk)
            progress(seen)
        tally.settle()
        return list(fresh.values())

    def _known(self, wanted: AbstractSet[str]) -> dict[str, str | None]:
        """The decisions of these names that there are, with the outcome of each that has one."""
        here = (decisions.c.usecase == self.usecase) & decisions.c.decision_id.in_(sorted(wanted))
        query = select(decisions.c.decision_id, outcomes.c.outcome)
        query = query.join_from(decisions, outcomes, isouter=True).where(here)
        with self.store.reading() as connection:
            return {row.decision_id: row.outcome for row in connection.execute(query)}


def _compare(tally: _Tally, place: int, row: Observed, earlier: str) -> None:
    if row.outcome != earlier:
        said = f"is {row.outcome}, but {earlier} is recorded for this decision"
        tally.add(place, Problem("outcome", said), contradicts=True)


def read_outcome(item: Any) -> Row:
    """One outcome as JSON or a table has it; without observed_at it is seen now.

    >>> read_outcome({"decision_id": "0199", "outcome": "late"})
    [Problem(field='outcome', message="must be good or bad; it is 'late'")]
    """
    if not isinstance(item, Mapping):
        return [Problem("body", "must be an object with decision_id, outcome and observed_at")]
    problems = [Problem(str(name), "there is no such field") for name in item if name not in COLUMNS]
    decision_id, outcome = item.get("decision_id"), item.get("outcome")
    if not (isinstance(decision_id, str) and decision_id.isascii() and decision_id.isprintable()):
        problems.append(Problem("decision_id", "must be the decision_id of a decision"))
    if outcome not in OUTCOMES:
        problems.append(Problem("outcome", f"must be good or bad; it is {str(outcome)[:40]!r}"))
    observed_at = clock.now()
    try:
        if item.get("observed_at") is not None:
            observed_at = _moment(item["observed_at"])
    except ValueError as error:
        problems.append(Problem("observed_at", str(error)))
    return problems or Observed(str(decision_id), str(outcome), observed_at)


def read_outcomes(path: Path) -> Iterator[Row]:
    """Outcomes of a CSV or Parquet file with the columns decision_id, outcome and observed_at."""
    for frame in batches(path):
        for name in COLUMNS:
            if name not in frame.columns:
                raise DataError(
                    f"the table has no column {name!r}",
                    where=str(path),
                    todo="it needs decision_id, outcome (good or bad) and observed_at",
                )
        for row in frame.select(COLUMNS).iter_rows(named=True):
            missing = [name for name in COLUMNS if row[name] is None]
            yield [Problem(name, "is missing") for name in missing] or read_outcome(row)


def _moment(value: Any) -> str:
    if isinstance(value, datetime | date):
        value = value.isoformat()
    try:
        found = clock.moment(value if isinstance(value, str) else "a number")
    except ValueError:
        raise ValueError(f"{str(value)[:40]!r} is not a date as 2026-11-22 or 2026-11-22T10:00:00Z") from None
    if found < _EARLIEST:
        raise ValueError(f"{found.date()} is too long ago to be true")
    if found > datetime.now(UTC) + _AHEAD:
        raise ValueError(f"{found.date()} has not come yet")
    return clock.stamp(found)


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while chunk := list(islice(left, CHUNK)):
        yield chunk

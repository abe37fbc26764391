"""Make every logged decision again, and compare it with what was stored, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping

from loanbook.book import Book
from loanbook.decisions.decider import Decider, Decision, open_decider
from loanbook.decisions.log import DecisionLog
from loanbook.decisions.policy import Policies
from loanbook.errors import LoanbookError
from loanbook.registry import chain
from loanbook.registry.store import Store, open_store
from loanbook.registry.versions import Registry

FIGURES = ("log_odds", "probability", "lower", "upper", "decision")
COMPARED = ("code", "feature", "value", "contribution")
"""Of a reason. Its text is words: the book and later releases may choose others."""

KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a stored decision should not be.

    Parameters
    ----------
    decision_id, column : where.
    stored, recomputed : what stands there, and what comes out of the stored inputs.
    """

    decision_id: str
    column: str
    stored: Any
    recomputed: Any


@dataclass
class Report:
    """What an audit found.

    checked : decisions made again. differing : those of them that differ. differences : the first KEPT, in detail.
    """

    checked: int
    differing: int
    differences: list[Difference]

    @property
    def equal(self) -> bool:
        return self.differing == 0


def verify(book: Book, *, progress: Callable[[int, int], None] = lambda done, of: None) -> Report:
    """Recompute every logged decision from its inputs, with the model and policy version that it names.

    Figures are compared bit for bit, and each row with the digest that was stored beside it.

    Parameters
    ----------
    book : whose log.
    progress : called with the number done and the number of all.
    """
    store = open_store(book.store)
    try:
        return _verify(book, store, progress)
    finally:
        store.close()


def _verify(book: Book, store: Store, progress: Callable[[int, int], None]) -> Report:
    log = DecisionLog(store)
    deciders = _Deciders(book, store)
    report = Report(0, 0, [])
    total = log.count()
    for row in log.rows():
        found = list(_differences(row, deciders))
        report.checked += 1
        report.differing += bool(found)
        report.differences += found[: max(0, KEPT - len(report.differences))]
        if report.checked % 100 == 0 or report.checked == total:
            progress(report.checked, total)
    return report


class _Deciders:
    """Each model and policy that ever decided, read once."""

    def __init__(self, book: Book, store: Store) -> None:
        self._book = book
        self._registry = Registry(book, store)
        self._known: dict[tuple[str, int, int], Decider | LoanbookError] = {}

    def of(self, row: RowMapping) -> Decider:
        usecase, model, policy = key = (row["usecase"], row["model_version"], row["policy_version"])
        if key not in self._known:
            try:
                self._known[key] = open_decider(
                    self._book,
                    self._registry,
                    self._registry.version(usecase, model),
                    policy=Policies(self._registry.store, usecase).load(policy),
                )
            except LoanbookError as error:
                self._known[key] = error
        known = self._known[key]
        if isinstance(known, LoanbookError):
            raise known
        return known


def _differences(row: RowMapping, deciders: _Deciders) -> Iterator[Difference]:
    name = row["decision_id"]
    digest = chain.digest([row[column] for column in chain.PRIVATE])
    if digest != row["inputs_digest"]:
        yield Difference(name, "inputs_digest", row["inputs_digest"], digest)
    try:
        again = deciders.of(row).decide_row(json.loads(row["inputs"]))
        stored_reasons = _reasons(json.loads(row["reasons"]))
    except (LoanbookError, ValueError, TypeError, AttributeError, KeyError) as error:
        yield Difference(name, "inputs", "a decision", f"cannot be made again: {error}")
        return
    for column in FIGURES:
        if row[column] != getattr(again, column):
            yield Difference(name, column, row[column], getattr(again, column))
    reasons = _reasons(_plain(again))
    if stored_reasons != reasons:
        yield Difference(name, "reasons", stored_reasons, reasons)


def _plain(decision: Decision) -> list[dict[str, Any]]:
    """Reasons as they look after being stored."""
    found: list[dict[str, Any]] = json.loads(json.dumps([reason.to_json() for reason in decision.reasons]))
    return found


def _reasons(reasons: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(reason[part] for part in COMPARED) for reason in reasons]

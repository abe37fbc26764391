"""Follow the chain, make every logged decision again, and compare it with what was stored, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping

from loanbook.book import Book
from loanbook.decisions.decider import Decider, Decision, open_decider
from loanbook.decisions.log import DecisionLog
from loanbook.decisions.policy import Policies
from loanbook.errors import LoanbookError
from loanbook.registry.chain import PRIVATE, Head
from loanbook.registry.chain import digest as content_digest
from loanbook.registry.standing import departures
from loanbook.registry.store import Store, open_store
from loanbook.registry.verification import Walk, walk
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

    checked : decisions looked at. differing : those of them that differ. erased : those that cannot be made again,
    because personal fields were erased. differences : the first KEPT, in detail. chain : the walk along the chain.
    """

    checked: int
    differing: int
    erased: int
    differences: list[Difference]
    chain: Walk

    @property
    def equal(self) -> bool:
        """Whether everything is what was written."""
        return self.differing == 0 and self.chain.whole


def verify(
    book: Book,
    *,
    heads: Sequence[Head] = (),
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Report:
    """Follow the chain of records, then make every logged decision again with the model and policy that it names.

    Figures are compared bit for bit, and inputs and reasons with the salted digest that is on the chain.

    Parameters
    ----------
    book : whose log.
    heads : heads of the chain that were noted earlier; each must still lie on it.
    progress : called with the number of records done and the number of all; a decision counts twice.
    """
    store = open_store(book.store)
    try:
        return _verify(book, store, heads, progress)
    finally:
        store.close()


def _verify(book: Book, store: Store, heads: Sequence[Head], progress: Callable[[int, int], None]) -> Report:
    log = DecisionLog(store)
    total = log.count()
    chain = walk(store, heads, lambda done, of: progress(done, of + total))
    for one in departures(store):
        chain.add(one)
    deciders = _Deciders(book, store)
    report = Report(0, 0, 0, [], chain)
    for row in log.rows():
        found = list(_differences(row, deciders))
        report.checked += 1
        report.differing += bool(found)
        report.erased += row["erased_digest"] is not None
        report.differences += found[: max(0, KEPT - len(report.differences))]
        if report.checked % 100 == 0 or report.checked == total:
            progress(chain.records + report.checked, chain.records + total)
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
    stored = row["erased_digest"] or row["inputs_digest"]
    digest = content_digest([row[column] for column in PRIVATE])
    if digest != stored:
        yield Difference(name, "inputs_digest", stored, digest)
    if row["erased_digest"] is not None:
        return
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

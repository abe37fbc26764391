"""What a challenger would have decided about the same applications: nobody is answered with it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from loanbook.decisions.decider import Decision
from loanbook.registry.store import Store
from loanbook.registry.tables import decisions, shadows


class Shadow(msgspec.Struct, frozen=True):
    """What the challenger makes of a decided application; its reasons are not kept."""

    decision_id: str
    decision: Decision


class Comparison(msgspec.Struct, frozen=True):
    """One challenger beside what was decided.

    Parameters
    ----------
    model_version, policy_version : of the challenger.
    count : decisions that it scored as well.
    agreement : share of them that it would have decided the same, 0 to 1.
    mean_difference : of the probability of default, its own less the one that decided.
    pairs : how many decisions were made (first) and would have been (second), as {"approve": {"decline": 3}}.
    """

    model_version: int
    policy_version: int
    count: int
    agreement: float
    mean_difference: float
    pairs: dict[str, dict[str, int]]


class ShadowLog:
    """The shadows of one use case's decisions.

    Parameters
    ----------
    store, usecase : where, and of what.
    """

    def __init__(self, store: Store, usecase: str) -> None:
        self.store = store
        self.usecase = usecase

    def record(self, rows: Iterable[Shadow]) -> None:
        """Store what a challenger made of decisions, in one transaction; the same decision again changes nothing."""
        values = [_row(one, self.usecase) for one in rows]
        if values:
            with self.store.writing() as connection:
                _insert_new(connection, values)

    def compare(self, since: str = "") -> list[Comparison]:
        """Each challenger beside the decisions made from a moment on (as `clock.stamp` writes it), oldest first."""
        version = (shadows.c.model_version, shadows.c.policy_version)
        apart = func.sum(shadows.c.probability - decisions.c.probability)
        query = (
            select(*version, decisions.c.decision, shadows.c.decision, func.count(), apart)
            .join_from(shadows, decisions, decisions.c.decision_id == shadows.c.decision_id)
            .where(shadows.c.usecase == self.usecase, decisions.c.decided_at >= since)
            .group_by(*version, decisions.c.decision, shadows.c.decision)
            .order_by(*version)
        )
        found: dict[tuple[int, int], list[tuple[str, str, int, float]]] = {}
        with self.store.reading() as connection:
            for model, policy, made, would, count, difference in connection.execute(query):
                found.setdefault((model, policy), []).append((made, would, count, difference))
        return [_comparison(*version, cells) for version, cells in found.items()]


def _comparison(model: int, policy: int, cells: list[tuple[str, str, int, float]]) -> Comparison:
    pairs: dict[str, dict[str, int]] = {}
    for made, would, count, _ in cells:
        pairs.setdefault(made, {})[would] = count
    total = sum(count for _, _, count, _ in cells)
    agreed = sum(count for made, would, count, _ in cells if made == would)
    return Comparison(model, policy, total, agreed / total, sum(cell[3] for cell in cells) / total, pairs)


def _row(one: Shadow, usecase: str) -> dict[str, object]:
    made = one.decision
    return {
        "decision_id": one.decision_id,
        "usecase": usecase,
        "model_version": made.model_version,
        "policy_version": made.policy_version,
        "log_odds": made.log_odds,
        "probability": made.probability,
        "decision": made.decision,
    }


def _insert_new(connection: Connection, values: list[dict[str, object]]) -> None:
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(kind.insert(shadows).on_conflict_do_nothing(), values)

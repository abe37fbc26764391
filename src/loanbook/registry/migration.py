"""From the tables of schema 1, which had no chain, to those of schema 2: whole or not at all, in one transaction.

Decisions, outcomes and changes of role get their places in the order of time. A decision whose digest did not fit
in the old store keeps that: it gets a content digest that nothing has, so the audit goes on naming it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, text

from loanbook.registry import chain
from loanbook.registry.tables import chain_head, decisions, metadata, outcomes, promotions, schema_version

PAGE = 1_000
_OLD = ("outcomes", "decisions", "promotions")
_DIGESTED = (
    "decision_id",
    "usecase",
    "decided_at",
    "model_version",
    "policy_version",
    "inputs",
    "log_odds",
    "probability",
    "lower",
    "upper",
    "decision",
    "reasons",
    "idempotency_key",
    "body_digest",
)
"""What the row digest of schema 1 covered, in its order."""

_PLACES = """
CREATE TEMPORARY TABLE old_places AS
SELECT row_number() OVER (ORDER BY at, rank, name) AS seq, kind, name FROM (
    SELECT at, 0 AS rank, 'promotions' AS kind, CAST(number AS TEXT) AS name FROM old_promotions
    UNION ALL
    SELECT decided_at, 1, 'decisions', decision_id FROM old_decisions
    UNION ALL
    SELECT CASE WHEN recorded_at < decided_at THEN decided_at ELSE recorded_at END, 2, 'outcomes', o.decision_id
    FROM old_outcomes o JOIN old_decisions d ON d.decision_id = o.decision_id
) AS everything
"""

_KEYS = {"promotions": "CAST(number AS TEXT)", "decisions": "decision_id", "outcomes": "decision_id"}


def migrate(connection: Connection) -> None:
    """Bring a store of schema 1 to the present one; the caller holds the store's set-up lock."""
    for name in _OLD:
        connection.execute(text(f"CREATE TEMPORARY TABLE old_{name} AS SELECT * FROM {name}"))  # noqa: S608 - our own names
        connection.execute(text(f"DROP TABLE {name}"))
    connection.execute(text("CREATE UNIQUE INDEX old_decision ON old_decisions (decision_id)"))
    connection.execute(text("CREATE UNIQUE INDEX old_outcome ON old_outcomes (decision_id)"))
    connection.execute(text(_PLACES))
    connection.execute(text("CREATE UNIQUE INDEX old_place ON old_places (seq)"))
    metadata.create_all(connection)
    _copy(connection)
    for name in (*_OLD, "places"):
        connection.execute(text(f"DROP TABLE old_{name}"))
    connection.execute(schema_version.update().values(version=2))


def begin(connection: Connection) -> None:
    """The head of an empty chain."""
    connection.execute(insert(chain_head).values(number=1, seq=0, link=chain.START))


def _copy(connection: Connection) -> None:
    begin(connection)
    head = chain.Head(0, chain.START)
    for page in _pages(connection):
        by_kind: dict[str, list[dict[str, Any]]] = {}
        for kind, row in page:
            (placed,) = chain.place(head, kind, [row])
            head = chain.Head(placed["seq"], placed["link"])
            by_kind.setdefault(kind, []).append(placed)
        for table in (promotions, decisions, outcomes):  # an outcome stands behind its decision
            if table.name in by_kind:
                connection.execute(insert(table), by_kind[table.name])
    chain.move(connection, head)


def _pages(connection: Connection) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Old rows in the order of their places, a page in memory at a time."""
    last = 0
    while True:
        page: list[tuple[int, str, dict[str, Any]]] = []
        for kind, key in _KEYS.items():
            joined = f"FROM old_places p JOIN old_{kind} old ON {key} = p.name"
            here = "WHERE p.kind = :kind AND p.seq > :last AND p.seq <= :until"
            query = f"SELECT p.seq AS place, old.* {joined} {here}"
            found = connection.execute(text(query), {"kind": kind, "last": last, "until": last + PAGE}).mappings()
            page += [(row["place"], kind, _renewed(kind, row)) for row in found]
        if not page:
            return
        yield [(kind, row) for _, kind, row in sorted(page, key=lambda one: one[0])]
        last += PAGE


def _renewed(kind: str, old: RowMapping) -> dict[str, Any]:
    """A row of schema 1 as schema 2 has it, but for its place."""
    row = {name: value for name, value in old.items() if name not in ("place", "number", "row_digest")}
    if kind == "decisions":
        row["salt"] = os.urandom(16).hex()
        true = old["row_digest"] == _row_digest(old)
        row["inputs_digest"] = chain.digest([row[name] for name in chain.PRIVATE]) if true else chain.BROKEN
    return row


def _row_digest(row: RowMapping) -> str:
    return hashlib.sha256(json.dumps([row[name] for name in _DIGESTED]).encode()).hexdigest()

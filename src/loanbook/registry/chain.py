"""The one chain of the store: every recorded row is tied to the one before it, over all tables.

A row's link is the SHA-256, in hex, of one MessagePack array: the link before it, its place, the name of its table,
and its content, the values of `CONTENT` in that order (whole numbers as the shortest integers, other numbers as 64-bit
floats, text as UTF-8, nothing as nil). Before the first row stands a link of 64 zeros. `chain_head` holds the last
place and its link, and is read and written under the lock that orders the writers: SQLite's write lock, or the head's
own row on PostgreSQL.

Linked timestamps: Haber and Stornetta (1991), "How to time-stamp a digital document".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Table, insert

from loanbook.registry.tables import chain_head

START = "0" * 64
"""What stands before the first link."""

BROKEN = "f" * 64
"""A content digest that nothing has, of a decision that was changed while no digest said so."""

CONTENT: Mapping[str, tuple[str, ...]] = {
    "decisions": (
        "decision_id",
        "usecase",
        "decided_at",
        "model_version",
        "policy_version",
        "log_odds",
        "probability",
        "lower",
        "upper",
        "decision",
        "idempotency_key",
        "inputs_digest",
    ),
    "outcomes": ("decision_id", "outcome", "observed_at", "recorded_at"),
    "reviews": ("decision_id", "decision", "reviewer", "reason", "at", "override"),
    "promotions": ("usecase", "action", "role", "from_version", "to_version", "at", "who", "why"),
    "erasures": ("decision_id", "fields", "content_digest", "at", "who", "reason"),
    "key_changes": ("key_id", "action", "name", "digest", "role", "rate", "at", "who"),
}
"""The chained tables, each with the columns that its rows' links cover. Changing one of these is a new schema."""

PRIVATE = ("salt", "inputs", "reasons", "body_digest")
"""The columns of a decision that `inputs_digest` covers: what may hold personal values, salted."""

HEAD = "SELECT seq, link FROM chain_head WHERE number = 1"

_packed = msgspec.msgpack.Encoder().encode


class Head(NamedTuple):
    """The end of the chain: the last place given and its link. As text it is what an auditor notes down.

    >>> print(Head(3, "ab" * 32))
    3:abababababababababababababababababababababababababababababababab
    """

    seq: int
    link: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.link}"


def digest(values: Sequence[Any]) -> str:
    """SHA-256 over values, each with its kind: nothing that differs has the same.

    >>> digest((1, "a", None)) == digest([1, "a", None]), digest((1,)) == digest((1.0,))
    (True, False)
    """
    return sha256(_packed(values)).hexdigest()


def follow(link: str, seq: int, kind: str, content: Iterable[Any]) -> str:
    """The link of a row: after the link before it, at its place, with its content.

    >>> follow(START, 1, "outcomes", ("0199", "bad", "2026", "2026"))[:16]
    '978e2db9fd7bf619'
    """
    return sha256(_packed((link, seq, kind, *content))).hexdigest()


def append(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> Head:
    """Insert rows at the end of the chain, inside the caller's writing transaction.

    Parameters
    ----------
    connection : of `Store.writing`.
    table : one of those in CONTENT.
    rows : all columns but seq and link.

    Returns
    -------
    The new head.
    """
    head = lock(connection)
    placed = list(place(head, str(table.name), rows))
    if not placed:
        return head
    connection.execute(insert(table), placed)
    head = Head(placed[-1]["seq"], placed[-1]["link"])
    move(connection, head)
    return head


def place(head: Head, kind: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows with their seq and link, following a head."""
    names = CONTENT[kind]
    seq, link = head
    for row in rows:
        seq += 1
        link = follow(link, seq, kind, [row[name] for name in names])
        yield {**row, "seq": seq, "link": link}


def lock(connection: Connection) -> Head:
    """The head, held until the transaction ends: whoever holds it is alone in adding to the chain."""
    more = " FOR UPDATE" if connection.dialect.name == "postgresql" else ""
    seq, link = connection.exec_driver_sql(HEAD + more).one()
    return Head(seq, link)


def move(connection: Connection, head: Head) -> None:
    """Write the new head."""
    connection.execute(chain_head.update().values(seq=head.seq, link=head.link))

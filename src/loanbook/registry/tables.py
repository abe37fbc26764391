"""The store's tables, declared once for SQLite and PostgreSQL.

Moments are text in ISO 8601, UTC, microseconds (`clock.now`): they sort as they are and read the same from
both databases. Numbers that must come back bit for bit are double precision in both.

A table with `seq` and `link` is part of the one chain (`chain.py`): seq is the row's place in it, counted over all
of these tables, and link ties the row to the one before.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

SCHEMA = 2
"""Raised by one whenever a table changes; an older loanbook refuses a newer store."""

metadata = MetaData()

Place = BigInteger().with_variant(Integer(), "sqlite")
"""A place in the chain; on SQLite it is the rowid, so that rows lie in the file as they came."""


def _seq() -> Column[int]:
    return Column("seq", Place, primary_key=True, autoincrement=False)


def _link() -> Column[str]:
    return Column("link", String(64), nullable=False)


schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

chain_head = Table(
    "chain_head",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("seq", Place, nullable=False),
    Column("link", String(64), nullable=False),
    CheckConstraint("number = 1", name="one_head"),
)
"""The last place given and its link: one row, read and written in every transaction that adds to the chain."""

models = Table(
    "models",
    metadata,
    Column("usecase", String(40), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("created_at", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("folder", Text, nullable=False),
    Column("role", String(16), nullable=False, server_default=""),
    Column("rung", String(80), nullable=False),
    Column("metrics", Text, nullable=False),
    CheckConstraint("role in ('champion', 'challenger', '')", name="known_role"),
)
for _role in ("champion", "challenger"):
    Index(
        f"one_{_role}",
        models.c.usecase,
        unique=True,
        sqlite_where=models.c.role == _role,
        postgresql_where=models.c.role == _role,
    )

promotions = Table(
    "promotions",
    metadata,
    _seq(),
    Column("usecase", String(40), nullable=False, index=True),
    Column("action", String(16), nullable=False),
    Column("role", String(16), nullable=False),
    Column("from_version", Integer),
    Column("to_version", Integer),
    Column("at", String(32), nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    _link(),
)

policies = Table(
    "policies",
    metadata,
    Column("usecase", String(40), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("created_at", String(32), nullable=False),
    Column("model_version", Integer, nullable=False),
    Column("approve_below", Double, nullable=False),
    Column("decline_from", Double, nullable=False),
    Column("source", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    ForeignKeyConstraint(["usecase", "model_version"], ["models.usecase", "models.version"]),
    Index("one_policy", "usecase", "digest", unique=True),
)

decisions = Table(
    "decisions",
    metadata,
    _seq(),
    Column("decision_id", String(36), nullable=False, unique=True),
    Column("usecase", String(40), nullable=False),
    Column("decided_at", String(32), nullable=False),
    Column("model_version", Integer, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("log_odds", Double, nullable=False),
    Column("probability", Double, nullable=False),
    Column("lower", Double, nullable=False),
    Column("upper", Double, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("idempotency_key", String(300)),
    Column("inputs_digest", String(64), nullable=False),
    _link(),
    Column("salt", String(32), nullable=False),
    Column("inputs", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("body_digest", String(64)),
    ForeignKeyConstraint(["usecase", "model_version"], ["models.usecase", "models.version"]),
    ForeignKeyConstraint(["usecase", "policy_version"], ["policies.usecase", "policies.version"]),
)
"""What was decided. `inputs_digest` is that of the salt and of what may hold personal values: `inputs`, `reasons` and
`body_digest`. The chain covers it instead of them, so that they can be erased."""

Index(
    "one_decision_a_key",
    decisions.c.usecase,
    decisions.c.idempotency_key,
    unique=True,
    sqlite_where=decisions.c.idempotency_key.is_not(None),
    postgresql_where=decisions.c.idempotency_key.is_not(None),
)

outcomes = Table(
    "outcomes",
    metadata,
    _seq(),
    Column("decision_id", String(36), ForeignKey("decisions.decision_id"), nullable=False, unique=True),
    Column("outcome", String(8), nullable=False),
    Column("observed_at", String(32), nullable=False),
    Column("recorded_at", String(32), nullable=False),
    _link(),
    CheckConstraint("outcome in ('good', 'bad')", name="known_outcome"),
)

reviews = Table(
    "reviews",
    metadata,
    _seq(),
    Column("decision_id", String(36), ForeignKey("decisions.decision_id"), nullable=False, unique=True),
    Column("decision", String(16), nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("override", Integer, nullable=False),
    _link(),
    CheckConstraint("decision in ('approve', 'decline')", name="known_review"),
)
"""What a person decided; `override` is 1 when the system had approved or declined and the person says otherwise."""

erasures = Table(
    "erasures",
    metadata,
    _seq(),
    Column("decision_id", String(36), ForeignKey("decisions.decision_id"), nullable=False, index=True),
    Column("fields", Text, nullable=False),
    Column("content_digest", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
    _link(),
)
"""Which fields of a decision were blanked; `content_digest` is from then on what `inputs_digest` was."""

key_changes = Table(
    "key_changes",
    metadata,
    _seq(),
    Column("key_id", String(16), nullable=False, index=True),
    Column("action", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("rate", Double),
    Column("at", String(32), nullable=False),
    Column("who", Text, nullable=False),
    _link(),
    CheckConstraint("action in ('create', 'revoke')", name="known_key_change"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("rate", Double),
    Column("created_at", String(32), nullable=False),
    Column("revoked_at", String(32)),
    CheckConstraint("role in ('decide', 'read', 'review', 'admin')", name="known_key_role"),
)

shadows = Table(
    "shadows",
    metadata,
    Column("decision_id", String(36), primary_key=True),
    Column("usecase", String(40), nullable=False),
    Column("model_version", Integer, primary_key=True, autoincrement=False),
    Column("policy_version", Integer, nullable=False),
    Column("log_odds", Double, nullable=False),
    Column("probability", Double, nullable=False),
    Column("decision", String(16), nullable=False),
)
"""What a challenger would have decided. Not part of the chain: nobody was answered with it."""

"""The store's tables, declared once for SQLite and PostgreSQL.

Moments are text in ISO 8601, UTC, microseconds (`clock.now`): they sort as they are and read the same from
both databases. Numbers that must come back bit for bit are double precision in both.
"""

from __future__ import annotations

from sqlalchemy import (
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
    UniqueConstraint,
)

SCHEMA = 1
"""Raised by one whenever a table changes; an older loanbook refuses a newer store."""

metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

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
    Column("number", Integer, primary_key=True),
    Column("usecase", String(40), nullable=False, index=True),
    Column("action", String(16), nullable=False),
    Column("role", String(16), nullable=False),
    Column("from_version", Integer),
    Column("to_version", Integer),
    Column("at", String(32), nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
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
    Column("decision_id", String(36), primary_key=True),
    Column("usecase", String(40), nullable=False),
    Column("decided_at", String(32), nullable=False),
    Column("model_version", Integer, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("inputs", Text, nullable=False),
    Column("log_odds", Double, nullable=False),
    Column("probability", Double, nullable=False),
    Column("lower", Double, nullable=False),
    Column("upper", Double, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("reasons", Text, nullable=False),
    Column("idempotency_key", String(300)),
    Column("body_digest", String(64)),
    Column("row_digest", String(64), nullable=False),
    ForeignKeyConstraint(["usecase", "model_version"], ["models.usecase", "models.version"]),
    ForeignKeyConstraint(["usecase", "policy_version"], ["policies.usecase", "policies.version"]),
    UniqueConstraint("usecase", "idempotency_key", name="one_decision_a_key"),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("decision_id", String(36), ForeignKey("decisions.decision_id"), primary_key=True),
    Column("outcome", String(8), nullable=False),
    Column("observed_at", String(32), nullable=False),
    Column("recorded_at", String(32), nullable=False),
    CheckConstraint("outcome in ('good', 'bad')", name="known_outcome"),
)

"""The chain's hot path: the store's own driver, without SQLAlchemy between, for one writer that adds rows all day."""

from __future__ import annotations

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Engine, Select, Table
from sqlalchemy.types import BigInteger, Double, Integer

from loanbook.registry.chain import HEAD, Head

if TYPE_CHECKING:
    import psycopg

    from loanbook.registry.store import Durability

_to_json = msgspec.json.Encoder().encode

SILENCE = 10
"""Seconds after which PostgreSQL takes the lock from a process that stands still with it."""

PAGES = 128_000
"""Pages of SQLite's log (512 MB) after which a commit folds it back itself; a service folds it in a thread before."""

Found = list[dict[str, Any]]
"""Rows by the names of their columns."""


class Direct(ABC):
    """One connection that adds rows to one chained table; used by one thread at a time.

    `begin`, then `commit` or `abort`. Errors are the driver's own.

    Parameters
    ----------
    engine : of the store; says where it is.
    table : what is added to.
    lookup : a query with the parameters scope and wanted (many texts), run inside the transaction before anything is
        added.
    """

    def __init__(self, engine: Engine, table: Table, lookup: Select[Any]) -> None:
        self.engine = engine
        self.columns = [column.name for column in table.columns]
        self.lookup = str(lookup.compile(dialect=engine.dialect))
        self.errors: type[Exception] = engine.dialect.loaded_dbapi.Error

    @abstractmethod
    def begin(self, scope: str, wanted: list[str]) -> tuple[Head, Found]:
        """Begin a transaction with the head locked: the head, and what the lookup finds (nothing for nothing)."""

    @abstractmethod
    def commit(self, rows: list[tuple[Any, ...]], head: Head) -> None:
        """Add rows, values in the order of `columns`, write the new head, and commit."""

    @abstractmethod
    def abort(self) -> None:
        """Take back what was begun."""

    @abstractmethod
    def close(self) -> None:
        """Give the connection back; the next `begin` opens another."""


class DirectSqlite(Direct):
    """On SQLite; a lock held by another process is waited for `patience` seconds, then it is SQLITE_BUSY."""

    def __init__(
        self, engine: Engine, table: Table, lookup: Select[Any], durability: Durability, patience: float
    ) -> None:
        super().__init__(engine, table, lookup)
        self.synchronous = "FULL" if durability == "power" else "NORMAL"
        self.patience = patience
        marks = ", ".join("?" * len(self.columns))
        self.insert = f"INSERT INTO {table.name} ({', '.join(self.columns)}) VALUES ({marks})"  # noqa: S608 - our names
        self._open: sqlite3.Cursor | None = None

    def begin(self, scope: str, wanted: list[str]) -> tuple[Head, Found]:
        cursor = self._open or self._connect()
        cursor.execute("BEGIN IMMEDIATE")
        head = Head(*cursor.execute(HEAD).fetchone())
        return head, _named(cursor.execute(self.lookup, (scope, json.dumps(wanted)))) if wanted else []

    def commit(self, rows: list[tuple[Any, ...]], head: Head) -> None:
        cursor = self._begun
        cursor.executemany(self.insert, rows)
        cursor.execute("UPDATE chain_head SET seq = ?, link = ? WHERE number = 1", head)
        cursor.execute("COMMIT")

    def abort(self) -> None:
        self._begun.execute("ROLLBACK")

    @property
    def _begun(self) -> sqlite3.Cursor:
        if self._open is None:
            raise self.errors("closed")
        return self._open

    def close(self) -> None:
        cursor, self._open = self._open, None
        if cursor is not None:
            cursor.connection.close()

    def _connect(self) -> sqlite3.Cursor:
        places, options = self.engine.dialect.create_connect_args(self.engine.url)
        own = {"timeout": self.patience, "isolation_level": None, "check_same_thread": False}
        connection: sqlite3.Connection = self.engine.dialect.loaded_dbapi.connect(*places, **{**options, **own})
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA synchronous = {self.synchronous}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {PAGES}")
        except BaseException:
            connection.close()
            raise
        self._open = connection.cursor()
        return self._open


class DirectPostgres(Direct):
    """On PostgreSQL: two round trips a transaction, whatever the number of rows.

    The head's row, selected for update, is the lock that orders the writers. A server that does not answer is waited
    for as `registry/patient.py` says, and it ends our session if we fall silent with the lock in our hands.
    """

    def __init__(self, engine: Engine, table: Table, lookup: Select[Any]) -> None:
        super().__init__(engine, table, lookup)
        names = ", ".join(self.columns)
        typed = ", ".join(f"{column.name} {_type(column.type)}" for column in table.columns)
        rows = f"SELECT {names} FROM json_to_recordset(%s) AS r ({typed})"  # noqa: S608 - our own names
        self.insert = f"INSERT INTO {table.name} ({names}) {rows}"
        self._open: psycopg.Connection[Any] | None = None

    def begin(self, scope: str, wanted: list[str]) -> tuple[Head, Found]:
        import psycopg

        known = self._open
        try:
            return self._begin(known or self._connect(), scope, wanted)
        except psycopg.OperationalError:
            if known is None or not known.broken:
                raise
        self.close()  # the server was started again since: nothing of this transaction is on its way yet
        return self._begin(self._connect(), scope, wanted)

    def _begin(self, connection: psycopg.Connection[Any], scope: str, wanted: list[str]) -> tuple[Head, Found]:
        with connection.pipeline():
            head = connection.execute(f"{HEAD} FOR UPDATE")
            found = connection.execute(self.lookup, {"scope": scope, "wanted": wanted}) if wanted else None
        return Head(*head.fetchall()[0]), _named(found) if found is not None else []

    def commit(self, rows: list[tuple[Any, ...]], head: Head) -> None:
        connection = self._begun
        listed = _to_json([dict(zip(self.columns, row, strict=True)) for row in rows])
        with connection.pipeline():
            connection.execute(self.insert, (listed.decode(),))
            connection.execute("UPDATE chain_head SET seq = %s, link = %s WHERE number = 1", head)
            connection.commit()

    def abort(self) -> None:
        self._begun.rollback()

    @property
    def _begun(self) -> psycopg.Connection[Any]:
        if self._open is None:
            raise self.errors("closed")
        return self._open

    def close(self) -> None:
        connection, self._open = self._open, None
        if connection is not None:
            connection.close()

    def _connect(self) -> psycopg.Connection[Any]:
        import psycopg

        from loanbook.registry.patient import CONNECT, Patient

        places, options = self.engine.dialect.create_connect_args(self.engine.url)
        connection = Patient.connect(*places, **{"connect_timeout": CONNECT, **options})
        try:
            connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
            connection.execute(f"SET idle_in_transaction_session_timeout = '{SILENCE}s'")
            connection.commit()
        except BaseException:
            connection.close()
            raise
        self._open = connection
        return connection


def _named(cursor: Any) -> Found:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _type(kind: Any) -> str:
    if isinstance(kind, BigInteger):
        return "bigint"
    if isinstance(kind, Integer):
        return "integer"
    return "double precision" if isinstance(kind, Double) else "text"


__all__: Sequence[str] = ("Direct", "DirectPostgres", "DirectSqlite", "Found")

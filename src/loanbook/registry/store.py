"""The embedded store: SQLite by default, PostgreSQL by setting, one set of tables.

Every write is one transaction. Every driver error leaves as a `StoreError` that says what to do and shows neither
user name nor password.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal, Protocol

from sqlalchemy import Connection, Engine, create_engine, event, func, insert, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from loanbook.errors import StoreError
from loanbook.registry import migration
from loanbook.registry.tables import SCHEMA, metadata, schema_version

Durability = Literal["process", "power"]

BUSY_SECONDS = 10.0

GROWN = 4_000
"""Pages of SQLite's log (16 MB) from which on it begins anew."""
SETTLE_SECONDS = 2.0

SQLITE_FAULTS = {
    "SQLITE_BUSY": ("another process keeps the store locked", "try again, or stop the other process"),
    "SQLITE_LOCKED": ("another process keeps the store locked", "try again, or stop the other process"),
    "SQLITE_READONLY": ("the store may only be read", "make the file and its folder writable"),
    "SQLITE_PERM": ("the store may not be opened", "make the file and its folder readable and writable"),
    "SQLITE_AUTH": ("the store may not be opened", "make the file and its folder readable and writable"),
    "SQLITE_FULL": ("the disk is full", "free some space; nothing was half-written"),
    "SQLITE_IOERR": ("the disk cannot be read or written", "look at the disk's free space and health"),
    "SQLITE_CANTOPEN": ("the store cannot be opened", "look whether its folder exists and is writable"),
    "SQLITE_NOTADB": ("this file is not a SQLite database", "set [book] store or home to another place"),
    "SQLITE_CONSTRAINT": ("the store refused a row that does not fit the others", "report this as a bug"),
    "SQLITE_CORRUPT": ("the store is damaged", "bring back the last copy of the file"),
}
POSTGRES_FAULTS = {
    "53100": ("the database server's disk is full", "free some space there; nothing was half-written"),
    "53300": ("the database server has no free connection", "raise max_connections or start fewer workers"),
    "25006": ("the database may only be read", "name the primary server in [book] store, not a replica"),
    "28P01": ("the database refused the user name or password", "correct them in [book] store"),
    "28000": ("the database refused the user", "correct the user in [book] store"),
    "3D000": ("the database does not exist", "create it, or correct its name in [book] store"),
    "23503": ("the store refused a row that does not fit the others", "report this as a bug"),
    "42501": ("the user may not do this in the database", "grant it the right to create and write tables"),
}

_REFUSED = {"does not exist": "3D000", "password authentication failed": "28P01"}
"""A refused connection has no state yet, only words."""


class Closable(Protocol):
    """What has a connection to give back."""

    def close(self) -> None: ...


class Busy(StoreError):
    """Another process keeps the store locked; the same write may do in a moment."""


class Store:
    """An open store.

    Parameters
    ----------
    engine : SQLAlchemy's engine; `open_store` makes it with everything loanbook needs set.
    durability : what its writes survive.
    """

    def __init__(self, engine: Engine, durability: Durability = "process") -> None:
        self.engine = engine
        self.durability = durability
        self.where = _place(engine.url)
        self._writing = threading.Lock()
        self._beside: weakref.WeakSet[Closable] = weakref.WeakSet()
        weakref.finalize(self, engine.dispose)  # a store that is dropped unclosed keeps no connection either

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection with one consistent view of the store."""
        with self._translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it is stored when the block ends, or none of it.

        SQLite has one writer at a time: threads of this process queue here, other processes at the file's lock.
        An `IntegrityError` passes as it is, for callers who know what a second row with one key means.
        """
        gate = self._writing if self.engine.dialect.name == "sqlite" else nullcontext()
        with self._translated(), gate, self.engine.connect() as connection:
            writer = connection.execution_options(loanbook_writes=True)
            with writer.begin():
                yield writer

    @contextmanager
    def writing_alone(self, what: str) -> Iterator[Connection]:
        """`writing`, while nobody else is inside with the same `what`: for numbers that are counted up."""
        with self.writing() as connection:
            _lock(connection, what)
            yield connection

    def check(self) -> None:
        """Raise StoreError unless the store takes writes at this moment (nothing is changed)."""
        with self.writing() as connection:
            connection.execute(schema_version.update().values(version=schema_version.c.version))

    def settle(self) -> bool:
        """Move SQLite's write-ahead log into the file and empty it, so that no old page is left in it.

        Returns
        -------
        Whether it was: a reader or writer of this moment can hold it back, and the next time will do. True elsewhere.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        with self._translated(), self._writing, self.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute(f"PRAGMA busy_timeout = {round(SETTLE_SECONDS * 1000)}")
            try:
                return bool(driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
            finally:
                driver.execute(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}")

    def beside(self, one: Closable) -> None:
        """Close something that has a connection of its own to this store when the store is closed."""
        self._beside.add(one)

    def fold(self) -> None:
        """Fold SQLite's write-ahead log back into its file, and let it begin anew where it has grown.

        A writer would do it now and then by itself, and everybody behind it would wait for the disk. Here writers go
        on meanwhile, but for the few pages that were added since.
        """
        if self.engine.dialect.name == "sqlite":
            with self._translated(), self.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                _, pages, _ = driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if pages > GROWN:
                    driver.execute("PRAGMA wal_checkpoint(PASSIVE)")  # what came meanwhile: little is left for the lock
                    driver.execute("PRAGMA wal_checkpoint(RESTART)")

    def close(self) -> None:
        """Give every connection back."""
        for one in list(self._beside):
            one.close()
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        with translated(self.where):
            yield


def _lock(connection: Connection, what: str) -> None:
    """Wait for a lock of that name until the transaction ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"loanbook {what}"))))


def open_store(url: str, *, durability: Durability = "process", patience: float | None = None) -> Store:
    """Open the store, making its tables when they are missing.

    Parameters
    ----------
    url : an SQLAlchemy URL, `sqlite:////srv/loans/store.db` or `postgresql+psycopg://…`.
    durability : what a stored decision survives: the death of the process, or of the machine's power as well
        (SQLite's synchronous NORMAL or FULL; PostgreSQL is always the latter).
    patience : seconds that PostgreSQL may take for a statement; None for as long as it takes. Whoever answers others
        needs an end to it: a server that froze says nothing.

    A store of an earlier release is brought to this one's tables, whole or not at all.

    Raises StoreError when it cannot be reached, is not ours, or was made by a newer loanbook.
    """
    address = _parsed(url)
    with translated(_place(address)):
        if address.get_backend_name() == "sqlite":
            engine = _sqlite_engine(address, durability)
        else:
            engine = _postgres_engine(address, patience)
    store = Store(engine, durability)
    try:
        _set_up(store)
    except BaseException:
        store.close()
        raise
    return store


def _parsed(url: str) -> URL:
    try:
        address = make_url(url)
        address.get_dialect()
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(
            "the address of the store is not understood",
            where="[book] store",
            todo="write it like sqlite:////srv/loans/store.db or postgresql+psycopg://user:password@host/database",
        ) from error
    return address


def _sqlite_engine(address: URL, durability: Durability) -> Engine:
    if address.database and address.database != ":memory:":
        _make_folder(Path(address.database).parent)
    engine = create_engine(address, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver's guess
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
        connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'power' else 'NORMAL'}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads and then writes must hold the write lock from its start: upgrading can fail.
        writes = connection.get_execution_options().get("loanbook_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres_engine(address: URL, patience: float | None) -> Engine:
    engine = create_engine(address, pool_pre_ping=True, pool_timeout=5.0)
    if patience is not None:
        from loanbook.registry.patient import CONNECT, patient

        kind = patient(patience)

        @event.listens_for(engine, "do_connect")
        def _connect(_: object, __: object, places: list[Any], options: dict[str, Any]) -> Any:
            return kind.connect(*places, **{"connect_timeout": CONNECT, **options})

    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder cannot be made ({error.strerror})",
            where=str(folder),
            todo="set [book] home to a folder you may write to",
        ) from error


def _set_up(store: Store) -> None:
    found = _found_schema(store)
    if found is None:
        _write_ahead(store)
        with store.writing_alone("set-up") as connection:
            metadata.create_all(connection)
            if connection.execute(select(schema_version.c.version)).scalar() is None:
                connection.execute(insert(schema_version).values(version=SCHEMA))
                migration.begin(connection)
        found = _found_schema(store)
    if found == 1:
        with store.writing_alone("set-up") as connection:
            if connection.execute(select(schema_version.c.version)).scalar() == 1:  # nobody was faster
                migration.migrate(connection)
        found = _found_schema(store)
    if found is None or found > SCHEMA:
        raise StoreError(
            f"the store was made by a newer loanbook (its tables are version {found}, this one knows {SCHEMA})",
            where=store.where,
            todo="upgrade loanbook, or name another store in the book",
        )


def _found_schema(store: Store) -> int | None:
    with store.reading() as connection:
        if not inspect(connection).has_table(schema_version.name):
            return None
        return connection.execute(select(schema_version.c.version)).scalar()


def _write_ahead(store: Store) -> None:
    """Switch SQLite to its write-ahead log, for good: readers never wait for the writer."""
    if store.engine.dialect.name != "sqlite":
        return
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            with store.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                driver.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:  # this switch does not wait for a lock by itself
            if time.monotonic() > deadline or not error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise explained(error, store.where) from error
            time.sleep(0.05)


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn whatever the database driver raises inside the block into a StoreError about `where`."""
    try:
        yield
    except IntegrityError:
        raise
    except PoolTimeout as error:
        raise StoreError("every connection is busy", where=where, todo="try again in a moment") from error
    except DBAPIError as error:
        raise explained(error.orig, where) from error
    except ImportError as error:
        raise StoreError(
            "the driver of this database is not installed", where=where, todo="pip install 'loanbook[postgres]'"
        ) from error
    except SQLAlchemyError as error:
        raise StoreError("the store failed", where=where, todo="look at the log for the cause") from error


def explained(error: BaseException | None, where: str) -> StoreError:
    """What a driver's error means to a person."""
    name = getattr(error, "sqlite_errorname", "") or ""
    for start, (what, todo) in SQLITE_FAULTS.items():
        if name.startswith(start):
            kind = Busy if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) else StoreError
            return kind(what, where=where, todo=todo)
    said = next((state for words, state in _REFUSED.items() if words in str(error)), "")
    known = POSTGRES_FAULTS.get(getattr(error, "sqlstate", None) or said)
    if known:
        return StoreError(known[0], where=where, todo=known[1])
    if isinstance(error, sqlite3.Error):
        return StoreError(f"the store failed ({error})", where=where, todo="look at the file and its disk")
    return StoreError(
        "the database cannot be reached or refused the work",
        where=where,
        todo="look whether it runs, and at user, password and database name in [book] store",
    )


def _place(address: URL) -> str:
    """Where the store is, without user and password."""
    if address.get_backend_name() == "sqlite":
        return address.database or "SQLite in memory"
    port = f":{address.port}" if address.port else ""
    return f"{address.get_backend_name()} at {address.host or 'this machine'}{port}/{address.database or ''}"


__all__ = ["Busy", "Closable", "Durability", "Store", "explained", "open_store", "translated"]

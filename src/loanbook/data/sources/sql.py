"""A query's rows, streamed from the server, each column in one dtype from the first batch to the last."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import polars as pl

from loanbook.data.sources.columns import choose
from loanbook.errors import DataError

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

# What PostgreSQL calls its types (pg_type.oid); every other type arrives as text.
_POSTGRES: dict[int, pl.DataType] = {
    16: pl.Boolean(),
    **dict.fromkeys((20, 21, 23, 26), pl.Int64()),
    **dict.fromkeys((700, 701, 1700), pl.Float64()),
    1082: pl.Date(),
    **dict.fromkeys((1114, 1184), pl.Datetime("us")),
}
_EXTRAS = {"postgresql": "postgres"}


def frames(
    url: str, query: str, *, base: Path = Path(), columns: Sequence[str] | None = None, size: int = 50_000
) -> Iterator[pl.DataFrame]:
    """The rows of a query in batches of up to `size` rows.

    PostgreSQL says what its columns are. Other databases are asked twice: SQLite, for one, may hold text in a
    column of numbers, so that only all rows together tell.

    Parameters
    ----------
    url : a SQLAlchemy URL; its password never shows in a message.
    query : one SELECT.
    base : folder that the path of an SQLite file starts from.
    columns : which columns, in which order; all when None.
    size : rows a batch.

    Raises
    ------
    DataError : no driver, no server, no such file, a query that fails, or the same column twice.
    """
    address = _address(url, base)
    with _connected(address) as connection:
        names, dtypes = _schema(connection, query, size)
        wanted = choose(names, columns, _where(address))
        places = [names.index(name) for name in wanted]
        for rows in _rows(connection, query, size):
            cells = list(zip(*rows, strict=True))
            yield pl.DataFrame([_series(names[i], cells[i], dtypes[i]) for i in places])


def _address(url: str, base: Path) -> URL:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise DataError(
            "the URL of the database is not understood",
            where="url",
            todo='write it as "postgresql://user:password@host/database"',
        ) from None
    if address.get_backend_name() == "sqlite" and address.database not in (None, "", ":memory:"):
        return _sqlite_file(address, base)
    return address


def _sqlite_file(address: URL, base: Path) -> URL:
    """SQLite would make an empty database where there is none."""
    database = str(address.database)
    if database.startswith("file:"):
        return address
    path = base / database
    if not path.is_file():
        names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        near = get_close_matches(path.name, names, n=1, cutoff=0.5)
        todo = f"the nearest is {path.with_name(near[0])}" if near else "check the path"
        raise DataError("there is no such SQLite file", where=database, todo=todo)
    return address.set(database=str(path))


@contextmanager
def _connected(address: URL) -> Iterator[Connection]:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

    where = _where(address)
    try:
        engine = create_engine(address)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise _no_driver(address, error) from None
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise DataError(_redacted(error, address), where=where, todo="check the URL and the query") from None
    finally:
        engine.dispose()


def _no_driver(address: URL, error: Exception) -> DataError:
    backend = address.get_backend_name()
    extra = _EXTRAS.get(backend)
    if extra:
        return DataError(
            f"reading {backend} needs a driver",
            where=_where(address),
            todo=f"pip install 'loanbook[{extra}]'",
        )
    missing = getattr(error, "name", "") or "one that SQLAlchemy knows"
    return DataError(f"there is no driver for {backend}", where=_where(address), todo=f"install {missing}")


def _where(address: URL) -> str:
    return address.set(query={}).render_as_string(hide_password=True)


def _redacted(error: Exception, address: URL) -> str:
    """The driver's first sentence, without anything secret that it may repeat."""
    said = str(getattr(error, "orig", None) or error).strip().split("\n", maxsplit=1)[0].rstrip(".")
    secrets = [str(address.password or "")]
    for values in address.query.values():
        secrets.extend([values] if isinstance(values, str) else values)
    for secret in filter(None, secrets):
        for spelling in (secret, quote(secret, safe=""), quote_plus(secret)):
            said = said.replace(spelling, "***")
    return f"the database says: {said}"


def _rows(connection: Connection, query: str, size: int) -> Iterator[Sequence[Sequence[Any]]]:
    # no_parameters: a % in the query is a %.
    asked = connection.execution_options(yield_per=size, no_parameters=True)
    with asked.exec_driver_sql(query) as result:
        yield from result.partitions(size)


def _schema(connection: Connection, query: str, size: int) -> tuple[list[str], list[pl.DataType]]:
    if connection.dialect.name == "postgresql":
        return _declared(connection, query)
    return _observed(connection, query, size)


def _declared(connection: Connection, query: str) -> tuple[list[str], list[pl.DataType]]:
    # The line end closes a comment that the query may end with.
    asked = f"SELECT * FROM ({query.strip().rstrip(';')}\n) AS book LIMIT 0"  # noqa: S608 (the user's own query)
    with connection.exec_driver_sql(asked, execution_options={"no_parameters": True}) as result:
        names = _distinct(list(result.keys()), _where(connection.engine.url))
        codes: list[Any] = [column[1] for column in result.cursor.description or ()]
        return names, [_POSTGRES.get(code, pl.String()) for code in codes]


def _observed(connection: Connection, query: str, size: int) -> tuple[list[str], list[pl.DataType]]:
    options = {"no_parameters": True, "yield_per": size}
    with connection.exec_driver_sql(query, execution_options=options) as result:
        names = _distinct(list(result.keys()), _where(connection.engine.url))
        kinds: list[set[type]] = [set() for _ in names]
        for rows in result.partitions(size):
            for seen, cells in zip(kinds, zip(*rows, strict=True), strict=True):
                seen.update(map(type, cells))
    return names, [_fitting(seen - {type(None)}) for seen in kinds]


def _distinct(names: list[str], where: str) -> list[str]:
    for name in names:
        if names.count(name) > 1:
            raise DataError(f'the query has two columns named "{name}"', where=where, todo="name them apart with AS")
    return names


def _fitting(kinds: set[type]) -> pl.DataType:
    """The dtype for values of these Python types.

    >>> _fitting({int, Decimal}), _fitting({dt.date}), _fitting({int, str})
    (Float64, Date, String)
    """
    ladder: tuple[tuple[set[type], pl.DataType], ...] = (
        (set(), pl.String()),
        ({bool}, pl.Boolean()),
        ({bool, int}, pl.Int64()),
        ({bool, int, float, Decimal}, pl.Float64()),
        ({dt.date}, pl.Date()),
        ({dt.date, dt.datetime}, pl.Datetime("us")),
    )
    return next((dtype for holds, dtype in ladder if kinds <= holds), pl.String())


def _series(name: str, cells: Sequence[Any], dtype: pl.DataType) -> pl.Series:
    convert = _CONVERT.get(type(dtype))
    values = cells if convert is None else [None if cell is None else convert(cell) for cell in cells]
    try:
        return pl.Series(name, values, dtype=dtype)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        raise DataError(f'column "{name}" holds values that do not fit together', todo="cast it in the query") from None


def _as_text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bytes | memoryview):
        return bytes(cell).decode("utf-8", "replace")
    return json.dumps(cell, default=str) if isinstance(cell, dict | list) else str(cell)


def _as_moment(cell: Any) -> dt.datetime:
    if not isinstance(cell, dt.datetime):
        return dt.datetime.combine(cell, dt.time())
    return cell.astimezone(dt.timezone.utc).replace(tzinfo=None) if cell.tzinfo else cell  # noqa: UP017


_CONVERT: dict[type[pl.DataType], Callable[[Any], Any]] = {
    pl.Float64: float,
    pl.Int64: int,
    pl.String: _as_text,
    pl.Datetime: _as_moment,
}

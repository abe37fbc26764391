"""Queries against a real SQLite and a real PostgreSQL."""

from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from loanbook.book import Source
from loanbook.data.sources import batches, read
from loanbook.errors import DataError

ROWS = 250


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    path = tmp_path / "loans.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table loans (id integer, amount numeric, state text, late real, mixed)")
        connection.executemany(
            "insert into loans values (?, ?, ?, ?, ?)",
            [(i, i if i < 200 else i + 0.5, f"S{i % 7}", None if i < 200 else i / 3, i or "x") for i in range(ROWS)],
        )
    connection.close()
    return path


def test_sqlite_columns_keep_one_dtype_over_all_batches(sqlite_file: Path) -> None:
    source = Source(None, "sqlite:///loans.db", "select * from loans order by id;", sqlite_file.parent)
    pieces = list(batches(source, size=100))
    assert [piece.height for piece in pieces] == [100, 100, 50]
    expected = {
        "id": pl.Int64,
        "amount": pl.Float64,
        "state": pl.String,
        "late": pl.Float64,
        "mixed": pl.String,
    }
    assert all(piece.schema == expected for piece in pieces)
    frame = read(source)
    assert pl.concat(pieces).equals(frame)
    assert frame.row(249) == (249, 249.5, "S4", 83.0, "249")
    assert read(source, columns=["late", "id"]).columns == ["late", "id"]


def test_postgres_types(fresh_postgres_url: str) -> None:
    query = """
        select i::int as id, (i / 4.0)::numeric(12, 2) as amount, i % 2 = 0 as owns, 'S' || i % 7 as state,
            date '2008-01-31' + i as day, timestamp '2008-01-31 12:00' as moment, null as nothing,
            timestamptz '2008-01-31 12:00+01' as zoned, case when i > 150 then i end as late,
            case when i > 150 then 0.1::real end as small, '{"a": 1}'::jsonb as doc, array[i] as list,
            '100%' as percent, '5e0e8d3c-0000-4000-8000-000000000000'::uuid as key
        from generate_series(1, 250) as i order by i -- a comment at the end"""
    source = Source(None, fresh_postgres_url, query, Path())
    pieces = list(batches(source, size=100))
    assert [piece.height for piece in pieces] == [100, 100, 50]
    moment = pl.Datetime("us")
    expected = {
        "id": pl.Int64, "amount": pl.Float64, "owns": pl.Boolean, "state": pl.String, "day": pl.Date,
        "moment": moment, "nothing": pl.String, "zoned": moment, "late": pl.Int64, "small": pl.Float64,
        "doc": pl.String, "list": pl.String, "percent": pl.String, "key": pl.String,
    }  # fmt: skip
    for piece in pieces:
        assert dict(piece.schema) == expected
    first = pieces[0].row(0, named=True)
    assert first["amount"] == 0.25
    assert first["day"] == dt.date(2008, 2, 1)
    assert first["zoned"] == dt.datetime.fromisoformat("2008-01-31T11:00")
    assert first["doc"] == '{"a": 1}'
    assert first["percent"] == "100%"
    assert pl.concat(pieces).equals(read(source))


def test_postgres_faults_are_told_without_the_password(fresh_postgres_url: str) -> None:
    url = fresh_postgres_url.replace("postgres@", "postgres:hunter2%21@")
    for query, said in [
        ("select * from nowhere", "nowhere"),
        ("select 1 as a, 2 as a", 'two columns named "a"'),
    ]:
        with pytest.raises(DataError, match=said) as caught:
            read(Source(None, url, query, Path()))
        assert "hunter2" not in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://me:s3cret%21@127.0.0.1:1/x", "Connection refused|connection failed"),
        ("postgresql://me@127.0.0.1:1/x?password=s3cret!", "Connection refused|connection failed"),
        ("s3cret!", "not understood"),
        ("oracle://me:s3cret!@h/x", "no driver for oracle"),
        ("nonsense://me:s3cret!@h/x", "no driver for nonsense"),
    ],
)
def test_no_message_shows_a_password(url: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        read(Source(None, url, "select 1", Path()))
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DataError, match=r"needs a driver. Pip install 'loanbook\[postgres\]'|loanbook\[postgres\]"):
        read(Source(None, "postgresql://me@h/x", "select 1", Path()))


def test_a_missing_sqlite_file_is_not_made(tmp_path: Path, sqlite_file: Path) -> None:
    with pytest.raises(DataError, match=r"laons.db: there is no such SQLite file. The nearest is .*loans.db"):
        read(Source(None, "sqlite:///laons.db", "select 1", tmp_path))
    assert not (tmp_path / "laons.db").exists()


def test_queries_that_cannot_be(sqlite_file: Path) -> None:
    def ask(query: str | None) -> pl.DataFrame:
        return read(Source(None, f"sqlite:///{sqlite_file}", query, Path()))

    with pytest.raises(DataError, match="no such table: nowhere"):
        ask("select * from nowhere")
    with pytest.raises(DataError, match="columns but no rows"):
        ask("select * from loans where id < 0")
    with pytest.raises(DataError, match='two columns named "id"'):
        ask("select id, id from loans")
    with pytest.raises(DataError, match="needs a query"):
        ask(None)
    with pytest.raises(DataError, match="does not return rows"):
        ask("delete from loans")
    assert ask("select count(*) as rows from loans").item() == ROWS


def test_a_query_is_streamed(fresh_postgres_url: str) -> None:
    """A million rows of half a kilobyte pass through in little memory."""
    program = f"""
import resource
from pathlib import Path
from loanbook.book import Source
from loanbook.data.sources import batches
query = "select i, repeat(md5(i::text), 16) as text from generate_series(1, {{}}) as i"
source = lambda rows: Source(None, {fresh_postgres_url!r}, query.format(rows), Path())
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
assert sum(map(len, batches(source(20_000), size=5_000))) == 20_000
before = used()
assert sum(map(len, batches(source(300_000), size=5_000))) == 300_000
print(used() - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 60  # megabytes; the rows are 150

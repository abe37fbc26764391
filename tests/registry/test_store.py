from __future__ import annotations

import sqlite3
import threading

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from loanbook.errors import StoreError
from loanbook.registry import chain
from loanbook.registry import store as store_module
from loanbook.registry.store import open_store
from loanbook.registry.tables import SCHEMA, promotions, schema_version


def url(path):
    return f"sqlite:///{path}"


def change(**more):
    row = {"usecase": "risk", "action": "promote", "role": "champion", "at": "2026", "who": "me", "why": ""}
    return {**row, "from_version": None, "to_version": 1, **more}


def note(connection, *rows):
    chain.append(connection, promotions, rows or [change()])


def count(store):
    with store.reading() as connection:
        return len(connection.execute(select(promotions)).all())


def test_makes_its_folder_and_keeps_what_is_written(tmp_path):
    place = tmp_path / "a" / "b" / "store.db"
    store = open_store(url(place))
    with store.writing() as connection:
        note(connection)
    store.close()
    assert count(open_store(url(place))) == 1


def test_sqlite_is_set_up_for_readers_beside_a_writer(tmp_path):
    store = open_store(url(tmp_path / "store.db"))
    with store.reading() as connection:
        asked = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 10_000}
    powered = open_store(url(tmp_path / "store.db"), durability="power")
    with powered.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_a_reader_sees_one_moment_and_never_waits(tmp_path):
    store = open_store(url(tmp_path / "store.db"))
    with store.reading() as connection:
        assert connection.execute(select(promotions)).all() == []
        with store.writing() as writer:
            note(writer)
        assert connection.execute(select(promotions)).all() == []
    assert count(store) == 1


def test_a_transaction_is_stored_whole_or_not_at_all(tmp_path):
    store = open_store(url(tmp_path / "store.db"))

    def half_done():
        with store.writing() as connection:
            note(connection)
            raise KeyError("half way")

    with pytest.raises(KeyError):
        half_done()
    assert count(store) == 0


def test_a_second_row_with_one_key_passes_as_it_is(tmp_path):
    store = open_store(url(tmp_path / "store.db"))
    with pytest.raises(IntegrityError), store.writing() as connection:
        connection.execute(insert(promotions), [change(seq=1, link="x"), change(seq=1, link="x")])


def test_many_threads_write_without_loss(tmp_path):
    store = open_store(url(tmp_path / "store.db"))

    def write():
        for _ in range(20):
            with store.writing() as connection:
                note(connection)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(store) == 160


def test_a_newer_store_is_refused(tmp_path):
    place = tmp_path / "store.db"
    store = open_store(url(place))
    with store.writing() as connection:
        connection.execute(schema_version.update().values(version=SCHEMA + 1))
    store.close()
    with pytest.raises(StoreError, match=r"made by a newer loanbook .*Upgrade loanbook"):
        open_store(url(place))


def test_a_locked_store_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.05)
    place = tmp_path / "store.db"
    store = open_store(url(place))
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another process keeps the store locked"):
        store.check()
    other.execute("ROLLBACK")
    other.close()
    store.check()


def test_a_full_disk_says_so_and_keeps_what_was_there(tmp_path):
    store = open_store(url(tmp_path / "store.db"))
    with store.writing() as connection:
        note(connection)
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    def fill():
        with store.writing() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
            note(connection, *[change(why="x" * 4000)] * 100)

    with pytest.raises(StoreError, match="the disk is full"):
        fill()
    assert count(store) == 1


def test_what_is_not_a_database_says_so(tmp_path):
    place = tmp_path / "store.db"
    place.write_text("dear diary, " * 1000)
    with pytest.raises(StoreError, match="not a SQLite database"):
        open_store(url(place))


def test_a_store_that_may_only_be_read_says_so(tmp_path):
    place = tmp_path / "store.db"
    store = open_store(url(place))
    with store.reading() as connection:
        connection.exec_driver_sql("PRAGMA query_only = 1")
    with pytest.raises(StoreError, match="may only be read"):
        store.check()


def test_a_home_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="folder cannot be made"):
        open_store(url(tmp_path / "file" / "store.db"))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("not a url", "is not understood"),
        ("nosuch://x/y", "is not understood"),
        ("postgresql+psycopg://zoe:s3cret@127.0.0.1:1/loans", "cannot be reached"),
    ],
)
def test_addresses_that_do_not_work_show_neither_user_nor_password(address, said):
    with pytest.raises(StoreError, match=said) as caught:
        open_store(address)
    assert "s3cret" not in str(caught.value)
    assert "zoe" not in str(caught.value)


def test_postgresql_has_the_same_tables_and_manners(fresh_postgres_url):
    store = open_store(fresh_postgres_url)
    again = open_store(fresh_postgres_url)
    with store.writing() as connection:
        note(connection)
    assert count(again) == 1
    store.check()
    store.close()
    again.close()


def test_postgresql_tables_are_made_once_by_many_at_a_time(fresh_postgres_url):
    failed = []

    def begin():
        try:
            open_store(fresh_postgres_url).close()
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_missing_postgresql_database_says_so(fresh_postgres_url):
    with pytest.raises(StoreError, match="the database does not exist"):
        open_store(fresh_postgres_url.replace("/test_", "/nosuch_"))


def test_a_read_only_postgresql_says_so(fresh_postgres_url):
    store = open_store(fresh_postgres_url)

    def write():
        with store.writing() as connection:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            note(connection)

    with pytest.raises(StoreError, match="may only be read"):
        write()
    store.close()


def test_the_log_is_folded_back_beside_the_writers(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    with store.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (x INTEGER)")
        connection.exec_driver_sql("INSERT INTO kept VALUES (7)")
    store.fold()
    alone = tmp_path / "copy.db"  # of the file alone, without its log
    alone.write_bytes((tmp_path / "store.db").read_bytes())
    copy = sqlite3.connect(alone)
    assert copy.execute("SELECT x FROM kept").fetchall() == [(7,)]
    copy.close()
    store.close()


def test_there_is_nothing_to_fold_on_postgresql(fresh_postgres_url):
    store = open_store(fresh_postgres_url)
    store.fold()
    store.check()
    store.close()

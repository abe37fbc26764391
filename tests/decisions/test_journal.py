"""A group is stored whole or not at all, whatever happens to the store; and the next one is stored again."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sqlite3
import stat
import threading
import uuid
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from loanbook.decisions import identity
from loanbook.decisions.audit import verify
from loanbook.decisions.identity import new_ids
from loanbook.decisions.journal import Journal
from loanbook.decisions.log import DecisionLog, Draft
from loanbook.decisions.records import written
from loanbook.errors import Conflict, StoreError
from loanbook.registry.store import Busy, open_store
from loanbook.registry.verification import walk

on_sqlite = pytest.mark.parametrize("book", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("book", ["postgresql"], indirect=True)


@pytest.fixture
def journal(registry):
    journal = Journal(registry.store, "risk")
    yield journal
    journal.close()


@pytest.fixture
def log(registry):
    return DecisionLog(registry.store, "risk")


@pytest.fixture
def drafts(decider, applications):
    return [Draft(decider.decide_row(row), row) for row in applications[:40]]


def keyed(draft, key, digest="d" * 64):
    return msgspec.structs.replace(draft, key=key, body_digest=digest)


def path_of(registry):
    return registry.store.engine.url.database


def test_groups_of_any_size_come_back_as_they_went_in(book, journal, log, drafts):
    stored = [one for size in (1, 2, 32, 5) for one in journal.write(drafts[:size])]
    assert journal.write([]) == []
    assert [log.find(one.decision_id) for one in stored] == stored
    ids = [one.decision_id for one in stored]
    assert [row["decision_id"] for row in log.rows()] == ids == sorted(ids)
    report = verify(book)
    assert (report.equal, report.checked) == (True, 40)


def test_a_key_gives_the_decision_that_was_stored_with_it(journal, log, drafts):
    (first,) = journal.write([keyed(drafts[0], "a")])
    again, other, new = journal.write([keyed(drafts[1], "a"), keyed(drafts[2], "a", "e" * 64), keyed(drafts[3], "b")])
    assert again == first
    assert isinstance(other, Conflict)
    assert new.decision == drafts[3].decision
    assert log.count() == 2


def test_two_drafts_of_one_key_in_one_group_are_one_decision(journal, log, drafts):
    group = [keyed(drafts[0], "a"), drafts[1], keyed(drafts[2], "a"), keyed(drafts[3], "a", "e" * 64)]
    first, between, again, other = journal.write(group)
    assert again is first
    assert isinstance(other, Conflict)
    assert [one.decision_id for one in log.search()] == [between.decision_id, first.decision_id]


def test_one_conflict_keeps_the_whole_group_out_when_it_must_be_whole(journal, log, drafts):
    journal.write([keyed(drafts[0], "a")])
    made = journal.write([drafts[1], keyed(drafts[2], "a", "e" * 64)], whole=True)
    assert [isinstance(one, Conflict) for one in made] == [False, True]
    assert log.count() == 1
    journal.write(drafts[:3])
    assert log.count() == 4


def test_a_key_belongs_to_one_use_case(registry, journal, drafts):
    journal.write([keyed(drafts[0], "a")])
    assert DecisionLog(registry.store, "amount").known("a", "d" * 64) is None


def test_many_keys_are_looked_up_together(journal, log, drafts):
    group = [keyed(draft, f"key {place}") for place, draft in enumerate(drafts)]
    first = journal.write(group)
    assert journal.write(group[::-1]) == first[::-1]
    assert log.count() == len(drafts)


@pytest.mark.parametrize("key", ["ümlaut 🏦", "x" * 255, '"quoted"', "a\nb", "%s ? :key"])
def test_odd_keys_are_keys(journal, drafts, key):
    assert journal.write([keyed(drafts[0], key)]) == journal.write([keyed(drafts[0], key)])


@pytest.mark.parametrize(
    "value", ["Zürich\x00", "half \ud800", 2**70, -(2**70), 1e22, 5e-324, True, None, "🏦", 'a"b\\c', -0.0]
)
def test_any_value_that_json_has_comes_back(journal, log, drafts, value):
    (stored,) = journal.write([Draft(drafts[0].decision, {"odd": value})])
    found = log.find(stored.decision_id).inputs
    assert found == {"odd": value}
    assert type(found["odd"]) is type(value)


def test_a_zero_has_no_sign_in_the_store(book, journal, drafts):
    made = msgspec.structs.replace(drafts[0].decision, log_odds=-0.0)
    journal.write([Draft(made, drafts[0].inputs)])
    assert verify(book).chain.whole


def test_a_decision_of_an_unknown_version_keeps_its_whole_group_out(journal, log, drafts):
    wrong = Draft(msgspec.structs.replace(drafts[1].decision, model_version=99), {})
    with pytest.raises(StoreError, match="does not fit"):
        journal.write([drafts[0], wrong, drafts[2]])
    assert log.count() == 0
    journal.write(drafts[:3])
    assert log.count() == 3


def test_what_no_json_can_say_keeps_the_group_out_before_the_store_is_touched(journal, log, drafts):
    with pytest.raises(TypeError):
        journal.write([drafts[0], Draft(drafts[1].decision, {"what": object()})])
    assert log.count() == 0
    journal.write(drafts[:1])


@on_sqlite
def test_a_lock_held_elsewhere_is_busy_at_once_and_passes(registry, journal, log, drafts):
    other = sqlite3.connect(path_of(registry), isolation_level=None)
    journal.write(drafts[:1])
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy, match="another process keeps the store locked"):
        journal.write(drafts[:2])
    other.execute("ROLLBACK")
    other.close()
    assert len(journal.write(drafts[:2])) == 2
    assert log.count() == 3


@on_sqlite
def test_the_log_waits_for_a_lock_that_is_held_for_a_moment(registry, log, drafts):
    other = sqlite3.connect(path_of(registry), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.2, other.execute, ("ROLLBACK",))
    timer.start()
    assert len(log.record(drafts[:2])) == 2
    timer.join()
    other.close()


@on_sqlite
def test_a_full_disk_is_an_error_and_nothing_is_half_written(registry, log, drafts):
    """SQLite's own limit of pages: it fails in the middle of the group, as a disk does."""
    with closing(Journal(registry.store, "risk")) as journal:
        journal.write(drafts[:4])
        head = walk(registry.store).head
        cursor = journal._direct._open
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StoreError, match="the disk is full"):
            journal.write(drafts * 3)
        assert (log.count(), walk(registry.store).head) == (4, head)
        assert len(journal.write(drafts[:2])) == 2
    assert walk(registry.store).whole


@on_sqlite
def test_a_write_ahead_log_that_may_not_grow_is_an_error_of_that_moment(book, registry, drafts):
    """The system's limit on a file's size, in a process of its own: writing fails as on a full disk."""
    before = DecisionLog(registry.store, "risk").record(drafts[:2])
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_write_without_room, args=(book.store, drafts, theirs))
    child.start()
    assert ours.recv() == ["StoreError", "stored"]
    child.join()
    found = DecisionLog(registry.store, "risk")
    assert found.count() == len(before) + 1
    assert walk(registry.store).whole


def _write_without_room(url, drafts, told):
    store = open_store(url)
    journal = Journal(store, "risk")
    said = []
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for room in (Path(store.engine.url.database).stat().st_size // 2, limits[0]):
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            journal.write(drafts[:1])
            said.append("stored")
        except StoreError:
            said.append("StoreError")
    store.close()
    told.send(said)


@on_sqlite
def test_a_store_that_may_only_be_read_is_an_error_of_that_moment(registry, journal, log, drafts):
    journal.write(drafts[:1])
    journal._direct._open.execute("PRAGMA query_only = 1")
    with pytest.raises(StoreError, match="may only be read"):
        journal.write(drafts[:1])
    journal.write(drafts[:1])
    assert log.count() == 2


@on_sqlite
def test_a_folder_that_is_gone_says_so(registry, drafts):
    store = registry.store
    with closing(Journal(store, "risk")) as journal:
        folder = registry.folder.parent
        assert stat.S_ISDIR(folder.stat().st_mode)
        folder.rename(folder.with_name("elsewhere"))
        try:
            with pytest.raises(StoreError, match="cannot be opened"):
                journal.write(drafts[:1])
        finally:
            folder.with_name("elsewhere").rename(folder)
        assert len(journal.write(drafts[:1])) == 1


@on_postgresql
def test_a_connection_that_was_cut_between_two_groups_is_not_even_noticed(registry, journal, log, drafts):
    journal.write(drafts[:1])
    _cut_connections(registry)
    assert len(journal.write(drafts[:2])) == 2
    assert log.count() == 3


@on_postgresql
def test_a_connection_that_is_cut_before_the_commit_keeps_the_group_out(registry, journal, log, drafts):
    journal.write(drafts[:1])
    usual = journal._direct.commit

    def cut_off(rows, head):
        _cut_connections(registry)
        usual(rows, head)

    journal._direct.commit = cut_off
    with pytest.raises(StoreError, match="cannot be reached"):
        journal.write(drafts[:2])
    journal._direct.commit = usual
    assert log.count() == 1
    assert len(journal.write(drafts[:2])) == 2
    assert walk(registry.store).whole


@on_postgresql
def test_a_server_that_is_away_is_an_error_until_it_is_back(registry, journal, drafts):
    journal.write(drafts[:1])
    name = registry.store.engine.url.database
    with _administrator(registry) as other:
        other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        _cut(other, name)
        for _ in range(2):
            with pytest.raises(StoreError):
                journal.write(drafts[:1])
        other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert len(journal.write(drafts[:1])) == 1


def _cut_connections(registry):
    with _administrator(registry) as other:
        _cut(other, registry.store.engine.url.database)


def _administrator(registry):
    import psycopg

    host = registry.store.engine.url.query["host"]
    return psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True)


def _cut(connection, name):
    connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


def _write_much(url, drafts, groups):
    store = open_store(url)
    journal = Journal(store, "risk")
    for number in range(groups):
        while True:
            try:
                journal.write([keyed(draft, f"{number}-{place}") for place, draft in enumerate(drafts)])
                break
            except Busy:
                continue
    store.close()


def test_processes_that_write_the_same_keys_at_a_time_store_each_once(book, registry, log, drafts):
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=_write_much, args=(book.store, drafts[:5], 20)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0]
    assert log.count() == 100
    report = verify(book)
    assert (report.equal, report.chain.records) == (True, 102)


def test_names_ascend_within_the_process_even_when_the_clock_goes_back(monkeypatch):
    noise = os.urandom(16 * 5_000).hex()
    first = new_ids(noise)
    monkeypatch.setattr(identity.time, "time_ns", lambda: 1_000)
    second = new_ids(noise)
    names = first + second
    assert names == sorted(names)
    assert len(set(names)) == len(names) == 20_000
    assert {(uuid.UUID(one).version, uuid.UUID(one).variant) for one in names[::97]} == {(7, uuid.RFC_4122)}


def test_a_store_that_is_closed_closes_its_journals(book, drafts, registry):
    store = open_store(book.store)
    journal = Journal(store, "risk")
    journal.write(drafts[:1])
    store.close()
    assert journal._direct._open is None


def test_what_is_written_is_json_as_others_read_it():
    assert written({"a": 1.5, "b": None, "c": "ü"}) == '{"a":1.5,"b":null,"c":"ü"}'
    assert written({"a": "half \ud800"}) == '{"a": "half \\ud800"}'

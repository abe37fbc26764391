"""Whatever is done to the records behind loanbook's back is found, and named where it is."""

from __future__ import annotations

import shutil
import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from loanbook.errors import LoanbookError
from loanbook.registry import chain, verification
from loanbook.registry.chain import CONTENT, Head
from loanbook.registry.keys import Keys
from loanbook.registry.standing import departures
from loanbook.registry.store import open_store
from loanbook.registry.tables import decisions, erasures, metadata, models, outcomes, policies, promotions, reviews
from loanbook.registry.verification import Break, noted, walk

AT = "2026-11-22T10:00:00.000000Z"
MODEL = {"usecase": "risk", "version": 1, "created_at": AT, "digest": "d", "folder": "f", "rung": "r", "metrics": "{}"}
POLICY = {"usecase": "risk", "version": 1, "created_at": AT, "model_version": 1, "approve_below": 0.1}


def decision(place):
    figures = {"log_odds": -1.5 + place, "probability": 0.2, "lower": 0.1, "upper": 0.3, "decision": "refer"}
    names = {"decision_id": f"0199-{place:03}", "usecase": "risk", "decided_at": AT}
    versions = {"model_version": 1, "policy_version": 1}
    private = {"salt": f"{place:032x}", "inputs": "{}", "reasons": "[]", "body_digest": None}
    row = {**names, **versions, **figures, **private, "idempotency_key": f"key {place}" if place % 2 else None}
    return {**row, "inputs_digest": chain.digest([private[name] for name in chain.PRIVATE])}


def fill(store, decided=6):
    """A store with records of every kind."""
    with store.writing() as connection:
        connection.execute(insert(models), {**MODEL, "role": "champion"})
        connection.execute(
            insert(policies), {**POLICY, "decline_from": 0.3, "source": "", "settings": "", "digest": ""}
        )
        role = {"usecase": "risk", "action": "register", "role": "champion", "from_version": None, "to_version": 1}
        chain.append(connection, promotions, [{**role, "at": AT, "who": "ann", "why": "trained"}])
        chain.append(connection, decisions, [decision(place) for place in range(decided)])
        became = {"decision_id": "0199-001", "outcome": "bad", "observed_at": AT, "recorded_at": AT}
        chain.append(connection, outcomes, [became, {**became, "decision_id": "0199-002"}])
        said = {"decision_id": "0199-003", "decision": "approve", "reviewer": "bob", "reason": "known", "at": AT}
        chain.append(connection, reviews, [{**said, "override": 0}])
        gone = {"decision_id": "0199-004", "fields": '["name"]', "content_digest": "c", "at": AT, "who": "ann"}
        chain.append(connection, erasures, [{**gone, "reason": "asked"}])
    Keys(store).create("website", "decide", who="ann")
    key, _ = Keys(store).create("analyst", "read", 5.0, who="ann")
    Keys(store).revoke(key.key_id, who="bob")
    with store.writing() as connection:
        chain.append(connection, decisions, [decision(place) for place in range(decided, decided + 3)])


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """The file of a store with 17 records of every kind, all in it."""
    path = tmp_path_factory.mktemp("filled") / "store.db"
    with closing(open_store(f"sqlite:///{path}")) as store:
        fill(store)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def path(filled, tmp_path):
    return Path(shutil.copy(filled, tmp_path / "store.db"))


def inspected(path, *heads):
    with closing(open_store(f"sqlite:///{path}")) as store:
        return walk(store, [noted(head) for head in heads])


def tamper(path, *statements):
    """What somebody with the file in hands would do."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for sql, *values in statements:
            connection.execute(sql, values)


def rows(path, table):
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY seq")]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    url = f"sqlite:///{tmp_path / 's.db'}"
    with closing(
        open_store(request.getfixturevalue("fresh_postgres_url") if "post" in request.param else url)
    ) as store:
        yield store


def test_the_chain_of_a_store_that_nobody_touched_is_whole(store):
    assert walk(store).whole
    fill(store)
    found = walk(store)
    assert (found.whole, found.records, found.head.seq) == (True, 17, 17)
    assert list(departures(store)) == []


def test_pages_of_any_size_make_the_same_walk(store, monkeypatch):
    fill(store)
    seen = []
    monkeypatch.setattr(verification, "PAGE", 2)
    found = walk(store, progress=lambda done, of: seen.append((done, of)))
    assert (found.whole, found.records) == (True, 17)
    assert seen[-1] == (17, 17)
    assert seen == sorted(seen)


def changed(value):
    if isinstance(value, float):
        return value * (1 + 4.6e-16) or 5e-324
    if isinstance(value, int):
        return value + 1
    return "1" if value is None else f"{value}x"


@pytest.mark.parametrize("table", CONTENT)
def test_a_change_of_any_cell_on_the_chain_is_found(path, table):
    columns = ("seq", "link", *CONTENT[table])
    assert {column.name for column in metadata.tables[table].columns} - {*columns, *chain.PRIVATE} == set()
    for row in rows(path, table)[:2]:
        for column in columns:
            value = changed(row[column]) if column != "seq" else 99
            here = f"UPDATE {table} SET {column} = ? WHERE link = ?"
            tamper(path, ("PRAGMA ignore_check_constraints = ON",), (here, value, row["link"]))
            found = inspected(path)
            assert not found.whole, (column, value)
            if column not in ("seq", "link"):
                assert [(one.seq, one.table) for one in found.breaks] == [(row["seq"], table)], column
            link = value if column == "link" else row["link"]
            tamper(path, ("PRAGMA ignore_check_constraints = ON",), (here, row[column], link))
    assert inspected(path).whole


@pytest.mark.parametrize("value", [b"refer", 7, "\x00", "refer\x00"])
def test_a_cell_of_another_kind_is_found(path, value):
    tamper(path, ("UPDATE decisions SET decision = ? WHERE seq = 3", value))
    assert [one.seq for one in inspected(path).breaks] == [3]


def test_a_text_that_is_none_is_found(path):
    tamper(path, ("UPDATE decisions SET decided_at = CAST(x'ff2026' AS TEXT) WHERE seq = 3",))
    assert [one.seq for one in inspected(path).breaks] == [3]


@pytest.mark.parametrize("seq", range(1, 18))
def test_a_missing_record_is_found(path, seq):
    tamper(path, *((f"DELETE FROM {table} WHERE seq = ?", seq) for table in CONTENT))
    assert inspected(path).breaks == [Break(seq, "", "", "it is missing")]


def test_missing_records_are_named_in_one_line(path):
    tamper(path, *((f"DELETE FROM {table} WHERE seq BETWEEN 5 AND 9",) for table in CONTENT))
    (one,) = inspected(path).breaks
    assert str(one) == "record 5: it is missing, and so is every other one up to 9"


def test_two_records_that_changed_places_are_found(path):
    tamper(
        path,
        ("UPDATE decisions SET seq = -2 WHERE seq = 2",),
        ("UPDATE decisions SET seq = 2 WHERE seq = 3",),
        ("UPDATE decisions SET seq = 3 WHERE seq = -2",),
    )
    assert {one.seq for one in inspected(path).breaks} >= {2, 3}


def test_two_records_that_changed_their_contents_are_found(path):
    first, second = (row for row in rows(path, "decisions") if row["seq"] in (2, 3))
    columns = [name for name in CONTENT["decisions"] if name not in ("decision_id", "idempotency_key")]
    for here, other in ((first, second), (second, first)):
        sql = f"UPDATE decisions SET {', '.join(f'{name} = ?' for name in columns)} WHERE seq = ?"
        tamper(path, (sql, *(other[name] for name in columns), here["seq"]))
    assert [one.seq for one in inspected(path).breaks] == [2, 3]


def insertion(table, row):
    marks = ", ".join("?" * len(row))
    return (f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())


@pytest.mark.parametrize(
    ("seq", "said"), [(18, "behind the head"), (400, "behind the head"), (-1, "no such place"), (0, "no such place")]
)
def test_an_inserted_record_is_found(path, seq, said):
    row = {**rows(path, "decisions")[0], "seq": seq, "decision_id": "0199-999"}
    tamper(path, insertion("decisions", row))
    (one,) = inspected(path).breaks
    assert (one.seq, one.name) == (seq, "0199-999")
    assert said in one.what


@pytest.mark.parametrize("seq", [1, 5, 8, 17])
def test_a_record_put_beside_another_at_its_place_is_found(path, seq):
    row = {**rows(path, "outcomes")[0], "seq": seq, "decision_id": "0199-000"}
    tamper(path, ("DELETE FROM outcomes WHERE seq = ?", seq), insertion("outcomes", row))
    assert seq in {one.seq for one in inspected(path).breaks}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE chain_head SET seq = 16",
        "UPDATE chain_head SET seq = 18",
        "UPDATE chain_head SET seq = 0",
        "UPDATE chain_head SET link = 'x'",
        "DELETE FROM chain_head",
    ],
)
def test_a_changed_head_is_found(path, sql):
    tamper(path, (sql,))
    assert not inspected(path).whole


def test_an_end_cut_off_is_found_by_a_head_that_was_noted(path):
    noted_head = str(inspected(path).head)
    last = rows(path, "decisions")[-1]
    tamper(
        path,
        ("DELETE FROM decisions WHERE seq = ?", last["seq"]),
        ("UPDATE chain_head SET seq = ?, link = ?", last["seq"] - 1, rows(path, "decisions")[-2]["link"]),
    )
    assert inspected(path).whole  # without a head noted elsewhere nobody can know
    (one,) = inspected(path, noted_head).breaks
    assert one.what == "the chain ends before the head that was noted"


def test_an_earlier_head_still_lies_on_a_longer_chain(path):
    for row in rows(path, "decisions"):
        assert inspected(path, f"{row['seq']}:{row['link']}").whole
    (one,) = inspected(path, f"5:{'0' * 64}").breaks
    assert (one.seq, one.what) == (5, "its link is not the one that was noted")


@pytest.mark.parametrize(
    "text", ["", "5", f"5:{'g' * 64}", f"-5:{'0' * 64}", f"5:{'0' * 63}", f"{'9' * 40}:{'0' * 64}"]
)
def test_what_is_no_head_is_refused(text):
    with pytest.raises(LoanbookError, match="is not a head of the chain"):
        noted(text)


CELLS = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(max_size=40), st.binary()
)


@given(table=st.sampled_from(sorted(CONTENT)), place=st.integers(0, 99), column=st.integers(0, 99), value=CELLS)
def test_no_other_value_of_any_cell_goes_unseen(filled, table, place, column, value):
    with closing(sqlite3.connect(":memory:")) as memory:
        with closing(sqlite3.connect(filled)) as source:
            source.backup(memory)
        names = [column.name for column in metadata.tables[table].columns if column.name not in chain.PRIVATE]
        name = names[column % len(names)]
        there = memory.execute(f"SELECT seq, {name} FROM {table} ORDER BY seq").fetchall()
        seq, before = there[place % len(there)]
        try:
            with memory:
                memory.execute("PRAGMA ignore_check_constraints = ON")
                memory.execute(f"UPDATE {table} SET {name} = ? WHERE seq = ?", (value, seq))
        except (sqlite3.IntegrityError, UnicodeEncodeError):
            return  # SQLite itself refuses it
        here = before if name != "seq" else value
        after = memory.execute(
            f"SELECT {name}, typeof({name}) FROM {table} WHERE seq = ?", (here if name == "seq" else seq,)
        )
        stored, kind = after.fetchone()
        broken = filled.with_name("broken.db")
        broken.unlink(missing_ok=True)
        with closing(sqlite3.connect(broken)) as target:
            memory.backup(target)
    same = stored == before and isinstance(stored, type(before)) and kind != "blob"
    assert inspected(broken).whole == same


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE models SET role = 'challenger'", "its role is 'challenger', the changes of role say 'champion'"),
        ("UPDATE models SET version = 2", "the changes of role say None"),
        ("UPDATE api_keys SET role = 'admin'", "not what the changes of keys say"),
        ("UPDATE api_keys SET digest = 'x'", "not what the changes of keys say"),
        ("UPDATE api_keys SET revoked_at = NULL", "not what the changes of keys say"),
        ("UPDATE api_keys SET rate = 1e9", "not what the changes of keys say"),
        ("DELETE FROM api_keys", "it is missing"),
        ("UPDATE api_keys SET key_id = 'mine' WHERE name = 'website'", "not what the changes of keys say"),
    ],
)
def test_a_role_or_a_key_that_no_record_accounts_for_is_found(path, sql, said):
    tamper(path, (sql,))
    assert inspected(path).whole
    with closing(open_store(f"sqlite:///{path}")) as store:
        found = [str(one) for one in departures(store)]
    assert any(said in one for one in found), found


def test_records_added_during_a_walk_are_left_for_the_next(tmp_path, monkeypatch):
    with closing(open_store(f"sqlite:///{tmp_path / 's.db'}")) as store:
        fill(store)
        usual, added = verification._page, []

        def page(*arguments):
            found = usual(*arguments)
            if not added:
                added.append(True)
                with store.writing() as connection:
                    chain.append(connection, decisions, [decision(50)])
            return found

        monkeypatch.setattr(verification, "_page", page)
        found = walk(store)
        assert (found.whole, found.head.seq) == (True, 17)
        assert walk(store).head.seq == 18


def test_a_step_costs_the_same_however_long_the_chain_is(tmp_path, monkeypatch):
    """Counted, not timed: a record that is what was written is linked a few times, not once for each before it."""
    with closing(open_store(f"sqlite:///{tmp_path / 's.db'}")) as store:
        fill(store, decided=300)
        linked = []
        monkeypatch.setattr(verification, "follow", lambda *parts: linked.append(parts) or chain.follow(*parts))
        assert walk(store).whole
    assert len(linked) <= 3 * 311


def test_links_changed_one_after_the_other_are_all_that_is_named(path):
    tamper(path, ("UPDATE decisions SET link = 'x' WHERE seq IN (3, 4)",))
    assert [one.seq for one in inspected(path).breaks] == [3, 4]


def test_a_long_chain_is_walked_in_little_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(verification, "PAGE", 100)
    with closing(open_store(f"sqlite:///{tmp_path / 's.db'}")) as store:
        fill(store, decided=5_000)
        tracemalloc.start()
        assert walk(store).records == 5_011
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2_000_000


def test_what_an_auditor_notes_down_reads_back():
    head = Head(4711, "ab" * 32)
    assert noted(f" {head}\n") == head

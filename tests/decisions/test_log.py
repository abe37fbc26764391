from __future__ import annotations

import threading
import time
import uuid

import msgspec
import polars as pl
import pytest
from sqlalchemy import text

from loanbook.decisions.export import SCHEMA, export
from loanbook.decisions.identity import new_id
from loanbook.decisions.log import DecisionLog, Draft, body_digest
from loanbook.decisions.outcomes import Observed, OutcomeLog
from loanbook.decisions.reviews import ReviewLog
from loanbook.errors import Conflict, DataError, StoreError
from loanbook.registry import clock


@pytest.fixture
def log(registry):
    return DecisionLog(registry.store, "risk")


@pytest.fixture
def drafts(decider, applications):
    return [Draft(decider.decide_row(row), row) for row in applications[:40]]


def test_ids_are_uuids_of_version_7_in_the_order_of_time():
    ids = []
    for _ in range(50):
        ids.append(new_id())
        time.sleep(0.0001)
    assert ids == sorted(ids)
    assert {(uuid.UUID(one).version, uuid.UUID(one).variant) for one in ids} == {(7, uuid.RFC_4122)}
    assert abs((uuid.UUID(ids[-1]).int >> 80) / 1000 - time.time()) < 5


def test_many_threads_never_make_one_id_twice():
    found = []

    def make():
        found.extend(new_id() for _ in range(2000))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 8000


def test_what_is_stored_comes_back_bit_for_bit(log, drafts):
    for stored, draft in zip(log.record(drafts), drafts, strict=True):
        found = log.find(stored.decision_id)
        assert found == stored
        assert found.decision == draft.decision
        assert found.inputs == dict(draft.inputs)


def test_odd_text_survives(log, decider, applications):
    row = {**applications[0], "city": "Zürich\x00 \ud800 🏦 'quoted\""}
    stored = log.record([Draft(decider.decide_row(row), row)])[0]
    assert log.find(stored.decision_id).inputs == row


def test_decisions_are_stored_all_or_none(log, drafts):
    broken = Draft(msgspec.structs.replace(drafts[1].decision, model_version=99), {})
    with pytest.raises(StoreError):
        log.record([drafts[0], broken])
    assert log.count() == 0


def test_a_decision_of_another_name_is_not_found(log, drafts):
    log.record(drafts[:1])
    assert log.find(new_id()) is None
    assert DecisionLog(log.store, "fraud").count() == 0


def test_the_same_key_and_body_give_the_same_decision(log, drafts):
    digest = body_digest(drafts[0].inputs)
    first = log.record([Draft(drafts[0].decision, drafts[0].inputs, "key", digest)])
    again = log.record([Draft(drafts[1].decision, drafts[0].inputs, "key", digest)])
    assert first == again == [log.known("key", digest)]
    assert log.count() == 1
    assert log.known("other", digest) is None


def test_the_same_key_with_another_body_is_a_conflict(log, drafts):
    log.record([Draft(drafts[0].decision, drafts[0].inputs, "key", body_digest(drafts[0].inputs))])
    other = body_digest(drafts[1].inputs)
    with pytest.raises(Conflict, match="another application"):
        log.known("key", other)
    with pytest.raises(Conflict):
        log.record([Draft(drafts[1].decision, drafts[1].inputs, "key", other)])
    assert log.count() == 1


def test_one_key_at_the_same_moment_makes_one_decision(log, drafts):
    digest = body_digest(drafts[0].inputs)
    made, start = [], threading.Barrier(6)

    def record():
        start.wait()
        made.extend(log.record([Draft(drafts[0].decision, drafts[0].inputs, "key", digest)]))

    threads = [threading.Thread(target=record) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len({one.decision_id for one in made}) == 1
    assert log.count() == 1


def test_search_walks_back_page_by_page(log, drafts):
    ids = [log.record([draft])[0].decision_id for draft in drafts]
    assert ids == sorted(ids)
    found, cursor = [], ""
    while page := log.search(limit=7, cursor=cursor):
        found += [one.decision_id for one in page]
        cursor = found[-1]
    assert found == ids[::-1]


def test_search_by_decision_and_moment(log, drafts):
    first = log.record(drafts[:20])
    time.sleep(0.002)
    middle = clock.now()
    time.sleep(0.002)
    second = log.record(drafts[20:])
    assert {one.decision_id for one in log.search(since=middle)} == {one.decision_id for one in second}
    assert {one.decision_id for one in log.search(until=middle)} == {one.decision_id for one in first}
    declined = log.search(decision="decline")
    assert {one.decision.decision for one in declined} == {"decline"}
    assert len(declined) == sum(draft.decision.decision == "decline" for draft in drafts)


def test_rows_come_oldest_first_over_many_pages(log, drafts, monkeypatch):
    monkeypatch.setattr("loanbook.decisions.log.PAGE", 7)
    stored = sorted(one.decision_id for one in log.record(drafts))
    assert [row["decision_id"] for row in log.rows()] == stored


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_an_export_has_every_decision(log, drafts, tmp_path, suffix):
    stored = {one.decision_id: one for one in log.record(drafts)}
    path = tmp_path / f"log{suffix}"
    seen = []
    assert export(log, path, seen.append) == len(drafts)
    assert seen == [len(drafts)]
    table = pl.read_csv(path) if suffix == ".csv" else pl.read_parquet(path)
    assert table.columns == list(SCHEMA)
    assert table["decision_id"].to_list() == sorted(stored)
    for row in table.iter_rows(named=True):
        made = stored[row["decision_id"]].decision
        assert (row["probability_of_default"], row["log_odds"]) == (made.probability, made.log_odds)
        codes = [row[f"reason_{place}"] for place in (1, 2, 3, 4)]
        assert [code for code in codes if code] == [reason.code for reason in made.reasons]


def test_an_export_has_what_became_of_a_decision(registry, log, drafts, tmp_path):
    first, second, third = (one.decision_id for one in log.record(drafts[:3]))
    OutcomeLog(registry.store, "risk").record([Observed(first, "bad", "2026-05-31T00:00:00.000000Z")])
    said = ReviewLog(registry.store, "risk").record(second, "decline", "ann", "seen before")
    export(log, tmp_path / "log.parquet")
    rows = {row["decision_id"]: row for row in pl.read_parquet(tmp_path / "log.parquet").iter_rows(named=True)}
    names = ("outcome", "review", "reviewer", "review_reason", "reviewed_at", "override", "erased")
    assert [rows[first][name] for name in names] == ["bad", None, None, None, None, None, False]
    given = ["decline", "ann", "seen before", said.at, said.override]
    assert [rows[second][name] for name in names] == [None, *given, False]
    assert [rows[third][name] for name in names] == [None] * 6 + [False]


def test_an_empty_log_is_exported_with_its_columns(log, tmp_path):
    assert export(log, tmp_path / "log.csv") == 0
    assert (tmp_path / "log.csv").read_text().strip() == ",".join(SCHEMA)


def test_an_export_to_nowhere_is_refused(log, tmp_path):
    with pytest.raises(DataError, match="no folder"):
        export(log, tmp_path / "nowhere" / "log.csv")


def test_a_store_that_goes_away_is_a_store_error(log, drafts):
    with log.store.writing() as connection:
        connection.execute(text("DROP TABLE outcomes"))
        connection.execute(text("ALTER TABLE decisions RENAME TO elsewhere"))
    with pytest.raises(StoreError):
        log.record(drafts[:1])

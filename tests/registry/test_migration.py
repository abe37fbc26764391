from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, select, text

from loanbook.errors import StoreError
from loanbook.registry import chain, migration
from loanbook.registry.store import open_store
from loanbook.registry.tables import SCHEMA, chain_head, decisions, metadata, outcomes, promotions, schema_version

STATEMENTS = (Path(__file__).parent / "schema_1.sql").read_text(encoding="utf-8").split(";\n")


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("fresh_postgres_url")
    return f"sqlite:///{tmp_path / 'store.db'}"


def old_decision(place):
    inputs = json.dumps({"amount": 1000 + place, "name": "Zürich\x00"})
    row = {
        "decision_id": f"0199-{place:04}",
        "usecase": "risk",
        "decided_at": f"2026-11-01T00:{place:02}:00.000000Z",
        "model_version": 1,
        "policy_version": 1,
        "inputs": inputs,
        "log_odds": 0.7 - 0.1 * place,
        "probability": 0.3,
        "lower": 0.1,
        "upper": 0.5,
        "decision": "refer",
        "reasons": "[]",
        "idempotency_key": f"key {place}" if place % 2 else None,
        "body_digest": "d" * 64 if place % 2 else None,
    }
    return {**row, "row_digest": hashlib.sha256(json.dumps(list(row.values())).encode()).hexdigest()}


def write(connection, table, row):
    marks = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"), row)


@pytest.fixture
def old(address):
    """A store of schema 1 with 25 decisions, 7 outcomes and 2 changes of role."""
    engine = create_engine(address)
    with engine.begin() as connection:
        for statement in STATEMENTS:
            if statement.strip():
                connection.execute(text(statement))
        write(connection, "schema_version", {"version": 1})
        model = {
            "usecase": "risk",
            "version": 1,
            "created_at": "2026",
            "digest": "d",
            "folder": "f",
            "role": "champion",
        }
        write(connection, "models", {**model, "rung": "logistic", "metrics": "{}"})
        policy = {"usecase": "risk", "version": 1, "created_at": "2026", "model_version": 1, "approve_below": 0.1}
        write(connection, "policies", {**policy, "decline_from": 0.3, "source": "", "settings": "{}", "digest": "d"})
        for number, at in ((1, "2026-10-01T00:00:00.000000Z"), (2, "2026-11-01T00:05:30.000000Z")):
            change = {"number": number, "usecase": "risk", "action": "promote", "role": "champion", "at": at}
            write(connection, "promotions", {**change, "to_version": 1, "who": "ann", "why": "better"})
        for place in range(25):
            write(connection, "decisions", old_decision(place))
        for place in range(7):
            outcome = {"decision_id": f"0199-{place:04}", "outcome": "bad", "observed_at": "2026-11-02"}
            at = f"2026-11-01T00:{place + 10}:30.000000Z" if place else "2020-01-01T00:00:00.000000Z"
            write(connection, "outcomes", {**outcome, "recorded_at": at})
    engine.dispose()
    return address


def places(store):
    with store.reading() as connection:
        head = connection.execute(select(chain_head.c.seq, chain_head.c.link)).one()
        found = []
        for table in (promotions, decisions, outcomes):
            rows = connection.execute(select(table)).mappings().all()
            found += [(row["seq"], str(table.name), dict(row)) for row in rows]
    return sorted(found, key=lambda one: one[0]), chain.Head(*head)


@pytest.mark.parametrize("page", [1000, 4])
def test_a_store_of_schema_1_gets_one_chain_in_the_order_of_time(old, page, monkeypatch):
    monkeypatch.setattr(migration, "PAGE", page)
    store = open_store(old)
    found, head = places(store)
    assert [seq for seq, _, _ in found] == list(range(1, 35))
    link = chain.START
    for seq, kind, row in found:
        link = chain.follow(link, seq, kind, [row[name] for name in chain.CONTENT[kind]])
        assert row["link"] == link
    assert head == (34, link)
    moments = [row.get("at") or row.get("decided_at") or row["recorded_at"] for _, _, row in found]
    assert moments.pop(2) == "2020-01-01T00:00:00.000000Z"  # an outcome stands behind its decision all the same
    assert moments == sorted(moments)
    store.close()


def test_what_was_stored_is_there_as_it_was(old):
    store = open_store(old)
    found, _ = places(store)
    kept = [row for _, kind, row in found if kind == "decisions"]
    for place, row in enumerate(kept):
        before = old_decision(place)
        del before["row_digest"]
        assert {name: row[name] for name in before} == before
        assert row["inputs_digest"] == chain.digest([row[name] for name in chain.PRIVATE])
    assert len({row["salt"] for row in kept}) == 25
    with store.reading() as connection:
        assert connection.execute(select(schema_version.c.version)).scalar() == SCHEMA
        assert not [name for name in inspect(connection).get_table_names() if name.startswith("old_")]
        assert set(inspect(connection).get_table_names()) == set(metadata.tables)
    store.close()
    open_store(old).close()


def test_a_decision_that_was_changed_before_stays_a_wrong_one(old):
    engine = create_engine(old)
    with engine.begin() as connection:
        connection.execute(text("UPDATE decisions SET decided_at = '2020' WHERE decision_id = '0199-0003'"))
    engine.dispose()
    store = open_store(old)
    wrong = [row for _, kind, row in places(store)[0] if kind == "decisions" and row["inputs_digest"] == "f" * 64]
    assert [row["decision_id"] for row in wrong] == ["0199-0003"]
    store.close()


def test_a_migration_that_fails_leaves_the_old_store(old, monkeypatch):
    def fail(*_):
        raise StoreError("the power went")

    monkeypatch.setattr(migration.chain, "move", fail)
    with pytest.raises(StoreError, match="the power went"):
        open_store(old)
    engine = create_engine(old)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version FROM schema_version")).scalar() == 1
        assert connection.execute(text("SELECT count(row_digest) FROM decisions")).scalar() == 25
    engine.dispose()
    monkeypatch.undo()
    store = open_store(old)
    assert len(places(store)[0]) == 34
    store.close()

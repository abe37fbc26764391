from __future__ import annotations

import json

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from loanbook.decisions.audit import verify
from loanbook.decisions.decider import Decider, open_decider
from loanbook.decisions.journal import Journal
from loanbook.errors import StoreError
from loanbook.registry.versions import Registry
from loanbook.service import body
from loanbook.service.desk import Desk

PROBLEM = "application/problem+json"


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    found = answer.json()
    assert found["status"] == status
    assert {"type", "title", "detail", "errors"} <= found.keys()
    for leak in ("Traceback", "sqlalchemy", "sqlite", "File ", "loanbook."):
        assert leak not in answer.text
    return found


def test_an_application_is_decided_as_the_contract_says(client, application):
    answer = client.post("/v1/decisions", json=application)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    made = answer.json()
    assert set(made) == {
        *("decision_id", "decision", "probability_of_default", "confidence", "lower", "upper"),
        *("reasons", "model", "policy", "decided_at"),
    }
    assert made["model"] == {"usecase": "risk", "version": 1}
    assert made["lower"] <= made["probability_of_default"] <= made["upper"]
    assert made["decided_at"].endswith("Z")


def test_the_answer_is_the_model_s_to_the_last_bit(client, book, applications):
    registry = Registry(book)
    decider = open_decider(book, registry, registry.champion("risk"))
    kinds = set()
    for row in applications[:80]:
        made, wanted = client.post("/v1/decisions", json=row).json(), decider.decide_row(row)
        kinds.add(made["decision"])
        assert made["decision"] == wanted.decision
        assert made["probability_of_default"] == wanted.probability
        assert (made["lower"], made["upper"], made["confidence"]) == (wanted.lower, wanted.upper, wanted.confidence)
        assert made["reasons"] == [reason.to_json() for reason in wanted.reasons]
        assert (made["reasons"] == []) == (made["decision"] == "approve")
    assert kinds == {"approve", "refer", "decline"}
    registry.close()


def test_what_was_answered_is_stored_and_comes_out_again(client, book, applications):
    ids = [client.post("/v1/decisions", json=row).json()["decision_id"] for row in applications[:20]]
    for decision_id, row in zip(ids, applications, strict=False):
        found = client.get(f"/v1/decisions/{decision_id}").json()
        assert found["inputs"] == row
        total = found["base_log_odds"] + sum(one["contribution"] for one in found["contributions"])
        assert total == pytest.approx(found["log_odds"], abs=1e-9)
        assert found["outcome"] is None
    assert verify(book).equal


def test_reasons_can_be_left_out_of_the_answer_but_not_of_the_log(client, applications):
    declined = next(
        row for row in applications if client.post("/v1/decisions", json=row).json()["decision"] == "decline"
    )
    made = client.post("/v1/decisions?explain=false", json=declined).json()
    assert "reasons" not in made
    assert client.get(f"/v1/decisions/{made['decision_id']}").json()["reasons"]


def test_each_wrong_field_is_named_and_nothing_is_stored(client, application):
    wrong = {**application, "amount": -5, "employees": "many", "state": None, "amuont": 3}
    found = problem(client.post("/v1/decisions", json=wrong), 422)
    said = {one["field"]: one["message"] for one in found["errors"]}
    assert set(said) >= {"amount", "employees", "amuont"}
    assert "'amount'" in said["amuont"]
    assert client.get("/v1/decisions").json()["decisions"] == []


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}])
def test_a_field_holds_a_single_value(client, application, value):
    found = problem(client.post("/v1/decisions", json={**application, "amount": value}), 422)
    assert [one["field"] for one in found["errors"]] == ["amount"]


@pytest.mark.parametrize("content", [b"[]", b'"text"', b"7", b"null", b"true"])
def test_an_application_is_an_object(client, content):
    problem(client.post("/v1/decisions", content=content), 422)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expecting value"),
        (b"{", "line 1"),
        (b'{"amount": NaN}', "NaN is not"),
        (b'{"amount": -Infinity}', "Infinity is not"),
        (b'{"amount": 1e999}', "too large"),
        (b'{"amount": 1' + b"0" * 5000 + b"}", "too large"),
        (b'{"amount": 1, "amount": 2}', "'amount' stands twice"),
        (b'\xff\xfe{"amount": 1}', "not UTF-8"),
        (b"[" * 50_000, "nested too deeply"),
        (b'{"a":' * 10_000, "nested too deeply"),
        (b"{'amount': 1}", "line 1, column 2"),
    ],
)
def test_what_is_not_strict_json_is_refused(client, content, said):
    answer = client.post("/v1/decisions", content=content, headers={"content-type": "application/json"})
    assert said in problem(answer, 400)["detail"]


def test_a_body_too_large_is_refused_announced_or_not(client, application):
    huge = {**application, "note": "x" * body.SINGLE}
    problem(client.post("/v1/decisions", json=huge), 413)
    pieces = iter([b'{"note": "', b"x" * body.SINGLE, b'"}'])
    problem(client.post("/v1/decisions", content=pieces, headers={"content-type": "application/json"}), 413)


def test_another_kind_of_body_is_refused(client):
    problem(client.post("/v1/decisions", data={"amount": "1"}), 415)


def test_a_flood_of_unknown_fields_is_refused_at_once(client, application):
    flood = {**application, **{f"amoun{number}": 1 for number in range(3000)}}
    found = problem(client.post("/v1/decisions", json=flood), 422)
    assert [one["field"] for one in found["errors"]] == ["body"]


def test_half_a_surrogate_comes_back_in_the_message(client, application):
    raw = json.dumps({**application, "\ud800": 1})
    headers = {"content-type": "application/json"}
    found = problem(client.post("/v1/decisions", content=raw, headers=headers), 422)
    assert [one["field"] for one in found["errors"]] == ["\ud800"]


def test_a_retry_with_its_key_gets_the_same_decision(client, application):
    headers = {"idempotency-key": "order-77"}
    first = client.post("/v1/decisions", json=application, headers=headers)
    turned = dict(reversed(application.items()))
    again = client.post("/v1/decisions", json=turned, headers=headers)
    assert first.json() == again.json()
    assert len(client.get("/v1/decisions").json()["decisions"]) == 1
    other = client.post("/v1/decisions", json={**application, "amount": 77_000}, headers=headers)
    problem(other, 409)
    without = client.post("/v1/decisions", json=application)
    assert without.json()["decision_id"] != first.json()["decision_id"]


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_a_sensible_length(client, application, key):
    problem(client.post("/v1/decisions", json=application, headers={"idempotency-key": key}), 400)


def test_a_batch_answers_each_in_its_place(client, applications):
    items = [*applications[:5], {"amount": 1}, "text", {**applications[6], "amount": [1]}, *applications[7:9]]
    made = client.post("/v1/decisions:batch", json={"applications": items}).json()["decisions"]
    assert [one.get("status", 200) for one in made] == [200] * 5 + [422] * 3 + [200] * 2
    assert made[7]["errors"][0]["field"] == "amount"
    for item, one in zip(items, made, strict=True):
        if "decision_id" in one:
            single = client.post("/v1/decisions", json=item).json()
            assert {**single, "decision_id": "", "decided_at": ""} == {**one, "decision_id": "", "decided_at": ""}
    assert client.post("/v1/decisions:batch?explain=false", json=items[:1]).json()["decisions"][0].keys() == {
        key for key in made[0] if key != "reasons"
    }


def test_a_batch_has_a_size(client, application):
    assert len(client.post("/v1/decisions:batch", json=[application] * 1000).json()["decisions"]) == 1000
    for wrong in ([], [application] * 1001, {"applications": {}}, {"items": []}, 7):
        problem(client.post("/v1/decisions:batch", json=wrong), 422)


def test_a_batch_can_be_retried_too(client, applications):
    headers = {"idempotency-key": "night-1"}
    items = [*applications[:3], {"amount": 1}]
    first = client.post("/v1/decisions:batch", json=items, headers=headers).json()
    assert client.post("/v1/decisions:batch", json=items, headers=headers).json() == first
    assert len(client.get("/v1/decisions").json()["decisions"]) == 3
    problem(client.post("/v1/decisions:batch", json=items[::-1], headers=headers), 409)


def test_the_log_is_walked_page_by_page(client, applications):
    ids = [client.post("/v1/decisions", json=row).json()["decision_id"] for row in applications[:10]]
    found, cursor = [], ""
    while cursor is not None:
        page = client.get("/v1/decisions", params={"limit": 4, "cursor": cursor}).json()
        assert len(page["decisions"]) <= 4
        found += [one["decision_id"] for one in page["decisions"]]
        cursor = page["next"]
    assert found == ids[::-1]
    declined = client.get("/v1/decisions", params={"decision": "decline"}).json()["decisions"]
    assert {one["decision"] for one in declined} <= {"decline"}
    assert client.get("/v1/decisions", params={"since": "2099-01-01"}).json()["decisions"] == []
    assert len(client.get("/v1/decisions", params={"until": "2099-01-01"}).json()["decisions"]) == 10


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=5000", "limit"),
        ("limit=x", "limit"),
        ("decision=maybe", "decision"),
        ("since=yesterday", "since"),
        ("until=2026-02-30", "until"),
    ],
)
def test_a_wrong_question_names_its_parameter(client, query, field):
    found = problem(client.get(f"/v1/decisions?{query}"), 422)
    assert [one["field"] for one in found["errors"]] == [field]


@pytest.mark.parametrize("name", ["nothing", "0" * 36, "%00" * 36, "0199a3c8-5f10-7c3a-9d41-3f0c5b1e7a22"])
def test_a_decision_that_is_not_there(client, name):
    problem(client.get(f"/v1/decisions/{name}"), 404)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/nothing", 404), ("PUT", "/v1/decisions", 405), ("POST", "/v1/decisions/", 404)],
)
def test_addresses_that_are_not_there_are_problems_too(client, method, path, status):
    problem(client.request(method, path), status)


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/v1/decisions", "GET, POST"), ("/v1/outcomes", "POST"), ("/v1/models/risk", "GET"), ("/style.css", "GET")],
)
def test_a_wrong_method_learns_the_right_ones(client, path, methods):
    answer = client.delete(path)
    problem(answer, 405)
    assert answer.headers["allow"] == methods


def test_nothing_is_decided_that_cannot_be_stored(client, application, monkeypatch):
    def full(*_, **__):
        raise StoreError("the disk is full", where="/srv/secret/store.db")

    monkeypatch.setattr(Journal, "write", full)
    monkeypatch.setattr(client.app.state.deciding._commit, "_write", full)
    answer = client.post("/v1/decisions", json=application)
    found = problem(answer, 503)
    assert answer.headers["retry-after"] == "2"
    assert "secret" not in answer.text
    assert "the same Idempotency-Key" in found["detail"]
    problem(client.post("/v1/decisions:batch", json=[application]), 503)


def test_a_store_that_breaks_shows_in_readyz_and_mends_by_itself(client, application):
    desk: Desk = client.app.state.desk
    assert client.get("/readyz").json() == {"status": "ready"}
    with desk.store.writing() as connection:
        connection.execute(text("ALTER TABLE schema_version RENAME TO away"))
        connection.execute(text("ALTER TABLE decisions RENAME TO gone"))
    assert "store cannot be written" in problem(client.get("/readyz"), 503)["detail"]
    problem(client.post("/v1/decisions", json=application), 503)
    problem(client.get("/v1/decisions"), 503)
    with desk.store.writing() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO schema_version"))
        connection.execute(text("ALTER TABLE gone RENAME TO decisions"))
    assert client.get("/readyz").status_code == 200
    assert client.post("/v1/decisions", json=application).status_code == 200


def test_our_own_faults_show_nothing_of_the_inside(quiet_client, application, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(Decider, "decide_row", broken)
    answer = quiet_client.post("/v1/decisions", json=application)
    problem(answer, 500)
    assert "secret" not in answer.text
    assert "ZeroDivision" not in answer.text


def test_making_the_app_does_no_work(book):
    from loanbook.service.app import create_app

    app = create_app(book)
    assert isinstance(app, FastAPI)
    assert not hasattr(app.state, "desk")

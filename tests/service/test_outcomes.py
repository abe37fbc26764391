from __future__ import annotations

import pytest


@pytest.fixture
def ids(client, applications):
    made = client.post("/v1/decisions:batch", json=applications[:6]).json()["decisions"]
    return [one["decision_id"] for one in made]


def outcome(decision_id, became="bad", observed_at="2026-05-31"):
    return {"decision_id": decision_id, "outcome": became, "observed_at": observed_at}


def test_an_outcome_stands_beside_its_decision(client, ids):
    assert client.post("/v1/outcomes", json=outcome(ids[0])).json() == {"received": 1, "recorded": 1}
    found = client.get(f"/v1/decisions/{ids[0]}").json()
    assert found["outcome"] == {"outcome": "bad", "observed_at": "2026-05-31T00:00:00.000000Z"}


def test_a_list_is_fine_and_so_is_sending_it_again(client, ids):
    several = [outcome(one, "good") for one in ids]
    assert client.post("/v1/outcomes", json=several).json() == {"received": 6, "recorded": 6}
    assert client.post("/v1/outcomes", json=several).json() == {"received": 6, "recorded": 0}


def test_an_unknown_decision_is_404_alone_and_named_in_a_list(client, ids):
    strange = "0199a3c8-5f10-7c3a-9d41-3f0c5b1e7a22"
    assert client.post("/v1/outcomes", json=outcome(strange)).status_code == 404
    answer = client.post("/v1/outcomes", json=[outcome(ids[0]), outcome(strange)])
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == ["1.decision_id"]
    assert client.get(f"/v1/decisions/{ids[0]}").json()["outcome"] is None


def test_a_contradiction_is_a_conflict(client, ids):
    client.post("/v1/outcomes", json=outcome(ids[0], "good"))
    answer = client.post("/v1/outcomes", json=outcome(ids[0], "bad"))
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get(f"/v1/decisions/{ids[0]}").json()["outcome"]["outcome"] == "good"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["decision_id", "outcome"]),
        ([], ["body"]),
        (7, ["body"]),
        ([{"decision_id": "x", "outcome": "late"}, 7], ["0.outcome", "1.body"]),
        ({"decision_id": "x", "outcome": "good", "observed_at": "soon"}, ["observed_at"]),
        ({"decision_id": "x", "outcome": "good", "amount": 3}, ["amount"]),
    ],
)
def test_wrong_bodies_name_what_is_wrong(client, body, fields):
    answer = client.post("/v1/outcomes", json=body)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == fields

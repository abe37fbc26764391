from __future__ import annotations

import re

import pytest

from loanbook.errors import TamperedArtefact
from loanbook.registry.versions import Registry
from loanbook.service import seat
from loanbook.service.app import create_app
from tests.servers import near


def test_alive_and_ready(client):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_without_a_champion_it_lives_but_is_not_ready(untrained):
    assert untrained.get("/healthz").status_code == 200
    answer = untrained.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert "loanbook train risk" in answer.json()["detail"]
    assert untrained.post("/v1/decisions", json={"amount": 1}).status_code == 503
    assert untrained.get("/v1/models").json() == {"models": []}
    assert untrained.get("/v1/models/risk/champion").status_code == 404
    assert untrained.get("/openapi.json").status_code == 200
    assert untrained.get("/v1/decisions").json() == {"decisions": [], "next": None}


def test_the_first_training_is_taken_up_without_a_restart(
    untrained, sample_book, trained_models, application, monkeypatch
):
    monkeypatch.setattr(seat, "LOOK_AGAIN", 0.0)
    registry = Registry(sample_book)
    registry.register("risk", trained_models["logistic"])
    registry.close()
    assert untrained.get("/readyz").status_code == 200
    assert untrained.post("/v1/decisions", json=application).status_code == 200


def test_a_changed_artefact_keeps_the_service_from_starting(book):
    registry = Registry(book)
    version = registry.champion("risk")
    (registry.folder / version.folder / "scorer.npz").write_bytes(b"")
    registry.close()
    with pytest.raises(TamperedArtefact, match=r"scorer\.npz"), near(create_app(book)):
        pass


def value(client, name):
    found = re.search(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else None


def test_metrics_count_what_happened(client, applications):
    made = [client.post("/v1/decisions", json=row).json() for row in applications[:12]]
    client.post("/v1/decisions", json={"amount": 1})
    client.post("/v1/outcomes", json={"decision_id": made[0]["decision_id"], "outcome": "good"})
    for verdict in {one["decision"] for one in made}:
        count = sum(one["decision"] == verdict for one in made)
        assert value(client, f'loanbook_decisions_total{{decision="{verdict}",usecase="risk"}}') == count
    assert value(client, "loanbook_decision_seconds_count") == 12
    assert value(client, 'loanbook_problems_total{status="422"}') == 1
    assert value(client, 'loanbook_outcomes_total{outcome="good"}') == 1
    assert value(client, 'loanbook_model_version{usecase="risk"}') == 1
    assert client.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")


def test_metrics_hold_nothing_of_an_application(client, application):
    client.post("/v1/decisions", json={**application, "city": "SPRINGFIELD-ON-THE-SECRET", "state": "??"})
    client.post("/v1/decisions", json={**application, "amount": "SECRET"})
    assert "SECRET" not in client.get("/metrics").text

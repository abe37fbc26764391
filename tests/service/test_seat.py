"""What was promoted decides without a restart; what cannot be opened is refused."""

from __future__ import annotations

import time

import pytest

from loanbook.decisions.decider import open_decider
from loanbook.registry.versions import Registry


@pytest.fixture
def registry(book, trained_models):
    found = Registry(book)
    yield found
    found.close()


def version_of(client, application):
    answer = client.post("/v1/decisions", json=application)
    assert answer.status_code == 200, answer.text
    return answer.json()["model"]["version"]


def until(client, application, version, seconds=20.0):
    """Ask until a version answers; the poller looks every half second."""
    deadline = time.monotonic() + seconds
    while version_of(client, application) != version:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_promotion_and_rollback_are_taken_up(client, book, registry, trained_models, application):
    assert version_of(client, application) == 1
    registry.register("risk", trained_models["xgboost"])
    registry.promote("risk", 2)
    until(client, application, 2)
    made = client.post("/v1/decisions", json=application).json()
    wanted = open_decider(book, registry, registry.version("risk", 2)).decide_row(application)
    assert (made["probability_of_default"], made["decision"]) == (wanted.probability, wanted.decision)
    assert 'loanbook_model_version{usecase="risk"} 2.0' in client.get("/metrics").text
    registry.rollback("risk")
    until(client, application, 1)


def test_a_corrupt_version_is_refused_and_the_old_one_goes_on(client, registry, trained_models, application):
    version = registry.register("risk", trained_models["xgboost"])
    plan = registry.folder / version.folder / "plan.json"
    plan.write_bytes(plan.read_bytes().replace(b"a", b"b", 1))
    registry.promote("risk", 2)
    desk = client.app.state.desk
    desk.refresh()
    desk.refresh()
    assert version_of(client, application) == 1
    assert client.get("/readyz").status_code == 200
    assert 'loanbook_refused_versions_total{usecase="risk"} 1.0' in client.get("/metrics").text
    assert client.get("/v1/models/risk/champion").json()["version"] == 1


def test_a_version_that_was_mended_is_taken_up(client, registry, trained_models, application):
    version = registry.register("risk", trained_models["xgboost"])
    plan = registry.folder / version.folder / "plan.json"
    whole = plan.read_bytes()
    plan.write_bytes(whole.replace(b"a", b"b", 1))
    registry.promote("risk", 2)
    client.app.state.desk.refresh()
    plan.write_bytes(whole)
    registry.promote("risk", 1)
    client.app.state.desk.refresh()
    registry.promote("risk", 2)
    client.app.state.desk.refresh()
    assert version_of(client, application) == 2

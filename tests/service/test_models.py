from __future__ import annotations

import pytest

from loanbook.registry.versions import Registry
from tests.servers import near


def test_models_are_listed_with_their_roles(client, book, trained_models):
    registry = Registry(book)
    registry.register("risk", trained_models["xgboost"])
    registry.close()
    for path in ("/v1/models", "/v1/models/risk"):
        found = client.get(path).json()["models"]
        assert [(one["version"], one["role"], one["rung"]) for one in found] == [
            (1, "champion", "logistic"),
            (2, "challenger", "xgboost"),
        ]


def test_the_champion_shows_its_card_policy_and_schema(client, application):
    found = client.get("/v1/models/risk/champion").json()
    assert (found["usecase"], found["version"], found["role"]) == ("risk", 1, "champion")
    assert (found["policy"]["approve_below"], found["policy"]["decline_from"]) == (0.10, 0.25)
    assert found["card"]["rung"] == "logistic"
    assert "quantiles" not in found["card"]
    assert set(found["input_schema"]["properties"]) == set(application)


def test_the_champion_is_the_one_that_decides_here(client, book, trained_models):
    registry = Registry(book)
    registry.register("risk", trained_models["xgboost"])
    registry.promote("risk", 2)
    registry.close()
    assert client.get("/v1/models/risk/champion").json()["version"] == 1


@pytest.mark.parametrize("path", ["/v1/models/nothing", "/v1/models/fraud/champion"])
def test_use_cases_that_are_not_there(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_decisions_of_an_earlier_champion_are_still_explained(book, trained_models, application):

    from loanbook.service.app import create_app

    with near(create_app(book)) as client:
        first = client.post("/v1/decisions", json=application).json()
    registry = Registry(book)
    version = registry.register("risk", trained_models["xgboost"])
    registry.promote("risk", version.version)
    folder = registry.folder / registry.version("risk", 1).folder
    registry.close()
    with near(create_app(book)) as client:
        assert client.post("/v1/decisions", json=application).json()["model"]["version"] == 2
        found = client.get(f"/v1/decisions/{first['decision_id']}").json()
        assert found["model"]["version"] == 1
        total = found["base_log_odds"] + sum(one["contribution"] for one in found["contributions"])
        assert total == pytest.approx(found["log_odds"], abs=1e-9)
    (folder / "plan.json").unlink()
    with near(create_app(book)) as client:
        found = client.get(f"/v1/decisions/{first['decision_id']}").json()
        assert found["contributions"] is None
        assert found["probability_of_default"] == first["probability_of_default"]

from __future__ import annotations

import re

import pytest

from loanbook.decisions.decider import open_decider
from loanbook.registry.versions import Registry
from loanbook.service import docs

PATHS = {
    "/v1/decisions": {"get", "post"},
    "/v1/decisions:batch": {"post"},
    "/v1/decisions/{decision_id}": {"get"},
    "/v1/outcomes": {"post"},
    "/v1/models": {"get"},
    "/v1/models/{usecase}": {"get"},
    "/v1/models/{usecase}/champion": {"get"},
    "/healthz": {"get"},
    "/readyz": {"get"},
    "/metrics": {"get"},
}


@pytest.fixture
def document(client):
    return client.get("/openapi.json").json()


def test_every_route_is_described(document):
    assert {path: set(found) for path, found in document["paths"].items()} == PATHS


def test_the_application_is_the_champion_s(client, document, application):
    described = document["components"]["schemas"]["Application"]
    assert set(described["properties"]) == set(application)
    found = client.get("/v1/models/risk/champion").json()["input_schema"]
    assert described["properties"] == found["properties"]
    assert described["required"] == found["required"]


def test_its_example_is_decided(client, document):
    example = document["components"]["schemas"]["Application"]["example"]
    assert client.post("/v1/decisions", json=example).status_code == 200


def test_every_reference_leads_somewhere(document):
    def references(value):
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"]
            for part in value.values():
                yield from references(part)
        elif isinstance(value, list):
            for part in value:
                yield from references(part)

    schemas = document["components"]["schemas"]
    found = set(references(document))
    assert found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in schemas


def test_every_error_is_a_problem(document):
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status != "200":
                    assert response["content"] == {"application/problem+json": problem}


def test_the_answer_has_the_fields_it_describes(client, document, application):
    made = client.post("/v1/decisions", json=application).json()
    assert set(document["components"]["schemas"]["Decision"]["properties"]) == set(made)
    stored = client.get(f"/v1/decisions/{made['decision_id']}").json()
    assert set(document["components"]["schemas"]["Record"]["properties"]) == set(stored)


def test_a_batch_and_the_key_are_described(document):
    batch = document["paths"]["/v1/decisions:batch"]["post"]
    names = [one["name"] for one in batch["parameters"]]
    assert set(names) == {"Idempotency-Key", "explain"}


def test_the_docs_page_loads_nothing_from_elsewhere(client):
    page = client.get("/docs")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert links
    for link in links:
        assert "//" not in link
        answer = client.get(f"/{link}")
        assert answer.status_code == 200
        assert len(answer.content) > 100
    assert "http" not in docs.START
    assert client.get("/docs/swagger-ui-bundle.js").headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("name", ["nothing.js", "..%2f__init__.py", "redoc.standalone.js"])
def test_only_its_own_files_are_given_away(client, name):
    assert client.get(f"/docs/{name}").status_code == 404


@pytest.mark.parametrize("rung", ["logistic", "xgboost"])
def test_an_example_keeps_the_contract_of_any_model(sample_book, trained_models, rung):
    from loanbook.service.openapi import example

    registry = Registry(sample_book)
    version = registry.register("risk", trained_models[rung])
    decider = open_decider(sample_book, registry, version)
    assert decider.decide_row(example(decider.model)).probability > 0
    registry.close()

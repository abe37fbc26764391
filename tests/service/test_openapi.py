from __future__ import annotations

import re

import pytest
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31

from loanbook.decisions.decider import open_decider
from loanbook.registry.versions import Registry
from loanbook.service import docs
from loanbook.service.operations import OPERATIONS


def operations(document):
    for path, found in document["paths"].items():
        for method, operation in found.items():
            yield path, method, operation


PATHS = {
    "/v1/decisions": {"get", "post"},
    "/v1/decisions:batch": {"post"},
    "/v1/decisions/{decision_id}": {"get"},
    "/v1/decisions/{decision_id}/review": {"post"},
    "/v1/reviews/summary": {"get"},
    "/v1/outcomes": {"post"},
    "/v1/{usecase}/predictions": {"post"},
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


@pytest.fixture
def described(asked):
    """The document of a book with a use case that is asked."""
    return asked.get("/openapi.json").json()


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
            if "$ref" in value and "/schemas/" in value["$ref"]:
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


def test_every_error_is_a_problem_with_an_example_of_it(document):
    problem = document["components"]["schemas"]["Problem"]
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if status == "200":
                continue
            (content,) = response["content"].values()
            assert list(response["content"]) == ["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert content["example"]["status"] == int(status), (path, method)
            assert set(content["example"]) == set(problem["properties"])


def test_the_document_is_openapi(described):
    errors = Draft202012Validator(OPENAPI_31).iter_errors(described)
    assert [f"{list(error.absolute_path)}: {error.message}" for error in errors] == []


def test_every_schema_is_one(described):
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_says_what_a_generated_client_wants(described):
    names = []
    for path, method, operation in operations(described):
        names.append(operation["operationId"])
        assert operation["tags"], path
        assert operation["description"], path
        (content,) = operation["responses"]["200"]["content"].values()
        assert content["examples"], (path, method)
        if method == "post":
            (content,) = operation["requestBody"]["content"].values()
            assert content["examples"], path
    assert len(set(names)) == len(names)
    assert {"decide", "decideBatch", "predictAmount"} <= set(names)


def test_every_operation_has_its_line(described):
    routes = {f"{method.upper()} {path}" for path, method, _ in operations(described)}
    assert routes - {"POST /v1/amount/predictions"} <= set(OPERATIONS)


def test_every_example_is_of_its_schema(described):
    seen = 0
    for path, method, operation in operations(described):
        contents = [response["content"] for response in operation["responses"].values()]
        contents += [operation["requestBody"]["content"]] if method == "post" else []
        for content in (one for each in contents for one in each.values()):
            validator = Draft202012Validator({**content["schema"], "components": described["components"]})
            for shown in [one["value"] for one in content.get("examples", {}).values()] or [content["example"]]:
                assert [error.message for error in validator.iter_errors(shown)] == [], (path, method)
                seen += 1
    assert seen > 50


def test_a_key_is_asked_for_everywhere_but_of_a_health_check(described):
    for path, _, operation in operations(described):
        open_to_all = path in ("/healthz", "/readyz")
        assert operation["security"] == ([] if open_to_all else [{"bearer": []}, {}])
        assert ({"401", "403", "429"} <= set(operation["responses"])) != open_to_all
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_every_answer_has_the_name_of_its_request(described):
    for _, _, operation in operations(described):
        for response in operation["responses"].values():
            assert response["headers"]["X-Request-Id"] == {"$ref": "#/components/headers/X-Request-Id"}


def test_who_comes_again_later_is_told_when(described):
    for _, _, operation in operations(described):
        for status in {"429", "503"} & set(operation["responses"]):
            assert "Retry-After" in operation["responses"][status]["headers"]


def test_the_columns_of_training_may_be_there_and_no_others(described, application):
    schema = described["components"]["schemas"]["Application"]
    takes = Draft202012Validator(schema).is_valid
    assert set(schema["example"]) == set(application)
    assert takes(schema["example"])
    assert takes({**schema["example"], "loan_number": 77})
    assert not takes({**schema["example"], "loan_numbers": 77})
    assert not takes({**schema["example"], "loan_number": [77]})


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

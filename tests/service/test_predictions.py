from __future__ import annotations

import json

import polars as pl
import pytest

from loanbook.registry.versions import Registry
from loanbook.service.app import create_app
from loanbook.usecases import find
from tests.servers import near

PATH = "/v1/amount/predictions"


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status
    return found


@pytest.fixture
def batch(both, to_ask):
    """What `loanbook predict --reasons` says of the same applications."""
    registry = Registry(both)
    opened = find("amount").open(both, registry, registry.champion("amount"))
    registry.close()
    return opened.decide_table(pl.DataFrame(to_ask), reasons=True).to_dicts()


def test_one_application_gets_its_amount(asked, to_ask):
    answer = asked.post(PATH, json=to_ask[0])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert set(said) == {"amount", "lower", "upper", "reasons", "model"}
    assert said["model"] == {"usecase": "amount", "version": 1}
    assert said["lower"] < said["amount"] < said["upper"]
    assert 1 <= len(said["reasons"]) <= 4
    assert set(said["reasons"][0]) == {"feature", "value", "text", "contribution"}
    assert "reasons" not in asked.post(f"{PATH}?explain=false", json=to_ask[0]).json()


def test_alone_in_a_list_and_in_a_file_it_is_the_same_to_the_last_bit(asked, to_ask, batch):
    together = asked.post(PATH, json=to_ask[:40]).json()["predictions"]
    for row, said, wanted in zip(to_ask, together, batch, strict=False):
        assert asked.post(PATH, json=row).json() == said
        assert [said["amount"], said["lower"], said["upper"]] == [wanted[name] for name in ("amount", "lower", "upper")]
        assert [reason["text"] for reason in said["reasons"]] == [
            wanted[name] for name in ("reason_1", "reason_2", "reason_3", "reason_4") if wanted[name] is not None
        ]
        sizes = [abs(reason["contribution"]) for reason in said["reasons"]]
        assert sizes == sorted(sizes, reverse=True)


def test_a_wrong_row_of_a_list_has_its_problem_at_its_place(asked, to_ask):
    items = [to_ask[0], {"employees": "many"}, "text", {**to_ask[1], "employees": [1]}, to_ask[1]]
    said = asked.post(PATH, json=items).json()["predictions"]
    assert [one.get("status", 200) for one in said] == [200, 422, 422, 422, 200]
    assert {"field": "employees", "message": "'many' is not a number"} in said[1]["errors"]
    assert said[3]["errors"][0]["field"] == "employees"
    assert [one["status"] for one in asked.post(PATH, json=items[1:3]).json()["predictions"]] == [422, 422]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b'{"amount": NaN}', 400),
        (b"[]", 422),
        (b"7", 422),
        (b"{}", 422),
        (json.dumps([{}] * 1001).encode(), 422),
        (json.dumps({f"field{number}": 1 for number in range(500)}).encode(), 422),
        (b" " * (4 * 1024 * 1024 + 1), 413),
    ],
)
def test_what_cannot_be_answered_is_a_problem(asked, content, status):
    problem(asked.post(PATH, content=content, headers={"content-type": "application/json"}), status)


def test_it_takes_json_only(asked):
    problem(asked.post(PATH, data={"employees": "1"}), 415)


@pytest.mark.parametrize("usecase", ["risk", "fraud", "nothing", "%00", "a" * 300])
def test_a_use_case_that_is_not_asked_here(asked, to_ask, usecase):
    problem(asked.post(f"/v1/{usecase}/predictions", json=to_ask[0]), 404)


def test_a_book_without_the_use_case(client, to_ask):
    problem(client.post(PATH, json=to_ask[0]), 404)
    assert PATH not in client.get("/openapi.json").json()["paths"]


def test_without_a_champion_come_again_later(book, both, to_ask):
    registry = Registry(both)
    with registry.store.writing() as connection:
        connection.exec_driver_sql("UPDATE models SET role = '' WHERE usecase = 'amount'")
    registry.close()
    with near(create_app(both)) as client:
        answer = client.post(PATH, json=to_ask[0])
        assert "loanbook train amount" in problem(answer, 503)["detail"]
        assert answer.headers["retry-after"] == "2"
        assert client.get("/openapi.json").json()["paths"][PATH]["post"]["operationId"] == "predictAmount"


def test_a_promotion_answers_from_then_on_and_a_broken_version_never(asked, both, amount_models, to_ask):
    before = asked.post(PATH, json=to_ask[0]).json()
    registry = Registry(both)
    version = registry.register("amount", amount_models["xgboost"])
    plan = registry.folder / version.folder / "plan.json"
    whole = plan.read_bytes()
    plan.write_bytes(whole + b" ")
    registry.promote("amount", 2)
    desk = asked.app.state.desk
    desk.refresh()
    assert asked.post(PATH, json=to_ask[0]).json()["model"]["version"] == 1
    plan.write_bytes(whole)
    for number in (1, 2):
        registry.promote("amount", number)
        desk.refresh()
    registry.close()
    after = asked.post(PATH, json=to_ask[0]).json()
    assert (before["model"]["version"], after["model"]["version"]) == (1, 2)
    assert before["amount"] != after["amount"]


def test_its_champion_shows_its_card_and_schema(asked, to_ask):
    found = asked.get("/v1/models/amount/champion").json()
    assert (found["usecase"], found["version"], found["policy"]) == ("amount", 1, None)
    assert set(found["input_schema"]["properties"]) == set(to_ask[0])
    assert asked.get("/v1/models/risk/champion").json()["policy"]["approve_below"] == 0.10


def test_its_example_is_answered(asked):
    document = asked.get("/openapi.json").json()
    example = document["components"]["schemas"]["AmountApplication"]["example"]
    assert asked.post(PATH, json=example).status_code == 200

from __future__ import annotations

import io
import json
import logging
import re
import sys

import httpx2 as httpx
import pytest

from loanbook.book import Book
from loanbook.decisions.decider import Decider
from loanbook.errors import LoanbookError
from loanbook.registry.keys import Keys
from loanbook.registry.store import open_store
from loanbook.registry.versions import Registry
from loanbook.service import log
from tests.servers import Server


@pytest.fixture
def written(monkeypatch):
    """`written("json", "debug")` configures logging as a worker does, and gives what is written from then on."""
    loggers = [logging.getLogger(name) for name in ("", "loanbook", "uvicorn", "uvicorn.error", "uvicorn.access")]
    before = [(one, one.handlers[:], one.level, one.propagate) for one in loggers]

    for name in (log.FORMAT, log.LEVEL):
        monkeypatch.delenv(name, raising=False)

    def start(form, level=""):
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        log.configure(form, level)
        return stream

    yield start
    for one, handlers, level, propagate in before:
        one.handlers[:], one.propagate = handlers, propagate
        one.setLevel(level)


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json(written):
    stream = written("json")
    logging.getLogger("loanbook.service").info("two\nlines and \N{SNOWMAN}")
    (line,) = lines(stream)
    assert line["event"] == "two\nlines and \N{SNOWMAN}"
    assert line["level"] == "info"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["timestamp"])


def test_text_is_for_people_and_begins_at_warnings(written):
    stream = written("text")
    logger = logging.getLogger("loanbook.service")
    logger.info("quiet")
    logger.warning("loud", extra={"fields": {"status": 503}})
    assert re.fullmatch(r"\S+Z warning: loud status=503\n", stream.getvalue())


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", ["loanbook.service", "uvicorn.error"])
def test_a_fault_is_told_without_the_message_of_any_error_in_it(written, form, name):
    stream = written(form)
    try:
        try:
            int("Jane Doe")
        except ValueError as error:
            raise KeyError("4711 0815") from error
    except KeyError:
        logging.getLogger(name).exception("unexpected error")
    said = stream.getvalue()
    assert "KeyError" in said
    assert "ValueError" in said
    assert "test_log.py" in said
    assert "Jane" not in said
    assert "4711" not in said


@pytest.mark.parametrize(("form", "level"), [("xml", ""), ("json", "loud")])
def test_an_unknown_format_or_level_is_refused(form, level, monkeypatch):
    monkeypatch.setenv(log.FORMAT, form)
    monkeypatch.setenv(log.LEVEL, level)
    with pytest.raises(LoanbookError, match="Choose"):
        log.chosen()


def test_the_environment_chooses_for_workers(monkeypatch):
    monkeypatch.setenv(log.FORMAT, "json")
    monkeypatch.setenv(log.LEVEL, "DEBUG")
    assert log.chosen() == ("json", "debug")
    assert log.chosen("text", "error") == ("text", "error")


def test_a_request_keeps_the_id_its_caller_gave_it(client, written):
    stream = written("json")
    answer = client.get("/v1/decisions/nothing", headers={"x-request-id": "order-4711"})
    assert answer.headers["x-request-id"] == "order-4711"
    (line,) = lines(stream)
    assert line["request_id"] == "order-4711"
    assert {name: line[name] for name in ("event", "method", "path", "status")} == {
        "event": "request",
        "method": "GET",
        "path": "/v1/decisions/{decision_id}",
        "status": 404,
    }
    assert 0 < line["seconds"] < 60


@pytest.mark.parametrize("said", ["", "x" * 129, "tab\there", "caf\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_an_id_that_is_no_good_is_replaced(client, said):
    answer = client.get("/healthz", headers={"x-request-id": said.encode("latin-1")})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


def test_every_problem_has_an_id_those_of_the_fast_path_and_the_gate_too(client, application):
    answers = [
        client.post("/v1/decisions", json={**application, "amount": "much"}),
        client.post("/v1/decisions?explain=maybe", json=application),
        client.get("/v1/nothing"),
        client.get("/v1/decisions", headers={"host": "elsewhere.example"}),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 404, 403]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 4


def test_a_path_that_is_not_there_is_not_told(client, written):
    stream = written("json")
    client.get("/v1/Jane%20Doe")
    assert [line["path"] for line in lines(stream)] == ["(no such path)"]
    assert "Jane" not in stream.getvalue()


def test_decisions_and_health_checks_are_told_at_debug_only(client, application, written):
    stream = written("json")
    client.post("/v1/decisions", json=application)
    client.post("/v1/decisions:batch", json=[application])
    client.get("/healthz")
    client.get("/metrics")
    assert stream.getvalue() == ""
    stream = written("json", "debug")
    client.post("/v1/decisions", json=application)
    client.post("/v1/decisions:batch", json=[application])
    client.get("/healthz")
    told = [(line["method"], line["path"]) for line in lines(stream) if line["event"] == "request"]
    assert told == [("POST", "/v1/decisions"), ("POST", "/v1/decisions:batch"), ("GET", "/healthz")]


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/decisions:batch"])
def test_the_caller_of_a_fault_learns_the_id_and_the_log_the_place(
    quiet_client, application, monkeypatch, written, path
):
    def broken(*_):
        raise ZeroDivisionError("Jane Doe")

    monkeypatch.setattr(Decider, "decide_row", broken)
    stream = written("json")
    body = [application] if path.endswith("batch") else application
    answer = quiet_client.post(path, json=body, headers={"x-request-id": "order-4711"})
    assert answer.status_code == 500
    assert "order-4711" in answer.json()["detail"]
    assert "Jane" not in answer.text
    told = lines(stream)
    assert [line["event"] for line in told] == ["unexpected error", "request"]
    assert {line["request_id"] for line in told} == {"order-4711"}
    assert told[0]["fault"][0]["type"] == "ZeroDivisionError"
    assert any("broken" in place for place in told[0]["fault"][0]["at"])
    assert "Jane" not in stream.getvalue()


CANARIES = ("CanaryTown", "CanaryAmount", "CanaryField", "CanaryKey", "CanaryPath", "CanaryQuery", "CanaryPass")


def test_nothing_private_reaches_the_log_or_the_metrics(
    book, trained_models, application, fresh_postgres_url, monkeypatch
):
    """A service on PostgreSQL, at DEBUG, asked well and badly; then its store fails, and a stored row is broken."""
    url = fresh_postgres_url.replace("postgres@", "postgres:CanaryPass@")
    text = book.path.read_text(encoding="utf-8")
    book.path.write_text(text.replace("[book]", f'[book]\nstore = "{url}"'), encoding="utf-8")
    found = Book.load(book.path)
    registry = Registry(found)
    registry.register("risk", trained_models["logistic"])
    registry.close()
    store = open_store(url)
    key, token = Keys(store).create("webshop", "admin")
    monkeypatch.setenv(log.LEVEL, "debug")
    server = Server(book.path.parent, "--log-format", "json")
    private = {**application, "city": "CanaryTown"}
    statuses = []
    with httpx.Client(base_url=server.address, headers={"authorization": f"Bearer {token}"}) as ask:

        def ended(answer):
            statuses.append(answer.status_code)
            return answer

        ended(ask.post("/v1/decisions", json=private, headers={"idempotency-key": "CanaryKey"}))
        ended(ask.post("/v1/decisions", json={**private, "amount": 1}, headers={"idempotency-key": "CanaryKey"}))
        ended(ask.post("/v1/decisions", json={**private, "amount": "CanaryAmount"}))
        ended(ask.post("/v1/decisions", json={**private, "CanaryField": 1}))
        ended(ask.post("/v1/decisions", content=b'{"city": "CanaryTown", "city": NaN'))
        made = ended(ask.post("/v1/decisions:batch", json=[private, {"CanaryField": 1}])).json()["decisions"][0]
        ended(ask.post("/v1/outcomes", json={"decision_id": "CanaryField", "outcome": "CanaryField"}))
        ended(ask.get("/v1/CanaryPath"))
        ended(ask.get("/v1/decisions", params={"since": "CanaryQuery", "decision": "CanaryQuery"}))
        ended(
            ask.get("/v1/decisions", headers={"authorization": f"Bearer lb_{key.key_id}_{'CanaryKey'.ljust(43, 'x')}"})
        )
        with store.writing() as connection:
            connection.exec_driver_sql('UPDATE decisions SET inputs = \'{"city": "CanaryTown"\'')
        ended(ask.get(f"/v1/decisions/{made['decision_id']}"))
        with store.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE decisions RENAME TO gone")
        ended(ask.post("/v1/decisions", json=private))
        ended(ask.post("/v1/decisions:batch", json=[private]))
        ended(ask.get("/v1/decisions"))
        counted = ask.get("/metrics").text
    store.close()
    said = server.stop()
    assert statuses == [200, 409, 422, 422, 400, 200, 422, 404, 422, 401, 500, 503, 503, 503]
    told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [line["status"] for line in told if line["event"] == "request" and line["path"] != "/healthz"][
        :14
    ] == statuses
    known = [line.get("key_id") for line in told if line["event"] == "request" and line["path"] != "/healthz"]
    assert known == [None if status == 401 else key.key_id for status in [*statuses, 200]]
    for canary in (*CANARIES, token, token[12:]):
        assert canary not in said
        assert canary not in counted

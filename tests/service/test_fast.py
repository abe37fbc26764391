"""The fast path: the same answers as the route behind it, in groups, and none past saturation."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time

import httpx2 as httpx
import pytest

from loanbook.service import commit, turn
from loanbook.service.app import create_app
from tests.servers import near

OWN = ("decision_id", "decided_at")


def plain(answer):
    return {name: value for name, value in answer.json().items() if name not in OWN}


@pytest.fixture
def groups(client, monkeypatch):
    """The sizes of the transactions that are written from now on."""
    found = []
    group_commit = client.app.state.deciding._commit
    write = group_commit._write

    def counted(drafts):
        found.append(len(drafts))
        return write(drafts)

    monkeypatch.setattr(group_commit, "_write", counted)
    return found


def all_at_once(client, requests):
    """Ask the application in its own event loop: every request is there before the first is answered."""

    async def ask():
        transport = httpx.ASGITransport(client.app, client=("127.0.0.1", 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as caller:
            return await asyncio.gather(*(caller.post("/v1/decisions", **request) for request in requests))

    return client.portal.call(ask)


@pytest.mark.parametrize("query", ["", "?explain=true", "?explain=false"])
def test_fast_path_and_route_answer_alike(client, applications, query):
    odd = (
        f"{query}&also=this" if query else "?also=this"
    )  # FastAPI ignores what it does not know, the fast path hands on
    for application in applications[:20]:
        one = client.post(f"/v1/decisions{query}", json=application)
        other = client.post(f"/v1/decisions{odd}", json=application)
        assert one.status_code == other.status_code == 200
        assert plain(one) == plain(other)
        assert ("reasons" in one.json()) == (query != "?explain=false")
        safe = {"cache-control": "no-store", "x-content-type-options": "nosniff", "content-type": "application/json"}
        assert safe.items() <= dict(one.headers).items()


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"{", {}),
        (b'{"amount": NaN}', {}),
        (b'{"amount": 1, "amount": 2}', {}),
        (b"[]", {}),
        (b'{"amount": [1]}', {}),
        (b'{"amount": "\xff"}', {}),
        (b'{"amount": 1}', {"content-type": "text/plain"}),
        (b'{"amount": 1}', {"idempotency-key": ""}),
        (b" " * 70_000, {}),
        (b'{"amnt": 1}', {}),
    ],
)
def test_fast_path_and_route_refuse_alike(client, content, headers):
    said = {"content-type": "application/json", **headers}
    one = client.post("/v1/decisions", content=content, headers=said)
    other = client.post("/v1/decisions?also=this", content=content, headers=said)
    assert 400 <= one.status_code < 500
    assert (one.status_code, one.json()) == (other.status_code, other.json())
    assert one.headers["content-type"] == other.headers["content-type"] == "application/problem+json"
    assert "x-request-id" in one.headers


def test_what_comes_in_one_turn_is_one_transaction(client, applications, groups):
    found = all_at_once(client, [{"json": one} for one in applications[:30]])
    assert {answer.status_code for answer in found} == {200}
    assert sum(groups) == 30
    assert max(groups) > 10
    stored = {one["decision_id"]: one for one in client.get("/v1/decisions?limit=1000").json()["decisions"]}
    for answer, application in zip(found, applications, strict=False):
        assert stored[answer.json()["decision_id"]]["inputs"] == application


def test_one_key_in_one_turn_is_one_decision(client, applications, groups):
    keyed = {"json": applications[0], "headers": {"idempotency-key": "order-1"}}
    other = {"json": applications[1], "headers": {"idempotency-key": "order-1"}}
    found = all_at_once(client, [keyed, {"json": applications[2]}, keyed, other, keyed])
    assert [answer.status_code for answer in found] == [200, 200, 200, 409, 200]
    assert len({found[place].json()["decision_id"] for place in (0, 2, 4)}) == 1
    assert len(client.get("/v1/decisions").json()["decisions"]) == 2


def test_a_key_answers_as_it_did_when_the_model_would_refuse_now(client, application, monkeypatch):
    headers = {"idempotency-key": "order-1"}
    first = client.post("/v1/decisions", json=application, headers=headers)
    desk = client.app.state.desk
    monkeypatch.setattr(desk.seats["risk"], "sitting", None)
    monkeypatch.setattr(desk.seats["risk"], "_looked", float("inf"))
    assert client.post("/v1/decisions", json=application).status_code == 503
    assert client.post("/v1/decisions", json=application, headers=headers).json() == first.json()


def test_past_saturation_the_rest_is_shed(client, applications, monkeypatch):
    monkeypatch.setattr(turn, "LONGEST", 0.0)
    monkeypatch.setattr(turn, "OVERLOADED", -1.0)
    found = all_at_once(client, [{"json": one} for one in applications[:20]])
    kinds = [answer.status_code for answer in found]
    assert kinds.count(200) >= 1
    assert kinds.count(503) >= 10
    shed = found[kinds.index(503)]
    assert shed.headers["retry-after"] == "2"
    assert shed.headers["content-type"] == "application/problem+json"
    assert shed.json()["status"] == 503
    assert len(client.get("/v1/decisions").json()["decisions"]) == kinds.count(200)
    assert f"loanbook_shed_total {kinds.count(503)}.0" in client.get("/metrics").text


@pytest.fixture
def locked(book, client):
    """`locked(seconds)` holds the store's write lock in another connection."""
    threads = []

    def hold(seconds):
        held = threading.Event()

        def work():
            other = sqlite3.connect(book.home / "store.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            held.set()
            time.sleep(seconds)
            other.execute("ROLLBACK")
            other.close()

        threads.append(threading.Thread(target=work))
        threads[-1].start()
        held.wait()

    yield hold
    for thread in threads:
        thread.join()


def test_a_lock_of_another_process_is_waited_for(client, applications, locked):
    locked(0.3)
    found = all_at_once(client, [{"json": one} for one in applications[:5]])
    assert {answer.status_code for answer in found} == {200}


def test_a_lock_that_stays_is_a_503_and_the_loop_goes_on(client, application, locked, monkeypatch):
    monkeypatch.setattr(commit, "PATIENCE", 0.2)
    locked(0.8)
    start = time.monotonic()
    late = client.post("/v1/decisions", json=application)
    assert late.status_code == 503
    assert late.headers["retry-after"] == "2"
    assert time.monotonic() - start < 0.7
    assert client.get("/healthz").status_code == 200
    time.sleep(0.7)
    assert client.post("/v1/decisions", json=application).status_code == 200


def test_a_writer_in_a_thread_stores_groups_too(book, applications):
    text = book.path.read_text(encoding="utf-8").replace("[book]", '[book]\ndurability = "power"', 1)
    assert "power" in text
    book.path.write_text(text, encoding="utf-8")
    with near(create_app(type(book).load(book.path))) as client:
        assert client.app.state.deciding._commit._writer is not None
        found = all_at_once(client, [{"json": one} for one in applications[:30]])
        assert {answer.status_code for answer in found} == {200}
        assert len(client.get("/v1/decisions").json()["decisions"]) == 30


def test_nobody_waits_behind_a_store_that_stands_still(client, application, locked, monkeypatch):
    monkeypatch.setattr(commit, "MOST_WAITING", 3)
    locked(0.3)
    found = all_at_once(client, [{"json": application}] * 6)
    assert sorted(answer.status_code for answer in found) == [200, 200, 200, 503, 503, 503]


def test_a_body_in_pieces_is_put_together(client, application):
    raw = httpx.Request("POST", "http://x", json=application).content
    pieces = (raw[start : start + 7] for start in range(0, len(raw), 7))
    answer = client.post("/v1/decisions", content=pieces, headers={"content-type": "application/json"})
    assert answer.status_code == 200


def test_a_body_that_never_ends_is_refused(client, monkeypatch):
    monkeypatch.setattr("loanbook.service.body.PATIENCE", 0.05)

    async def ask():
        sent = []

        async def receive():
            if not sent_first:
                sent_first.append(True)
                return {"type": "http.request", "body": b"{", "more_body": True}
            await asyncio.sleep(10)
            return None

        async def send(message):
            sent.append(message)

        sent_first = []
        scope = {"type": "http", "method": "POST", "path": "/v1/decisions", "query_string": b"", "headers": []}
        await client.app({**scope, "client": ("127.0.0.1", 1), "root_path": ""}, receive, send)
        return sent[0]["status"]

    assert client.portal.call(ask) == 408

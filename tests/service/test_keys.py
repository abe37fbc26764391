"""Keys at servers that run: taken up and given up by every worker, under uvicorn and under Gunicorn."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from loanbook.registry.keys import Keys
from loanbook.registry.store import open_store

ROOT = Path(__file__).parents[2]
SOON = 15.0
"""Seconds at most; half a second on a machine with nothing else to do."""


@pytest.fixture
def keys(book):
    store = open_store(book.store)
    yield Keys(store)
    store.close()


def answers(address, token="", times=16, **headers):
    """Statuses of as many requests, each on a connection of its own, so that every worker gets some."""
    headers["connection"] = "close"
    if token:
        headers["authorization"] = f"Bearer {token}"
    with httpx.Client(base_url=address, headers=headers) as client:
        return {client.get("/v1/models").status_code for _ in range(times)}


def soon(status, address, token=""):
    """Ask until every worker gives that status; one that was asked in vain too often says 429 instead."""
    deadline = time.monotonic() + SOON
    while not (found := answers(address, token)) <= {status, 429}:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_every_worker_takes_a_key_up_and_gives_it_up_while_it_runs(serve, keys):
    server = serve("--workers", "2")
    assert answers(server.address) == {200}
    key, token = keys.create("analyst", "read")
    soon(401, server.address)
    assert answers(server.address, token) == {200}
    keys.revoke(key.key_id)
    soon(401, server.address, token)
    assert httpx.get(f"{server.address}/healthz").status_code == 200
    said = server.stop()
    assert "Traceback" not in said
    assert token[12:] not in said


def test_workers_share_a_rate_and_say_when_to_come_again(serve, keys, application):
    _, token = keys.create("webshop", "decide", 4)
    server = serve("--workers", "2")
    ask = {"json": application, "headers": {"authorization": f"Bearer {token}"}}
    with httpx.Client(base_url=server.address) as one:  # one connection: one worker, which has half the rate
        made = [one.post("/v1/decisions", **ask) for _ in range(12)]
    refused = [answer for answer in made if answer.status_code == 429]
    assert {answer.status_code for answer in made} == {200, 429}
    assert all(answer.headers["ratelimit-policy"] == '"default";q=2;w=1' for answer in refused)
    assert all(answer.headers["retry-after"] == "1" and answer.headers["x-request-id"] for answer in refused)
    assert refused[0].json()["status"] == 429


def test_a_browser_is_asked_for_a_password_and_sees_the_dashboard(serve, keys):
    _, token = keys.create("analyst", "read")
    server = serve()
    asked = httpx.get(server.address)
    assert asked.status_code == 401
    assert asked.headers["www-authenticate"].startswith("Basic ")
    for path in ("/", "/style.css", "/docs", "/openapi.json", "/metrics"):
        assert httpx.get(server.address + path, auth=("", token)).status_code == 200


def test_under_gunicorn_the_address_of_each_request_counts(book, keys, free_port, tmp_path):
    environment = {
        **os.environ,
        "LOANBOOK_BOOK": str(book.path),
        "BIND": f"127.0.0.1:{free_port}",
        "WEB_CONCURRENCY": "2",
        "PYTHONPATH": str(ROOT / "src"),
    }
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py")]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{free_port}"
    try:
        wait(address, process)
        assert answers(address, times=6) == {200}
        assert answers(address, times=6, **{"x-forwarded-for": "192.0.2.7"}) == {403}
        assert answers(address, times=6, **{"x-forwarded-for": "127.0.0.1"}) == {403}
        assert answers(address, times=6, host="loans.example") == {403}
        _, token = keys.create("analyst", "read")
        soon(401, address)
        assert answers(address, token, **{"x-forwarded-for": "192.0.2.7"}) == {200}
    finally:
        process.terminate()
        process.wait(30)
    assert "Traceback" not in (tmp_path / "log").read_text()


def wait(address, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{address}/readyz").raise_for_status()
        except httpx.HTTPError:
            assert process.poll() is None
            time.sleep(0.1)
        else:
            return
    raise AssertionError("it did not start")

"""The image, really built, and run as docs/how-to/run-in-a-container.md says."""

from __future__ import annotations

import json
import threading
import time

import httpx2 as httpx
import pytest

from loanbook.book import Book
from loanbook.decisions.log import DecisionLog
from loanbook.registry.store import open_store

pytestmark = pytest.mark.timeout(1_200)  # the first test waits for the base and the build

LARGEST = 450_000_000  # bytes, as an engine lists them
PROCESSES = """for each in /proc/[0-9]*; do
    tr '\\0' ' ' < $each/cmdline
    grep -E '^(Uid|CapEff|NoNewPrivs)' $each/status
done"""


@pytest.fixture(scope="session")
def facts(engine, image):
    return json.loads(engine.run("podman", "image", "inspect", image))[0]


def key(container):
    """The header of a new key, once both workers have heard of it."""
    made = json.loads(container.exec("loanbook", "keys", "create", "tests", "--role", "admin", "--json"))
    headers = {"Authorization": f"Bearer {made['key']}"}
    deadline = time.monotonic() + 60
    accepted = 0
    while accepted < 20:  # each on a connection of its own
        asked = httpx.get(f"{container.address}/v1/models", headers=headers)
        accepted = accepted + 1 if asked.status_code == 200 else 0
        assert time.monotonic() < deadline, asked.text
    return headers


def test_it_is_small(facts, capsys):
    with capsys.disabled():
        print(  # noqa: T201  the figure is worth a line
            f"\nthe image has {facts['Size'] / 1e6:.0f} MB, {LARGEST / 1e6:.0f} at most"
        )
    assert facts["Size"] <= LARGEST


def test_it_says_what_an_engine_must_know(facts):
    config = facts["Config"]
    assert config["User"] == "10001:10001"
    assert config["StopSignal"] in ("SIGTERM", "15")
    assert list(config["ExposedPorts"]) == ["8000/tcp"]
    assert list(config["Volumes"]) == ["/book"]
    assert "/readyz" in " ".join(facts["Healthcheck"]["Test"])
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"


def test_it_decides_for_who_has_a_key(service, application):
    asked = f"{service.address}/v1/decisions"
    assert httpx.post(asked, json=application).status_code in (401, 403)
    made = httpx.post(asked, json=application, headers=key(service))
    assert made.status_code == 200
    assert made.json()["decision"] in ("approve", "refer", "decline")
    assert json.loads(service.exec("loanbook", "audit", "verify", "--json"))["checked"] == 1


def test_none_of_its_processes_is_root_or_may_become_it(service):
    listing = service.exec("sh", "-c", PROCESSES)
    assert listing.count("/bin/gunicorn") == 3
    assert set(listing.split("Uid:")[1].split()[:4]) == {"10001"}
    assert "CapEff:\t0000000000000000" in listing
    assert "NoNewPrivs:\t0" not in listing


def test_it_writes_into_its_home_and_tmp_only(service):
    assert "Permission denied" in service.exec("touch", "/book/new", fails=True)
    for folder in ("/", "/etc", "/opt/loanbook", "/usr/local", "/var/tmp"):
        assert "Read-only file system" in service.exec("touch", f"{folder}/new", fails=True)
    service.exec("touch", "/tmp/new", "/book/.loanbook/new")


def test_a_whole_folder_may_be_mounted_as_well(engine, image, service):
    listing = engine.run("podman", "run", "--rm", f"--volume={service.folder}:/book", image, "loanbook", "models")
    assert "champion" in listing


def test_its_health_check_tells_a_service_that_decides_from_one_that_cannot(engine, service, start):
    engine.run("podman", "healthcheck", "run", service.name)
    empty = start(home=False)
    empty.wait(status=503)
    engine.run("podman", "healthcheck", "run", empty.name, fails=True)


def test_sigterm_drains_it_and_nothing_answered_is_lost(start, application):
    service = start()
    service.wait()
    headers = key(service)
    answered = []

    def ask():
        with httpx.Client(base_url=service.address, headers=headers) as client:
            for _ in range(2_000):
                try:
                    answer = client.post("/v1/decisions", json=application)
                except httpx.TransportError:
                    return
                if answer.status_code == 200:
                    answered.append(answer.json()["decision_id"])

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    while len(answered) < 100:
        assert any(client.is_alive() for client in clients)
    assert service.stop() == 0
    for client in clients:
        client.join()
    assert "Traceback" not in service.log()
    store = open_store(Book.load(service.folder / "loanbook.toml").store)
    stored = {row["decision_id"] for row in DecisionLog(store).rows()}
    store.close()
    assert set(answered) <= stored

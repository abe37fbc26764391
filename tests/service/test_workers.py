"""Several processes: under Gunicorn as deploy/ sets it up, and under `loanbook serve --workers`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import httpx2 as httpx
import psutil
import pytest

from tests.servers import ROOT, Server

LARGEST = 120_000_000  # bytes that one more worker may take
TRAINING = ("catboost", "lightgbm", "matplotlib", "pandas", "pyarrow", "scipy", "sklearn", "xgboost")


class Gunicorn(Server):
    """Gunicorn with two workers and our settings, in a process of its own."""

    def __init__(self, folder, port):
        self.address = f"http://127.0.0.1:{port}"
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "LOANBOOK_BOOK": str(folder / "loanbook.toml"),
            "WEB_CONCURRENCY": "2",
            "BIND": f"127.0.0.1:{port}",
            "TMPDIR": str(folder / "tmp"),
        }
        (folder / "tmp").mkdir()
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", ROOT / "deploy" / "gunicorn.conf.py"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._listen_to(process)
        self.wait()


@pytest.fixture
def gunicorn(book, free_port):
    server = Gunicorn(book.path.parent, free_port)
    yield server
    server.stop(signal.SIGKILL)


@pytest.fixture(params=["gunicorn", "loanbook serve"])
def two_workers(request, free_port):
    """A server with two, either way."""
    if request.param == "gunicorn":
        return request.getfixturevalue("gunicorn")
    return request.getfixturevalue("serve")("--workers", "2")


def workers(server):
    """The processes that answer: the two largest below the parent."""
    below = psutil.Process(server.process.pid).children()
    return sorted(below, key=lambda each: each.memory_info().rss)[-2:]


def spread(server, applications):
    """Ask 100 times, each on a connection of its own, so that both workers get some."""
    answered = []

    def ask():
        for row in applications[:25]:
            answer = httpx.post(f"{server.address}/v1/decisions", json=row)
            if answer.status_code == 200:
                answered.append(answer.json()["decision_id"])

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert len(set(answered)) == 100


def counted(server):
    text = httpx.get(f"{server.address}/metrics").text
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("loanbook_decisions_total"))


def test_gunicorns_workers_count_together_and_leave_nothing_behind(gunicorn, book, applications):
    spread(gunicorn, applications)
    assert counted(gunicorn) == 100
    assert any((book.path.parent / "tmp").iterdir())
    said = gunicorn.stop(signal.SIGTERM)
    assert gunicorn.process.returncode == 0
    assert "Traceback" not in said
    assert not any((book.path.parent / "tmp").iterdir())


def test_a_dead_worker_is_replaced_and_what_it_counted_stays(gunicorn, applications):
    spread(gunicorn, applications)
    dead = workers(gunicorn)[0]
    dead.kill()
    deadline = time.monotonic() + 30
    while dead.is_running() or len(workers(gunicorn)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    gunicorn.wait()
    spread(gunicorn, applications)
    assert counted(gunicorn) == 200


def test_gunicorn_sends_no_word_of_what_answers(gunicorn):
    assert "server" not in httpx.get(f"{gunicorn.address}/healthz").headers


def test_a_worker_takes_little_memory_and_no_library_of_training(two_workers, applications):
    spread(two_workers, applications)
    for worker in workers(two_workers):
        assert worker.memory_full_info().uss <= LARGEST
        loaded = {one.path for one in worker.memory_maps()}
        assert any("/numpy/" in path for path in loaded)
        assert [name for name in TRAINING if any(f"/{name}/" in path for path in loaded)] == []


def test_what_gunicorn_reads_before_it_forks_starts_no_thread():
    code = "import sys, loanbook.service.worker; print([name for name in ('numpy', 'polars') if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

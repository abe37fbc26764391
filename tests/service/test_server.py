from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx2 as httpx
import psutil
import pytest

import loanbook
from loanbook.decisions.audit import verify
from loanbook.decisions.log import DecisionLog
from loanbook.registry.store import open_store
from loanbook.service.run import check_host, listen

TRAINING = ("sklearn", "xgboost", "pandas", "scipy")


def stored(book):
    store = open_store(book.store)
    found = {row["decision_id"] for row in DecisionLog(store).rows()}
    store.close()
    return found


def burst(address, applications, answered):
    """Ask until the server dies; keep the name of every decision that was acknowledged."""
    with httpx.Client(base_url=address) as client, contextlib.suppress(httpx.HTTPError):
        for _ in range(100):
            for row in applications:
                answer = client.post("/v1/decisions", json=row)
                assert answer.status_code == 200
                answered.append(answer.json()["decision_id"])


def test_it_serves_and_stops_when_asked(serve, book, application):
    server = serve()
    assert httpx.get(f"{server.address}/readyz").json() == {"status": "ready"}
    made = httpx.post(f"{server.address}/v1/decisions", json=application).json()
    assert made["decision_id"] in stored(book)
    said = server.stop(signal.SIGTERM)
    assert "Traceback" not in said
    assert server.process.returncode in (0, -signal.SIGTERM)


def test_ctrl_c_ends_in_a_word_not_in_a_traceback(serve):
    server = serve()
    said = server.stop(signal.SIGINT)
    assert "Traceback" not in said
    assert "stopped" in said


def test_no_acknowledged_decision_is_lost_by_kill_9(serve, book, applications):
    server = serve()
    answered: list[str] = []
    clients = [threading.Thread(target=burst, args=(server.address, applications, answered)) for _ in range(3)]
    for client in clients:
        client.start()
    while len(answered) < 150:
        assert any(client.is_alive() for client in clients)
    server.stop(signal.SIGKILL)
    for client in clients:
        client.join()
    assert len(answered) >= 150
    assert set(answered) <= stored(book)
    assert len(set(answered)) == len(answered)
    report = verify(book)
    assert report.equal
    assert report.checked >= len(answered)


def test_two_workers_write_one_log_and_count_together(serve, book, applications):
    server = serve("--workers", "2")
    answered: list[str] = []

    def ask():  # a new connection for each: both workers get some
        asked = [httpx.post(f"{server.address}/v1/decisions", json=row) for row in applications[:25]]
        answered.extend(answer.json()["decision_id"] for answer in asked)

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert len(set(answered)) == 100
    assert set(answered) == stored(book)
    text = httpx.get(f"{server.address}/metrics").text
    counts = [float(line.split()[-1]) for line in text.splitlines() if line.startswith("loanbook_decisions_total")]
    assert sum(counts) == 100
    said = server.stop(signal.SIGTERM)
    assert "Traceback" not in said


def test_workers_do_not_outlive_their_supervisor(serve):
    server = serve("--workers", "2")
    supervisor = psutil.Process(server.process.pid)
    workers = [one for one in supervisor.children() if "spawn_main" in " ".join(one.cmdline())]
    assert len(workers) == 2
    supervisor.kill()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive


def test_the_server_imports_no_training_library_and_starts_quickly(serve, application):
    server = serve()
    httpx.post(f"{server.address}/v1/decisions", json=application)
    process = psutil.Process(server.process.pid)
    times = process.cpu_times()
    loaded = {one.path for one in process.memory_maps()}
    for name in TRAINING:
        assert not any(f"/{name}/" in path or f"/{name}." in path for path in loaded), name
    assert times.user + times.system < 3.0  # 1.1 on an idle machine; this one may be busy


def test_a_server_says_what_it_imported(book, application):
    code = (
        "import sys\n"
        "from loanbook.book import Book\n"
        "from loanbook.service.app import create_app\n"
        "from loanbook.service.desk import Desk\n"
        "from loanbook.service.metrics import Metrics\n"
        "import loanbook.service.run\n"
        f"book = Book.load({str(book.path)!r})\n"
        "create_app(book)\n"
        f"Desk(book, Metrics()).decide_many([({application!r}, None, None)])\n"
        f"print([name for name in {TRAINING!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_the_service_reads_no_book(tmp_path):
    code = "import loanbook.service.app, loanbook.service.run; print('quiet')"
    source = str(Path(loanbook.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("quiet\n", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_may_be_served_without_keys(host):
    check_host(host)


def test_answers_leave_without_delay():
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP

"""The examples, each as its own server, with something unreliable between it and a real service."""

from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2 as httpx
import pytest

import loanbook as lb

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"

# Debian: apt install php-cli php-curl nodejs
STARTS = {
    "flask": ("flask", [sys.executable, "-m", "flask", "--app", "app", "run", "--port", "PORT"]),
    "django": ("django", [sys.executable, "backend.py", "runserver", "--noreload", "127.0.0.1:PORT"]),
    "php": ("php", ["php", "-S", "127.0.0.1:PORT", "index.php"]),
    "node": ("node", ["node", "server.mjs"]),
}


def wait_for(port: int, process: subprocess.Popen[str], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, "the example did not start"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


@pytest.fixture(params=STARTS)
def back_end(request, need, between, free_port, tmp_path):
    """The address of one of them."""
    tool, words = STARTS[request.param]
    need(tool)
    environment = {
        **os.environ,
        "LOANBOOK_URL": between.address,
        "PORT": str(free_port),
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(
            [word.replace("PORT", str(free_port)) for word in words],
            cwd=EXAMPLES / request.param,
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(free_port, process)
            yield f"http://127.0.0.1:{free_port}"
        finally:
            process.terminate()
            process.wait(timeout=10)


def test_a_back_end_decides_once_and_says_what_went_wrong(back_end, between, lender, application, applications):
    since = dt.datetime.now(dt.UTC)
    with httpx.Client(base_url=back_end, timeout=30) as customer, lb.Client(lender.address) as service:

        def send(number, application):
            return customer.post(f"/applications/{number}", json=application)

        number = Path(back_end).name.replace(":", "-")
        between.plan.extend(["drop"])
        made = send(number, application)
        assert made.status_code == 200, made.text
        (stored,) = service.decisions(since=since)
        assert made.json()["reference"] == stored.decision_id
        assert made.json()["decision"] == stored.decision
        assert made.json()["reasons"] == [reason.text for reason in stored.reasons]
        assert set(between.keys) == {number}

        between.plan.extend([503, 429])
        assert send(number, application).json() == made.json()

        assert send(number, applications[1]).status_code == 409

        wrong = send(f"{number}-2", {**application, "amount": "plenty"})
        assert (wrong.status_code, wrong.json()) == (422, {"errors": {"amount": "'plenty' is not a number"}})

        between.plan.extend([503] * 10)
        later = send(f"{number}-3", application)
        assert (later.status_code, later.headers["retry-after"]) == (503, "30")
        assert len(list(service.decisions(since=since))) == 1
        between.plan.clear()

        between.plan.extend([401])
        ours = send(f"{number}-4", application)
        assert (ours.status_code, ours.json()) == (500, {"error": "we cannot decide"})


def test_every_example_is_tried():
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir()} == set(STARTS)

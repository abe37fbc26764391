"""Versions are exchanged under load: nobody waits, nobody fails, nobody is answered by half of each."""

from __future__ import annotations

import os
import signal
import time

import httpx2 as httpx
import pytest

from benchmarks.callers import UNANSWERED, decided
from benchmarks.killing import workers
from loanbook.decisions.decider import open_decider
from loanbook.registry.versions import Registry

TAKEN_UP = 2.0
"""Seconds in which every worker answers with what was promoted."""
SLACK = 3.0
"""More, for a machine that is busy with other things."""


@pytest.fixture
def registry(book):
    found = Registry(book)
    yield found
    found.close()


@pytest.fixture
def wanted(book, registry):
    """`wanted(version, application)` is what that version answers."""
    deciders = {number: open_decider(book, registry, registry.version("risk", number)) for number in (1, 2)}

    def look(version, application):
        made = deciders[version].decide_row(application)
        return made.probability, made.lower, made.upper, made.decision

    return look


def given(answer):
    return tuple(answer[name] for name in ("probability_of_default", "lower", "upper", "decision"))


def spoil(folder):
    """Turn one bit in the middle of each file of an artefact."""
    for path in folder.rglob("*"):
        if path.is_file():
            raw = bytearray(path.read_bytes())
            raw[len(raw) // 2] ^= 1
            path.chmod(0o644)
            path.write_bytes(raw)


def wait_for_metric(server, line):
    """What /metrics shows as soon as it shows that line."""
    for _ in range(200):
        shown = httpx.get(f"{server.address}/metrics").text.splitlines()
        if line in shown:
            return shown
        time.sleep(0.1)
    raise AssertionError(f"{line} was never shown: {shown}")


def test_every_answer_is_one_version_s_and_the_new_one_s_in_time(
    book, registry, wanted, serve, crowd, applications, audited
):
    server = serve(book, "--workers", "2")
    moments = [(time.monotonic(), 1)]
    with crowd(server, pause=0.002) as callers:
        callers.wait(50)
        for change, now in ((lambda: registry.promote("risk", 2), 2), (lambda: registry.rollback("risk"), 1)):
            change()
            moments.append((time.monotonic(), now))
            time.sleep(TAKEN_UP + SLACK)
            callers.wait(30)
    assert {one.status for one in callers.asked} == {200}, "no request failed"
    for one in callers.asked:
        application = applications[one.number % len(applications)]
        assert given(one.answer) == wanted(one.answer["model"]["version"], application)
    for (start, version), (end, _) in zip(moments, [*moments[1:], (float("inf"), 0)], strict=True):
        settled = [one for one in callers.asked if start + TAKEN_UP + SLACK < one.begun and one.begun < end - 0.1]
        assert {one.answer["model"]["version"] for one in settled} <= {version}
    assert {one.answer["model"]["version"] for one in callers.asked} == {1, 2}
    audited(book)


def test_a_spoilt_version_is_refused_and_the_one_before_goes_on(book, registry, serve, crowd, audited):
    server = serve(book, "--workers", "2")
    with crowd(server, pause=0.005) as callers:
        callers.wait(20)
        spoil(registry.folder / registry.version("risk", 2).folder)
        registry.promote("risk", 2)
        shown = wait_for_metric(server, 'loanbook_refused_versions_total{usecase="risk"} 2.0')
        callers.wait(30)
    assert {(one.status, one.answer["model"]["version"]) for one in callers.asked} == {(200, 1)}
    assert 'loanbook_model_version{usecase="risk"} 1.0' in shown
    assert httpx.get(f"{server.address}/readyz").status_code == 200
    said = server.stop()
    assert said.count("is refused") == 2
    assert "Traceback" not in said


def test_a_worker_that_starts_when_the_champion_is_spoilt_goes_on_with_the_one_before(book, registry, serve, crowd):
    server = serve(book, "--workers", "2")
    spoil(registry.folder / registry.version("risk", 2).folder)
    registry.promote("risk", 2)
    with crowd(server, pause=0.005) as callers:
        for victim in workers(server.process.pid):
            os.kill(victim, signal.SIGKILL)
        callers.wait(50)
    assert {(one.status, one.answer["model"]["version"]) for one in decided(callers.asked)} == {(200, 1)}
    assert {one.status for one in callers.asked} <= {200, UNANSWERED}

"""A challenger in the shadow scores what is decided, and decides nothing."""

from __future__ import annotations

import time

import pytest

from loanbook.registry.versions import Registry
from loanbook.service import shadowing
from loanbook.service.app import create_app
from tests.servers import near


@pytest.fixture
def shadowed(book, trained_models):
    """A service with a champion and a challenger that scores along."""
    text = book.path.read_text(encoding="utf-8").replace("[risk]", "[risk]\nshadow = true", 1)
    book.path.write_text(text, encoding="utf-8")
    found = type(book).load(book.path)
    registry = Registry(found)
    registry.register("risk", trained_models["xgboost"])
    registry.close()
    with near(create_app(found)) as client:
        yield client


def waited_for(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def compared(client):
    return client.app.state.desk.shadowing._log.compare()


def test_both_are_logged_and_only_the_champion_answers(shadowed, applications, trained_models):
    said = [shadowed.post("/v1/decisions", json=one).json() for one in applications[:20]]
    batch = shadowed.post("/v1/decisions:batch", json=applications[20:30]).json()["decisions"]
    waited_for(lambda: [one.count for one in compared(shadowed)] == [30])
    challenger = compared(shadowed)[0]
    assert {one["model"]["version"] for one in [*said, *batch]} == {1}
    assert challenger.model_version == 2
    wanted = [trained_models["xgboost"].score_row(one).value[0] for one in applications[:30]]
    made = [one["probability_of_default"] for one in [*said, *batch]]
    assert challenger.mean_difference == pytest.approx((sum(wanted) - sum(made)) / 30)
    shown = shadowed.get("/metrics").text
    counted = [float(shown.split(f'loanbook_shadows_total{{agreed="{one}"}} ')[1].split()[0]) for one in ("yes", "no")]
    assert sum(counted) == 30
    assert counted[0] == pytest.approx(challenger.agreement * 30)


def test_a_retry_is_not_scored_twice(shadowed, applications):
    headers = {"idempotency-key": "order-1"}
    for _ in range(3):
        shadowed.post("/v1/decisions", json=applications[0], headers=headers)
    shadowed.post("/v1/decisions", json=applications[1])
    waited_for(lambda: [one.count for one in compared(shadowed)] == [2])


def test_without_a_challenger_nothing_waits(book, applications):
    text = book.path.read_text(encoding="utf-8").replace("[risk]", "[risk]\nshadow = true", 1)
    book.path.write_text(text, encoding="utf-8")
    with near(create_app(type(book).load(book.path))) as client:
        assert client.post("/v1/decisions", json=applications[0]).status_code == 200
        assert not client.app.state.desk.shadowing._waiting
        assert compared(client) == []


def test_a_challenger_that_is_promoted_shadows_no_more(shadowed, applications):
    registry = shadowed.app.state.desk.registry
    registry.promote("risk", 2)
    shadowed.app.state.desk.refresh()
    assert shadowed.post("/v1/decisions", json=applications[0]).json()["model"]["version"] == 2
    assert shadowed.app.state.desk.shadowing.seat.sitting is None


def test_what_is_too_much_is_counted(shadowed, applications, monkeypatch):
    monkeypatch.setattr(shadowing, "MOST_WAITING", 0)
    shadowed.post("/v1/decisions", json=applications[0])
    waited_for(lambda: "loanbook_shadows_dropped_total 1.0" in shadowed.get("/metrics").text)


def test_what_waits_is_scored_before_the_end(book, trained_models, applications, monkeypatch, shadowed):
    monkeypatch.setattr(shadowing, "PAUSE", 0.5)
    for one in applications[:30]:
        shadowed.post("/v1/decisions", json=one)
    shadowed.app.state.desk.shadowing.close()
    assert [one.count for one in compared(shadowed)] == [30]

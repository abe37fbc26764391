from __future__ import annotations

import threading

import msgspec
import pytest

from loanbook.decisions.audit import verify
from loanbook.decisions.log import DecisionLog, Draft
from loanbook.decisions.reviews import ReviewLog
from loanbook.errors import Conflict, DataError


@pytest.fixture
def log(registry):
    return DecisionLog(registry.store, "risk")


@pytest.fixture
def reviews(registry):
    return ReviewLog(registry.store, "risk")


@pytest.fixture
def ids(log, decider, applications):
    """One decision of each kind, and one referred case more; by what was decided."""
    made = decider.decide_row(applications[0])
    verdicts = ("approve", "refer", "decline", "refer")
    stored = log.record(
        [Draft(msgspec.structs.replace(made, decision=verdict), applications[0]) for verdict in verdicts]
    )
    return {**{one.decision.decision: one.decision_id for one in stored}, "other": stored[1].decision_id}


def test_a_review_stands_beside_its_decision_and_on_the_chain(book, log, reviews, ids):
    stored = reviews.record(ids["refer"], "approve", "zoë", "the owner brought a guarantee")
    assert log.find(ids["refer"]).review == stored
    assert (stored.decision, stored.reviewer, stored.override) == ("approve", "zoë", False)
    assert log.find(ids["approve"]).review is None
    assert verify(book).chain.whole


def test_the_same_again_changes_nothing_and_another_is_a_conflict(reviews, ids):
    stored = reviews.record(ids["refer"], "approve", "zoë", "known")
    assert reviews.record(ids["refer"], "approve", "zoë", "known") == stored
    for other in (("decline", "zoë", "known"), ("approve", "ann", "known"), ("approve", "zoë", "liked")):
        with pytest.raises(Conflict, match="another review"):
            reviews.record(ids["refer"], *other)


@pytest.mark.parametrize(
    ("made", "said", "override"),
    [
        ("approve", "decline", True),
        ("decline", "approve", True),
        ("approve", "approve", False),
        ("decline", "decline", False),
        ("refer", "approve", False),
        ("refer", "decline", False),
    ],
)
def test_an_override_is_a_verdict_against_the_system_s(log, reviews, ids, made, said, override):
    assert reviews.record(ids[made], said, "ann", "x").override is override
    assert log.find(ids[made]).review.override is override


def test_cases_and_overrides_are_counted(reviews, ids):
    assert msgspec.to_builtins(reviews.counts()) == {
        "referred": 2,
        "waiting": 2,
        "reviewed": 0,
        "overrides": {"approve_to_decline": 0, "decline_to_approve": 0},
    }
    reviews.record(ids["refer"], "decline", "ann", "x")
    reviews.record(ids["approve"], "decline", "ann", "x")
    found = reviews.counts("2000")
    assert (found.referred, found.waiting, found.reviewed) == (2, 1, 2)
    assert (found.overrides.approve_to_decline, found.overrides.decline_to_approve) == (1, 0)
    assert reviews.counts("2999").referred == 0


def test_the_work_list_has_what_nobody_has_looked_at(log, reviews, ids):
    waiting = [one.decision_id for one in log.search(decision="refer", reviewed=False)]
    assert sorted(waiting) == sorted([ids["refer"], ids["other"]])
    reviews.record(ids["refer"], "approve", "ann", "x")
    assert [one.decision_id for one in log.search(decision="refer", reviewed=False)] == [ids["other"]]
    assert [one.decision_id for one in log.search(reviewed=True)] == [ids["refer"]]
    assert len(log.search()) == 4


@pytest.mark.parametrize(
    ("usecase", "decision_id", "verdict"),
    [("fraud", "", "approve"), ("risk", "0199", "approve"), ("risk", "", "refer")],
)
def test_what_cannot_be_reviewed_is_refused(registry, reviews, ids, usecase, decision_id, verdict):
    with pytest.raises(DataError):
        ReviewLog(registry.store, usecase).record(decision_id or ids["refer"], verdict, "ann", "x")
    assert reviews.counts().reviewed == 0


def test_of_two_people_at_a_time_one_is_told(reviews, ids):
    said, start = [], threading.Barrier(4)

    def review(verdict):
        start.wait()
        try:
            said.append(reviews.record(ids["refer"], verdict, "ann", "x").decision)
        except Conflict:
            said.append("conflict")

    threads = [threading.Thread(target=review, args=(verdict,)) for verdict in ("approve", "decline") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said.count("conflict") == 2
    assert len(set(said)) == 2

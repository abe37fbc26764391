from __future__ import annotations

import msgspec
import pytest

from loanbook.decisions.log import DecisionLog, Draft
from loanbook.decisions.shadows import Shadow, ShadowLog


@pytest.fixture
def shadowed(registry, decider, applications):
    """Four decisions, and what a version 2 would have made of them."""
    made = decider.decide_row(applications[0])
    pairs = (("approve", "approve"), ("approve", "decline"), ("refer", "refer"), ("decline", "decline"))
    drafts = [Draft(msgspec.structs.replace(made, decision=decided), applications[0]) for decided, _ in pairs]
    stored = DecisionLog(registry.store, "risk").record(drafts)
    other = msgspec.structs.replace(made, model_version=2, probability=made.probability + 0.25)
    rows = [
        Shadow(one.decision_id, msgspec.structs.replace(other, decision=would))
        for one, (_, would) in zip(stored, pairs, strict=True)
    ]
    return ShadowLog(registry.store, "risk"), rows


def test_a_challenger_is_compared_with_what_was_decided(shadowed):
    log, rows = shadowed
    assert log.compare() == []
    log.record(rows)
    (found,) = log.compare()
    assert (found.model_version, found.count, found.agreement) == (2, 4, 0.75)
    assert found.mean_difference == pytest.approx(0.25)
    assert found.pairs == {"approve": {"approve": 1, "decline": 1}, "refer": {"refer": 1}, "decline": {"decline": 1}}


def test_the_same_decision_again_changes_nothing(shadowed):
    log, rows = shadowed
    log.record(rows[:2])
    log.record(rows)
    log.record([])
    assert log.compare()[0].count == 4


def test_each_challenger_stands_for_itself(shadowed):
    log, rows = shadowed
    third = [Shadow(one.decision_id, msgspec.structs.replace(one.decision, model_version=3)) for one in rows[:1]]
    log.record([*rows, *third])
    assert [(one.model_version, one.count) for one in log.compare()] == [(2, 4), (3, 1)]


def test_what_was_decided_before_or_elsewhere_is_left_out(registry, shadowed):
    log, rows = shadowed
    log.record(rows)
    assert log.compare("2999") == []
    assert ShadowLog(registry.store, "fraud").compare() == []

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loanbook.decisions.audit import verify
from loanbook.decisions.identity import new_id
from loanbook.decisions.log import DecisionLog, Draft
from loanbook.decisions.outcomes import Observed, OutcomeLog, OutcomesRefused, read_outcome, read_outcomes
from loanbook.errors import DataError, Problem

SEEN = "2026-05-31T00:00:00.000000Z"


@pytest.fixture
def log(registry):
    return DecisionLog(registry.store, "risk")


@pytest.fixture
def outcomes(registry):
    return OutcomeLog(registry.store, "risk")


@pytest.fixture
def ids(log, decider, applications):
    return [one.decision_id for one in log.record([Draft(decider.decide_row(row), row) for row in applications[:12]])]


def test_an_outcome_stands_beside_its_decision(log, outcomes, ids):
    added = outcomes.record([Observed(ids[0], "bad", SEEN), Observed(ids[1], "good", SEEN)])
    assert [one.decision_id for one in added] == ids[:2]
    assert [(log.find(one).outcome, log.find(one).observed_at) for one in ids[:3]] == [
        ("bad", SEEN),
        ("good", SEEN),
        (None, None),
    ]


def test_the_same_outcome_again_changes_nothing(log, outcomes, ids):
    outcomes.record([Observed(ids[0], "bad", SEEN)])
    assert outcomes.record([Observed(ids[0], "bad", "2027-01-01T00:00:00.000000Z")] * 2) == []
    assert log.find(ids[0]).observed_at == SEEN


def test_a_contradiction_is_refused_and_nothing_is_stored(log, outcomes, ids):
    outcomes.record([Observed(ids[0], "bad", SEEN)])
    with pytest.raises(OutcomesRefused, match=r"row 2, outcome: is good, but bad is recorded") as refused:
        outcomes.record([Observed(ids[1], "good", SEEN), Observed(ids[0], "good", SEEN)])
    assert refused.value.contradicts
    assert log.find(ids[1]).outcome is None


def test_a_contradiction_within_one_delivery_is_found(outcomes, ids):
    with pytest.raises(OutcomesRefused):
        outcomes.record([Observed(ids[0], "bad", SEEN), Observed(ids[0], "good", SEEN)])


def test_a_contradiction_far_apart_in_one_delivery_is_found(outcomes, ids):
    others = [Observed(ids[1], "good", SEEN)] * 1_200
    with pytest.raises(OutcomesRefused, match="row 1202, outcome: is good, but bad is recorded"):
        outcomes.record([Observed(ids[0], "bad", SEEN), *others, Observed(ids[0], "good", SEEN)])
    assert outcomes.record([Observed(ids[0], "bad", SEEN), *others]) == [
        Observed(ids[0], "bad", SEEN),
        Observed(ids[1], "good", SEEN),
    ]


def test_outcomes_that_meet_are_stored_once(outcomes, ids):
    """Two deliveries of the same outcomes at a time: both are told that they are stored."""
    added, start = [], threading.Barrier(4)

    def record():
        start.wait()
        added.extend(outcomes.record([Observed(one, "good", SEEN) for one in ids]))

    threads = [threading.Thread(target=record) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.decision_id for one in added) == sorted(ids)


def test_outcomes_lie_on_the_chain(book, outcomes, ids):
    outcomes.record([Observed(one, "good", SEEN) for one in ids])
    report = verify(book)
    assert (report.equal, report.chain.records) == (True, 2 + 12 + 12)


def test_unknown_decisions_are_named_and_nothing_is_stored(log, outcomes, ids):
    strange = new_id()
    with pytest.raises(OutcomesRefused, match=f"row 2, decision_id: there is no decision {strange}") as refused:
        outcomes.record([Observed(ids[0], "bad", SEEN), Observed(strange, "bad", SEEN)])
    assert not refused.value.contradicts
    assert log.find(ids[0]).outcome is None


def test_a_decision_of_another_use_case_is_unknown_here(registry, ids):
    with pytest.raises(OutcomesRefused):
        OutcomeLog(registry.store, "fraud").record([Observed(ids[0], "bad", SEEN)])


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"outcome": "late"}, "outcome"),
        ({"outcome": None}, "outcome"),
        ({"decision_id": 7}, "decision_id"),
        ({"decision_id": "\x00"}, "decision_id"),
        ({"observed_at": "31/05/2026"}, "observed_at"),
        ({"observed_at": "2026-02-30"}, "observed_at"),
        ({"observed_at": 20260531}, "observed_at"),
        ({"observed_at": "1066-10-14"}, "observed_at"),
        ({"observed_at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}, "observed_at"),
        ({"amount": 3}, "amount"),
    ],
)
def test_what_is_wrong_with_an_outcome_is_named(more, field):
    good = {"decision_id": "0199a3c8", "outcome": "bad", "observed_at": "2026-05-31"}
    assert read_outcome(good) == Observed("0199a3c8", "bad", SEEN)
    found = read_outcome({**good, **more})
    assert [problem.field for problem in found] == [field]


def test_an_outcome_that_is_not_an_object_is_refused():
    assert read_outcome([1, 2])[0].field == "body"


def test_without_a_moment_it_is_seen_now():
    seen = read_outcome({"decision_id": "0199", "outcome": "good"})
    assert abs(datetime.fromisoformat(seen.observed_at) - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("kind", ["csv", "parquet", "parquet with dates"])
def test_files_are_read_whatever_their_kind(log, outcomes, ids, tmp_path, kind):
    became = ["good" if place % 3 else "bad" for place in range(len(ids))]
    table = pl.DataFrame({"note": "x", "decision_id": ids, "outcome": became, "observed_at": "2026-05-31"})
    path = tmp_path / f"outcomes.{kind.split()[0]}"
    if kind == "csv":
        table.write_csv(path)
    else:
        dated = table.with_columns(pl.col("observed_at").str.to_date())
        (dated if "dates" in kind else table).write_parquet(path)
    seen = []
    assert len(outcomes.record(read_outcomes(path), seen.append)) == len(ids)
    assert seen == [len(ids)]
    assert [log.find(one).outcome for one in ids] == became
    assert log.find(ids[0]).observed_at == SEEN


def test_wrong_rows_of_a_file_are_named_and_nothing_is_stored(log, outcomes, ids, tmp_path):
    path = tmp_path / "outcomes.csv"
    path.write_text(
        f"decision_id,outcome,observed_at\n{ids[0]},bad,2026-05-31\n{ids[1]},unpaid,2026-05-31\n{ids[2]},good,\n"
    )
    with pytest.raises(OutcomesRefused) as refused:
        outcomes.record(read_outcomes(path))
    assert [(place, problem.field) for place, problem in refused.value.problems] == [(1, "outcome"), (2, "observed_at")]
    assert log.find(ids[0]).outcome is None


def test_a_file_without_the_columns_says_which(tmp_path, outcomes):
    path = tmp_path / "outcomes.csv"
    path.write_text("decision_id,result\n1,good\n")
    with pytest.raises(DataError, match="no column 'outcome'"):
        outcomes.record(read_outcomes(path))


def test_a_flood_of_wrong_rows_is_counted_not_kept(outcomes, ids):
    wrong = [Problem("outcome", "is missing")]
    with pytest.raises(OutcomesRefused, match="and 2495 more") as refused:
        outcomes.record([wrong] * 2500)
    assert (refused.value.count, len(refused.value.problems)) == (2500, 100)

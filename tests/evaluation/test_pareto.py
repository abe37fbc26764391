from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanbook.evaluation.pareto import CRITERIA, figures, pareto


def rung(name, interpretability=5, *, auc=0.75, **more):
    """An element of a report's ladder."""
    test = {"auc": {"value": auc, "low": auc - 0.01, "high": auc + 0.01}}
    for figure in ("brier", "mae"):
        if figure in more:
            test[figure] = {"value": more.pop(figure)}
    manners = {figure: {"value": more.pop(figure)} for figure in ("monotonicity", "reason_stability") if figure in more}
    return {
        "name": name,
        "title": name.title(),
        "interpretability": interpretability,
        "test": test,
        "manners": manners,
        **more,
    }


def front(*rungs):
    return {one.name: one for one in pareto(rungs).standings}


def test_every_criterion_is_found_where_a_report_has_it():
    found = figures(
        rung(
            "tree",
            auc=0.7,
            brier=0.2,
            mae=9.0,
            profit={"value": 12.0},
            gap=0.03,
            monotonicity=0.9,
            reason_stability=0.8,
            decision_cost=110.0,
        )
    )
    assert found == {
        "auc": 0.7,
        "brier": 0.2,
        "mae": 9.0,
        "profit": 12.0,
        "gap": 0.03,
        "monotonicity": 0.9,
        "reason_stability": 0.8,
        "decision_cost": 110.0,
        "interpretability": 5.0,
    }
    assert set(found) == {one.name for one in CRITERIA}


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"auc": 0.76}, {"auc": 0.75}),
        ({"brier": 0.15}, {"brier": 0.16}),
        ({"mae": 100.0}, {"mae": 101.0}),
        ({"profit": 200.0}, {"profit": 100.0}),
        ({"profit": -100.0}, {"profit": -200.0}),
        ({"gap": 0.01}, {"gap": 0.05}),
        ({"monotonicity": 1.0}, {"monotonicity": 0.9}),
        ({"reason_stability": 0.9}, {"reason_stability": 0.8}),
        ({"decision_cost": 30.0}, {"decision_cost": 3000.0}),
        ({"interpretability": 2}, {"interpretability": 3}),
    ],
)
def test_each_criterion_alone_decides_in_its_direction(better, worse):
    found = front(rung("a", **better), rung("b", **worse))
    assert found["a"].on_front
    assert found["b"].beaten_by == ("a",)


def test_one_advantage_is_enough_to_stay():
    found = front(rung("a", 2, auc=0.78, gap=0.01), rung("b", 9, auc=0.77, gap=0.0))
    assert found["a"].on_front
    assert found["b"].on_front
    assert found["b"].best_in == ("gap",)


def test_what_looks_the_same_is_equal():
    found = front(rung("a", auc=0.77001, decision_cost=31.0), rung("b", auc=0.77032, decision_cost=33.0))
    assert found["a"].on_front
    assert found["b"].on_front
    assert found["a"].best_in == found["b"].best_in == ("auc", "decision_cost", "interpretability")


def test_easier_test_rows_are_no_merit():
    found = front(rung("a", gap=-0.05), rung("b", gap=0.0, auc=0.8))
    assert found["a"].beaten_by == ("b",)


def test_what_a_rung_cannot_have_is_not_held_against_it():
    floor = rung("floor", 0, auc=0.5, monotonicity=None, reason_stability=float("nan"))
    found = front(floor, rung("tree", 5, auc=0.7, monotonicity=0.8, reason_stability=0.9))
    assert found["floor"].on_front
    assert found["floor"].figures["monotonicity"] is None
    assert found["tree"].on_front
    assert "monotonicity" in found["tree"].best_in


def test_rungs_that_were_skipped_and_figures_that_nobody_has_are_left_out():
    ladder = [rung("a"), {"name": "b", "title": "B", "interpretability": 1, "skipped": "not installed"}]
    found = pareto(ladder)
    assert [one.name for one in found.standings] == ["a"]
    assert [one.name for one in found.criteria] == ["auc", "interpretability"]
    assert pareto([]).standings == ()


def test_the_sentence_names_the_beaten_their_betters_and_the_choice():
    found = pareto([rung("line", 2, auc=0.75), rung("forest", 9, auc=0.78), rung("network", 10, auc=0.77)])
    text = found.sentence("line")
    assert text == (
        "Beaten throughout are 1 of 3 rungs: Network (by Forest). "
        "Line, which was chosen, is best in ease of understanding. Compared: AUC, ease of understanding."
    )
    assert "Network, which was chosen, is beaten throughout by Forest." in found.sentence("network")
    middle = rung("middle", 5, auc=0.76, gap=0.02)
    ladder = [rung("line", 2, auc=0.7, gap=0.0), middle, rung("forest", 9, auc=0.78, gap=0.05)]
    assert "Middle, which was chosen, leads in nothing, and yet" in pareto(ladder).sentence("middle")
    assert "chosen" not in found.sentence()
    assert pareto([rung("a")]).sentence().startswith("Of 1 rungs none is beaten throughout by another. ")


def test_the_json_is_plain():
    found = json.loads(json.dumps(pareto([rung("a", 2), rung("b", 3, profit=5.0)]).to_json("a")))
    assert found["rungs"][0]["figures"] == {"auc": 0.75, "profit": None, "interpretability": 2.0}
    assert found["rungs"][0]["on_front"] is True
    assert {one["name"]: one["more"] for one in found["criteria"]}["interpretability"] is False
    assert "chosen" in found["sentence"]


LADDERS = st.lists(st.tuples(st.integers(0, 4), st.integers(50, 54), st.integers(0, 3)), min_size=1, max_size=8)


@given(LADDERS)
def test_laws_of_a_front(values):
    rungs = [rung(str(place), one, auc=two / 100, gap=three / 100) for place, (one, two, three) in enumerate(values)]
    found = front(*rungs)
    assert any(one.on_front for one in found.values())
    for one in found.values():
        assert one.name not in one.beaten_by
        assert all(one.name not in found[other].beaten_by for other in one.beaten_by)
        if one.beaten_by:  # somebody on the front beats it as well: what is off the front can be forgotten
            assert any(found[other].on_front for other in one.beaten_by)
    for criterion in ("auc", "gap", "interpretability"):
        assert any(criterion in one.best_in for one in found.values())

"""The ladder as a whole: light to list, in order, and better towards the top where there is something to learn."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from loanbook.evaluation.benchmark import missing
from loanbook.evaluation.metrics import auc
from loanbook.models.risk import LADDER
from loanbook.models.scoring import Additive, sigmoid
from loanbook.testing import example

ROOT = Path(__file__).parents[2]


# A blend fits all of its members again for each of its own folds; test_risk_quality has it on real loans.
SINGLE = [rung for rung in LADDER if not rung.members]


def made(name: str, jobs: int = 1):
    return next(rung for rung in LADDER if rung.name == name).make(0, jobs)


def test_floor_first_and_the_more_interpretable_before_the_less() -> None:
    names = [
        "approve_all",
        "one_rule",
        "three_rules",
        "scorecard",
        "logistic",
        "logistic_l1",
        "logistic_woe",
        "tree",
        "ebm",
    ]
    names += ["xgboost", "lightgbm", "catboost", "forest", "extra_trees", "network", "blend", "stack"]
    assert [rung.name for rung in LADDER] == names
    steps = [rung.interpretability for rung in LADDER]
    assert steps == sorted(steps)


def test_a_blend_stands_behind_its_members_and_names_rungs_of_the_ladder() -> None:
    places = {rung.name: place for place, rung in enumerate(LADDER)}
    blends = [rung for rung in LADDER if rung.members]
    assert [rung.name for rung in blends] == ["blend", "stack"]
    for rung in blends:
        assert all(places[name] < places[rung.name] for name in rung.members)


def test_what_needs_an_extra_says_which() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for rung in LADDER:
        assert bool(rung.needs) == bool(rung.extra)
        assert not rung.extra or any(rung.needs in line for line in extras[rung.extra])


def test_listing_the_ladder_loads_no_library() -> None:
    code = (
        "import sys; from loanbook.models.risk import LADDER; print([r.title for r in LADDER]);"
        "sys.exit(any(m in sys.modules for m in ('sklearn', 'xgboost', 'scipy', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


def test_settings_reach_the_estimator() -> None:
    for rung in LADDER:
        settings = rung.make(7, 3).get_params()
        assert settings.get("seed", 7) == 7
        assert settings.get("jobs", 3) == 3
    assert {"jobs", "seed"} <= made("xgboost").get_params().keys()


def test_every_rung_decides_by_a_scorer_in_numpy() -> None:
    rows = example(120)
    kinds = {rung.name: rung.make(0, 1).fit(rows.x, rows.y).scorer_ for rung in LADDER if not missing(rung)}
    tables = {name for name, scorer in kinds.items() if isinstance(scorer, Additive)}
    assert tables == {"approve_all", "three_rules", "scorecard", "logistic", "logistic_l1", "logistic_woe"}
    for scorer in kinds.values():
        assert type(scorer).__module__.startswith("loanbook.models.scoring.")


def test_approve_all_gives_the_weighted_base_rate() -> None:
    rung = made("approve_all").fit(np.ones((4, 1)), [0, 0, 0, 1], sample_weight=[1, 1, 1, 3])
    assert rung.predict_proba([[5.0]])[0, 1] == 0.5


def test_fresh_loans_are_ranked_better_up_the_ladder() -> None:
    train, fresh = example(4000), example(4000, seed=1)
    scores = {
        rung.name: auc(fresh.y, rung.make(0, 1).fit(train.x, train.y).predict_proba(fresh.x)[:, 1]) for rung in SINGLE
    }
    assert scores["approve_all"] == 0.5
    assert 0.65 < scores["one_rule"] < scores["tree"] < scores["forest"]
    assert scores["logistic"] > scores["tree"]  # the truth of the example adds up column by column
    assert scores["xgboost"] > scores["tree"]


def test_an_interaction_is_found_by_trees_only() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(6000, 4))
    y = (draw.random(6000) < sigmoid(2.0 * np.sign(x[:, 0] * x[:, 1]))).astype(np.float64)
    scores = {
        name: auc(y[3000:], made(name).fit(x[:3000], y[:3000]).predict_proba(x[3000:])[:, 1])
        for name in ("logistic", "forest", "xgboost")
    }
    assert scores["logistic"] < 0.6
    assert min(scores["forest"], scores["xgboost"]) > 0.8


@pytest.mark.parametrize("name", ["logistic", "xgboost"])
def test_promised_shares_come_true_on_fresh_loans(name: str) -> None:
    train, fresh = example(4000), example(4000, seed=1)
    promised = made(name).fit(train.x, train.y).predict_proba(fresh.x)[:, 1]
    assert promised.mean() == pytest.approx(fresh.y.mean(), abs=0.02)


def test_weights_move_the_base_rate() -> None:
    rows = example(600)
    heavy = np.where(rows.y == 1, 5.0, 1.0)
    for rung in SINGLE:
        plain = rung.make(0, 1).fit(rows.x, rows.y).predict_proba(rows.x)[:, 1].mean()
        weighed = rung.make(0, 1).fit(rows.x, rows.y, sample_weight=heavy).predict_proba(rows.x)[:, 1].mean()
        assert weighed > plain + 0.1, rung.name


def test_other_labels_keep_their_names() -> None:
    rows = example(200)
    rung = made("tree").fit(rows.x, np.where(rows.y == 1, "late", "fine"))
    assert rung.classes_.tolist() == ["fine", "late"]
    assert set(rung.predict(rows.x)) <= {"fine", "late"}
    with pytest.raises(ValueError, match="Only binary classification"):
        made("tree").fit(rows.x, np.arange(200) % 3)

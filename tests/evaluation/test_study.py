"""Studies find what was put there, and say "no difference seen" where there is none."""

from __future__ import annotations

import importlib.util
import json
from itertools import pairwise

import numpy as np
import pytest

from loanbook.book import Book
from loanbook.data import samples
from loanbook.data.inference import infer_table
from loanbook.data.loans import Loans
from loanbook.errors import TrainingError
from loanbook.evaluation.study import remedies
from loanbook.evaluation.study.learning import _read, study_learning
from loanbook.evaluation.study.overfitting import lines, trees
from loanbook.evaluation.study.paired import Paired, overall
from loanbook.evaluation.study.power_law import PowerLaw
from loanbook.evaluation.study.preparation import study_preparation
from loanbook.evaluation.study.remedies import REMEDIES, study_remedies
from loanbook.evaluation.study.rows import Course, nested
from loanbook.models.preparation import TREATMENTS, DoesNotApply
from loanbook.models.risk import LADDER, Rung
from loanbook.models.training import Setting

SETTING = Setting(time="approval_date", amount="amount")


@pytest.fixture(scope="module")
def loans(small_sample) -> Loans:
    section = Book.parse(samples.path("sba_7a").with_suffix(".toml").read_text(encoding="utf-8")).section("risk")
    return Loans.learn(small_sample, section, infer_table(small_sample, section.types))


def rung(name) -> Rung:
    return next(one for one in LADDER if one.name == name)


def treatments(*names):
    return [one for one in TREATMENTS if one.name in names]


class Never:
    """A treatment of what no table has."""

    name, title, family = "never", "Never", "missing"

    def fit(self, rows, seed):  # noqa: ARG002 (the protocol asks for them)
        raise DoesNotApply("there is nothing of the kind")


@pytest.fixture(scope="module")
def prepared(loans):
    chosen = treatments("weights_in_sample", "class_weights", "smote", "monotone", "cap_boxplot")
    return study_preparation(loans, [rung("logistic")], SETTING, treatments=chosen, most=2000, repeats=1)


def line(prepared, name):
    return next(one for one in prepared["treatments"] if one["treatment"] == name)


def test_a_mistake_that_harms_is_seen_to_harm(prepared):
    found = line(prepared, "weights_in_sample")
    assert found["verdict"] == "harms"
    assert found["figures"]["log_loss"]["difference"] < -0.02


def test_augmentation_shows_what_it_did_to_calibration(prepared):
    for name in ("class_weights", "smote"):
        found = line(prepared, name)["calibration"]
        assert abs(found["surplus"]["before"]) < 0.02
        assert found["surplus"]["after"] > 0.1
        assert found["calibration_error"]["after"] > found["calibration_error"]["before"] + 0.1
        assert line(prepared, name)["verdict"] == "harms"


def test_a_treatment_that_does_not_apply_says_why(prepared, loans):
    assert line(prepared, "monotone")["skipped"] == "the rung takes no monotone"
    never = study_preparation(loans, [rung("logistic")], SETTING, treatments=[Never()], most=400, repeats=1)
    assert never["treatments"][0]["skipped"] == "there is nothing of the kind"


def test_capping_is_measured_and_outliers_are_reported(prepared):
    found = line(prepared, "cap_boxplot")["figures"]["auc"]
    assert abs(found["difference"]) < 0.03
    assert found["error"] > 0
    for method in ("adjusted_boxplot", "median_deviation"):
        listed = prepared["outliers"][method]
        assert {one["column"] for one in listed} & {"amount", "employees"}
        assert [one["share"] for one in listed] == sorted((one["share"] for one in listed), reverse=True)


def test_a_study_is_plain_data_and_says_how_many_loans_it_saw(prepared, loans):
    json.dumps(prepared, allow_nan=False)
    assert (prepared["rows"], prepared["available"], prepared["folds"]) == (2000, len(loans), 5)
    assert 0.55 < prepared["untreated"]["logistic"]["auc"] < 0.85


def test_a_rung_that_is_not_installed_is_listed_as_such(loans):
    absent = Rung("absent", "Absent", 9, lambda seed, jobs: None, needs="no_such_module", extra="models")
    found = study_preparation(loans, [absent], SETTING, treatments=treatments("no_counts"), most=400, repeats=1)
    assert "not installed" in found["treatments"][0]["skipped"]
    assert found["untreated"] == {}
    assert "not installed" in study_learning(loans, [absent], SETTING, repeats=3)["rungs"][0]["skipped"]


def test_the_error_is_the_corrected_one():
    pair = Paired.of([0.72, 0.70, 0.74], [0.70, 0.70, 0.70], test_share=0.25)
    spread = np.std([0.02, 0.0, 0.04], ddof=1)
    assert pair.value == pytest.approx(0.02)
    assert pair.error == pytest.approx(spread * np.sqrt(1 / 3 + 1 / 3))


def test_chance_alone_is_rarely_called_a_difference():
    chance = np.random.default_rng(0)
    verdicts = [Paired.of(chance.normal(0, 1, 10), chance.normal(0, 1, 10), test_share=0.2).verdict for _ in range(400)]
    assert sum(verdict != "no difference seen" for verdict in verdicts) <= 20
    assert Paired.of([1.0] * 10, [1.0] * 10, test_share=0.2).verdict == "no difference seen"


def test_what_harms_one_figure_is_not_called_a_help():
    assert overall(["helps", "harms"]) == "harms"
    assert overall(["no difference seen", "helps"]) == "helps"
    assert overall(["no difference seen"]) == "no difference seen"


def test_folds_of_a_course_never_share_a_loan_between_its_sides(loans):
    course = Course.lay_out(loans, SETTING, most=600, repeats=2)
    assert len(course.folds) == 10
    assert {len(fold.train.y) + len(fold.y_test) for fold in course.folds} == {600}
    assert course.folds[0].train.x.shape[0] != course.rows


def test_samples_are_nested_and_keep_the_share_of_bad_loans():
    y = (np.arange(1000) % 10 == 0).astype(float)
    sizes = [50, 200, 1000]
    parts = list(nested(y, sizes, seed=0))
    assert [len(part) for part in parts] == sizes
    assert set(parts[0]) < set(parts[1]) < set(parts[2])
    for part in parts:
        assert y[part].mean() == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("law", [PowerLaw(0.75, 1.5, 0.4), PowerLaw(0.70, 30.0, 1.0), PowerLaw(0.9, 0.6, 0.1)])
def test_a_power_law_is_found_again(law):
    sizes = np.geomspace(250, 16_000, 10)
    found = PowerLaw.fit(sizes, law.at(sizes), np.ones(10))
    ahead = np.array([32_000.0])
    assert found.at(ahead) == pytest.approx(law.at(ahead), abs=0.001)
    gain = 0.5 * float(law.limit - law.at(sizes[-1:])[0])
    assert found.rows_for(gain, 16_000.0) == pytest.approx(law.rows_for(gain, 16_000.0), rel=0.1)
    assert found.rows_for(10.0, 16_000.0) == float("inf")


def test_no_curve_leads_above_the_ceiling_or_downwards():
    sizes = np.geomspace(100, 1600, 5)
    steep = PowerLaw.fit(sizes, np.array([0.5, 0.6, 0.7, 0.8, 0.9]), np.ones(5))
    assert steep.limit <= 1.0
    falling = PowerLaw.fit(sizes, np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.ones(5))
    assert falling.loss == 0.0
    assert falling.rows_for(0.005, 1600.0) == float("inf")
    with pytest.raises(ValueError, match="4 sizes"):
        PowerLaw.fit(sizes[:3], sizes[:3], np.ones(3))


def curve(law, noise, sizes, folds=8, seed=0):
    """Scores as `study_learning` gets them: each fold easier or harder, each figure with its chance."""
    chance = np.random.default_rng(seed)
    held = law.at(sizes) + chance.normal(0, 0.02, (folds, 1)) + chance.normal(0, noise, (folds, len(sizes)))
    return np.stack([held + 0.05, held], axis=2)


def test_the_answer_holds_the_truth_within_its_interval_most_of_the_time():
    law, sizes = PowerLaw(0.75, 1.0, 0.35), np.geomspace(250, 10_000, 10)
    truth, held = law.rows_for(0.005, 10_000.0), 0
    for seed in range(20):
        more = _read(sizes, curve(law, 0.006, sizes, seed=seed), "Tree", seed)["more"]
        held += (more["low"] or 0) <= truth <= (more["high"] or float("inf"))
    assert held >= 15


def test_a_flat_curve_says_that_more_loans_do_not_help():
    sizes = np.geomspace(250, 10_000, 10)
    found = _read(sizes, curve(PowerLaw(0.70, 20.0, 1.0), 0.0005, sizes), "Tree", 0)
    assert found["more"]["loans"] is None
    assert "not reachable by more loans" in found["sentence"]


def test_a_learning_curve_of_real_loans(loans):
    found = study_learning(loans, [rung("logistic")], SETTING, repeats=4)
    (one,) = found["rungs"]
    rows = [at["rows"] for at in one["curve"]]
    assert rows == sorted(rows)
    assert all(1.4 < later / earlier < 1.6 for earlier, later in pairwise(rows))
    gaps = [at["train"] - at["validation"] for at in one["curve"]]
    assert gaps[0] > gaps[-1], "more loans, less by heart"
    assert one["curve"][-1]["validation"] > one["curve"][0]["validation"]
    assert one["sentence"].startswith(one["title"])
    json.dumps(found, allow_nan=False)


def test_too_few_loans_for_a_curve_are_refused(loans):
    with pytest.raises(TrainingError, match="too few for a learning curve"):
        study_learning(loans.take(np.arange(300)), [rung("logistic")], SETTING)


@pytest.fixture(scope="module")
def cured(loans):
    def study(most, *names):
        chosen = [one for one in REMEDIES if one.name in names]
        return study_remedies(loans, SETTING, remedies=chosen, most=most, repeats=1)["remedies"]

    few = study(800, "k_fold", "l2", "l1", "early_stopping", "simpler_model")
    return {one["remedy"]: one for one in (*few, *study(3000, "more_data"))}


@pytest.mark.parametrize("name", ["more_data", "k_fold", "l2", "l1", "early_stopping", "simpler_model"])
def test_each_remedy_narrows_the_gap_and_costs_no_accuracy(cured, name):
    found = cured[name]
    before, after = found["before"], found["after"]
    assert before["gap"] == pytest.approx(before["promised"] - before["validation"])
    assert after["gap"] < before["gap"] - 0.01
    assert found["verdict"] != "harms"
    assert found["difference"] == pytest.approx(after["validation"] - before["validation"], abs=1e-9)


def test_the_models_before_learn_by_heart():
    chance = np.random.default_rng(0)
    x, y = chance.normal(0, 1, (200, 20)), (np.arange(200) % 2).astype(float)
    for model in (trees.unpruned_tree, trees.boosting_to_the_end, trees.tree_by_training_rows, lines.unpenalised):
        assert model(x, y, 0).promised > 0.8, "noise has nothing to promise"
    assert abs(trees.tree_by_folds(x, y, 0).promised - 0.5) < 0.15


def test_dropout_without_keras_is_listed_as_not_installed(loans, monkeypatch):
    monkeypatch.setattr(remedies, "find_spec", lambda name: None)
    chosen = [one for one in REMEDIES if one.name == "dropout"]
    (found,) = study_remedies(loans, SETTING, remedies=chosen, most=300, repeats=1)["remedies"]
    assert "loanbook[neural]" in found["skipped"]


@pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="Keras is an extra")
def test_dropout_narrows_the_gap_of_a_network(loans, need):
    need("keras")
    chosen = [one for one in REMEDIES if one.name == "dropout"]
    (found,) = study_remedies(loans, SETTING, remedies=chosen, most=400, repeats=1)["remedies"]
    assert found["after"]["gap"] < found["before"]["gap"]

"""What a model listens to: told by the contributions that reasons are made of."""

from __future__ import annotations

import numpy as np
import pytest

from loanbook.data.inference import infer_table
from loanbook.evaluation.dependence import dependence, importance, leading_fields


@pytest.fixture(scope="module")
def codes(trained_models, small_sample):
    return trained_models["logistic"].contract.code_table(small_sample).values[:300]


@pytest.mark.parametrize("name", ["logistic", "xgboost"])
def test_importance_is_the_mean_size_of_the_contributions(name, trained_models, codes):
    model = trained_models[name]
    moved = np.abs(model.contributions(model.score_codes(codes).x))
    found = importance(model, codes)
    assert sum(one.share for one in found) == pytest.approx(1.0)
    for one in found:
        place = [group.name for group in model.groups].index(one.name)
        assert one.mean == pytest.approx(moved[:, place].mean())
    assert [one.mean for one in found] == sorted((one.mean for one in found), reverse=True)


def test_a_field_set_to_one_value_gives_the_mean_answer_of_all_rows(trained_models, codes):
    model = trained_models["xgboost"]
    found = dependence(model, "amount", codes)
    place = model.contract.names.index("amount")
    step = found.steps[3]
    asked = codes.copy()
    asked[:, place] = step.code
    assert step.mean == model.score_codes(asked).value.mean()
    assert found.ordered
    assert sum(one.loans for one in found.steps) == len(codes)


def test_a_field_that_the_model_does_not_use_moves_nothing(trained_models, codes):
    model = trained_models["xgboost"]
    used = set(leading_fields(importance(model, codes), 100))
    unused = [name for name in model.contract.names if name not in used]
    for name in unused:
        means = {one.mean for one in dependence(model, name, codes[:20]).steps}
        assert len(means) <= 1


def test_levels_are_asked_by_how_common_they_are_and_codes_have_no_thousands(trained_models, codes, small_sample):
    model = trained_models["logistic"]
    state = dependence(model, "state", codes[:20], everyone=codes)
    counts = [one.loans for one in state.steps if one.label != "missing"]
    assert counts == sorted(counts, reverse=True)
    assert infer_table(small_sample)["zip"].kind == "integer"
    assert all("," not in one.label for one in dependence(model, "zip", codes[:20]).steps)


def test_what_is_asked_is_left_as_it_was(trained_models, codes):
    before = codes.copy()
    dependence(trained_models["logistic"], "amount", codes)
    assert np.array_equal(codes, before, equal_nan=True)

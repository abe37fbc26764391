"""Treatments see training rows alone, change what they say and nothing else, and find what is there to be found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loanbook.data.contract import Contract
from loanbook.features.plan import Plan
from loanbook.models.preparation import TREATMENTS, DoesNotApply, Rows, kinds_of
from loanbook.models.preparation.balance import COPULA, SMOTE, ClassWeights
from loanbook.models.preparation.copula import Copula
from loanbook.models.preparation.medcouple import medcouple
from loanbook.models.preparation.missing import Median
from loanbook.models.preparation.outliers import adjusted_boxplot, fences, median_deviation, report
from loanbook.models.preparation.signs import signs
from loanbook.models.preparation.smote import smote

NAMES = ("income", "debts", "income missing", "city weight", "city count", "city = A", "city = B", "month", "same")
KINDS = ("number", "number", "flag", "weight", "count", "level", "level", "calendar", "same")


def invented(n=400, seed=0) -> Rows:
    """Rows with something for every treatment: skew, outliers, missing values, a rare level, few bad loans."""
    chance = np.random.default_rng(seed)
    income = chance.lognormal(3.0, 0.6, n)
    income[:: n // 8] *= 50
    debts = chance.normal(10.0, 2.0, n)
    y = (chance.random(n) < 1 / (1 + np.exp(1.5 + 0.02 * (income.clip(0, 60) - 20) - 0.5 * (debts - 10)))).astype(float)
    gone = chance.random(n) < 0.1
    income[gone] = np.nan
    city = chance.choice(3, n, p=[0.7, 0.29, 0.01])
    weight = chance.normal(0, 0.3, n)
    columns = [income, debts, gone, weight, np.array([280.0, 116.0, 4.0])[city], city == 1, city == 2]
    columns += [chance.integers(1, 13, n), np.where(chance.random(n) < 0.05, np.nan, chance.random(n) < 0.5)]
    x = np.column_stack(columns).astype(float)
    plain = x.copy()
    plain[:, 3] += 0.1 * y
    return Rows(x, y, np.ones(n), KINDS, NAMES, plain)


@pytest.mark.parametrize("treatment", TREATMENTS, ids=lambda one: one.name)
def test_a_treatment_keeps_the_rules_of_the_house(treatment):
    rows, fresh = invented(), invented(60, seed=1).x
    before = rows.x.copy(), rows.y.copy(), rows.weight.copy(), fresh.copy()
    made = treatment.fit(rows, seed=0)
    applied = made.apply(fresh)
    assert made.x.shape[1] == applied.shape[1]
    assert len(made.x) == len(made.y) == len(made.weight)
    assert len(applied) == len(fresh)
    assert np.isin(made.y, (0.0, 1.0)).all()
    assert (made.weight > 0).all()
    assert not np.isinf(made.x).any()
    for old, new in zip(before, (rows.x, rows.y, rows.weight, fresh), strict=True):
        np.testing.assert_array_equal(old, new, "a treatment writes into what it is given")
    again = treatment.fit(rows, seed=0)
    np.testing.assert_array_equal(made.x, again.x)
    np.testing.assert_array_equal(applied, again.apply(fresh))


@pytest.mark.parametrize("treatment", TREATMENTS, ids=lambda one: one.name)
def test_rows_to_predict_are_prepared_one_by_one(treatment):
    """A loan's figures may not depend on which others are predicted with it: that would be learning from them."""
    made, fresh = treatment.fit(invented(), seed=0), invented(40, seed=2).x
    together = made.apply(fresh)
    alone = np.vstack([made.apply(row[None]) for row in fresh])
    np.testing.assert_allclose(together, alone, rtol=1e-12)


@pytest.mark.parametrize("treatment", TREATMENTS, ids=lambda one: one.name)
def test_a_treatment_with_nothing_to_treat_says_so_or_changes_nothing(treatment):
    n = 60
    x = np.tile([1.0, 2.0], (n, 1))
    rows = Rows(x, np.tile([0.0, 1.0], n // 2), np.ones(n), ("number", "number"), ("a", "b"), x)
    if treatment.name == "class_weights":
        np.testing.assert_array_equal(treatment.fit(rows, seed=0).weight, rows.weight)
        return
    with pytest.raises(DoesNotApply, match=r"\w+"):
        treatment.fit(rows, seed=0)


def test_every_treatment_has_its_own_name_and_title():
    assert len({one.name for one in TREATMENTS}) == len(TREATMENTS)
    assert len({one.title for one in TREATMENTS}) == len(TREATMENTS)
    families = {one.family for one in TREATMENTS}
    assert families == {"missing", "outliers", "categories", "balance", "signs"}


def test_kinds_tell_what_a_plan_made(small_sample):
    from loanbook.book import Book
    from loanbook.data import samples
    from loanbook.data.inference import infer_table
    from loanbook.data.loans import Loans

    section = Book.parse(samples.path("sba_7a").with_suffix(".toml").read_text(encoding="utf-8")).section("risk")
    loans = Loans.learn(small_sample, section, infer_table(small_sample, section.types))
    assert isinstance(loans.contract, Contract)
    plan, x = Plan.fit(loans.contract, loans.codes, loans.bad, time="approval_date", amount="amount")
    kinds = kinds_of(plan)
    assert len(kinds) == x.shape[1]
    for name, kind in zip(plan.names, kinds, strict=True):
        if name.endswith((" weight", " count", " missing")):
            assert kind == {"weight": "weight", "count": "count", "missing": "flag"}[name.split()[-1]]
        if " = " in name:
            assert kind == "level"


def test_the_median_of_the_training_rows_fills_new_ones():
    rows = invented()
    made = Median().fit(rows, seed=0)
    fresh = np.full((1, len(NAMES)), np.nan)
    assert not np.isnan(made.x).any()
    assert made.x.shape[1] == len(NAMES) - 1, "the flag is gone"
    assert made.apply(fresh)[0, 0] == np.nanmedian(rows.x[:, 0])
    kept = Median(flags=True).fit(rows, seed=0)
    np.testing.assert_array_equal(kept.x[:, 2], rows.x[:, 2])


def test_iterative_imputation_uses_what_other_columns_say():
    iterative = next(one for one in TREATMENTS if one.name == "iterative")
    chance = np.random.default_rng(0)
    first = chance.normal(0, 1, 300)
    x = np.column_stack([first, 2 * first + chance.normal(0, 0.1, 300)])
    truth = x[::5, 1].copy()
    x[::5, 1] = np.nan
    rows = Rows(x, np.tile([0.0, 1.0], 150), np.ones(300), ("number", "number"), ("a", "b"), x)
    filled = iterative.fit(rows, seed=0).x
    assert np.abs(filled[::5, 1] - truth).mean() < 0.2 < np.abs(np.nanmedian(x[:, 1]) - truth).mean()
    known = ~np.isnan(x)
    np.testing.assert_array_equal(filled[known], x[known])


def test_a_skewed_column_keeps_its_tail_and_loses_its_outliers():
    values = np.random.default_rng(0).lognormal(0.0, 0.7, 2000)
    _, boxed = adjusted_boxplot(values)
    _, deviated = median_deviation(values)
    usual = np.quantile(values, 0.75) + 1.5 * np.subtract(*np.quantile(values, (0.75, 0.25)))
    assert (values > boxed).mean() < 0.03 < (values > usual).mean(), "the usual boxplot calls the tail outliers"
    assert boxed > deviated
    assert boxed < 100


def test_outliers_that_were_put_there_are_found_and_capped():
    rows = invented()
    lines = {line["column"]: line for line in report(rows, adjusted_boxplot)}
    assert lines["income"]["above"] >= 7
    assert "debts" not in lines or lines["debts"]["share"] < 0.05
    assert not set(lines) & {"month", "city = A", "city weight"}
    capped = next(one for one in TREATMENTS if one.name == "cap_boxplot").fit(rows, seed=0)
    assert np.nanmax(capped.x[:, 0]) == pytest.approx(fences(rows, adjusted_boxplot).high[0])
    np.testing.assert_array_equal(np.isnan(capped.x), np.isnan(rows.x))
    inside = np.abs(rows.x[:, 1] - 10) < 2
    np.testing.assert_array_equal(capped.x[inside, 1], rows.x[inside, 1])


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e6, 1e6, width=32)))
def test_the_medcouple_is_bounded_and_turns_with_the_column(values):
    skew = medcouple(values)
    assert -1.0 <= skew <= 1.0
    assert medcouple(-values) == pytest.approx(-skew, abs=1e-9)
    assert medcouple(4.0 * values) == pytest.approx(skew, abs=1e-9)


def test_class_weights_level_the_outcomes_and_keep_the_sum():
    rows = invented()
    made = ClassWeights().fit(rows, seed=0)
    assert made.weight.sum() == pytest.approx(rows.weight.sum())
    assert made.weight[made.y == 1].sum() == pytest.approx(made.weight[made.y == 0].sum())


@pytest.mark.parametrize("treatment", [SMOTE, COPULA], ids=["smote", "copula"])
def test_synthetic_loans_are_of_the_rarer_outcome_and_look_like_it(treatment):
    rows = invented(1000)
    made = treatment.fit(rows, seed=0)
    n, few = len(rows.y), rows.x[rows.y == 1]
    np.testing.assert_array_equal(made.x[:n], rows.x)
    new = made.x[n:]
    assert (made.y[n:] == 1).all()
    assert made.y.mean() == 0.5
    low, high = np.nanmin(few, axis=0), np.nanmax(few, axis=0)
    seen = ~np.isnan(new)
    assert ((new >= low) & (new <= high))[seen].all()
    for column in (2, 5, 6, 8):
        assert np.isin(new[:, column][seen[:, column]], (0.0, 1.0)).all(), "0/1 columns stay so"
    np.testing.assert_array_equal(np.isnan(new[:, 0]), new[:, 2] == 1.0, "what is missing is flagged")
    assert np.isnan(new[:, 8]).mean() == pytest.approx(np.isnan(few[:, 8]).mean(), abs=0.05)
    middle = np.nanmedian(few[:, 1])
    assert np.nanmedian(new[:, 1]) == pytest.approx(middle, abs=0.6)


def test_a_point_of_smote_lies_between_two_rows():
    x = np.array([[0.0, 0.0], [10.0, 10.0]])
    made = smote(x, 30, np.random.default_rng(0))
    np.testing.assert_allclose(made[:, 0], made[:, 1])
    assert 0 < made.min() < made.max() < 10


def test_the_copula_keeps_dependence_and_whole_numbers():
    chance = np.random.default_rng(1)
    first = chance.normal(0, 1, 500)
    x = np.column_stack([np.exp(first), np.round(3 * first + chance.normal(0, 0.5, 500)), chance.integers(0, 4, 500)])
    made = Copula.fit(x).sample(2000, chance)
    rank = np.argsort(np.argsort(made, axis=0), axis=0)
    assert np.corrcoef(rank[:, 0], rank[:, 1])[0, 1] > 0.9
    assert abs(np.corrcoef(rank[:, 0], rank[:, 2])[0, 1]) < 0.15
    assert (made[:, 1] == np.round(made[:, 1])).all()


def test_too_few_or_equally_many_loans_are_not_multiplied():
    rows = invented(60)
    even = Rows(rows.x, np.tile([0.0, 1.0], 30), rows.weight, KINDS, NAMES, rows.plain)
    lone = Rows(rows.x, (np.arange(60) < 5).astype(float), rows.weight, KINDS, NAMES, rows.plain)
    for treatment in (SMOTE, COPULA):
        with pytest.raises(DoesNotApply, match="equally common"):
            treatment.fit(even, seed=0)
        with pytest.raises(DoesNotApply, match="fewer than"):
            treatment.fit(lone, seed=0)


def test_signs_follow_clear_directions_and_leave_humps_and_noise_alone():
    chance = np.random.default_rng(0)
    x = chance.normal(0, 1, (3000, 4))
    x[::7, 0] = np.nan
    odds = np.nan_to_num(x[:, 0]) - x[:, 1] + 2 * np.abs(x[:, 2])
    y = (chance.random(3000) < 1 / (1 + np.exp(2 - odds))).astype(float)
    assert signs(x, y).tolist() == [1, -1, 0, 0]
    assert signs(x, 1 - y).tolist() == [-1, 1, 0, 0]


def test_monotone_signs_bind_the_rungs_that_take_them():
    from loanbook.models.risk.boosting import Boosting

    chance = np.random.default_rng(0)
    x = chance.normal(0, 1, (800, 2))
    y = (chance.random(800) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)
    rows = Rows(x, y, np.ones(800), ("number", "number"), ("a", "b"), x)
    made = next(one for one in TREATMENTS if one.name == "monotone").fit(rows, seed=0)
    assert made.settings["monotone"][0] == 1
    scorer = Boosting(most_trees=30).set_params(**made.settings).fit(x, y).scorer_
    along = np.column_stack([np.linspace(-3, 3, 200), np.zeros(200)])
    assert (np.diff(scorer.margin(along)) >= 0).all()

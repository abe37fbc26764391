"""Columns known only later are caught on real loans, and honest tables are left in peace."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from loanbook.data.inference import infer_table
from loanbook.data.leakage import suspects

LEAKS = {"term_months", "charge_off_date", "charged_off", "balance", "disbursement_date", "disbursed"}


def found(frame, y, **more):
    return {one.column: one for one in suspects(frame, np.asarray(y, float), types=infer_table(frame), **more)}


def bad_loans(frame):
    return (frame["status"] == "charged_off").to_numpy().astype(float)


@pytest.fixture
def honest():
    """3,000 loans whose outcome depends on four of their eight honest figures, and codes that mean nothing."""
    rng = np.random.default_rng(1)
    figures = rng.normal(size=(3000, 8)).round(3)
    y = (rng.random(3000) < 1 / (1 + np.exp(1.5 - figures @ [1.5, -1, 0.8, 0.5, 0, 0, 0, 0]))).astype(float)
    frame = pl.DataFrame({f"figure_{place}": figures[:, place] for place in range(8)}).with_columns(
        branch=pl.Series(rng.integers(0, 400, 3000)),
        age=pl.Series(rng.integers(18, 80, 3000)),
        closing_costs=pl.Series(rng.normal(size=3000)),
        approved_on=pl.Series(np.datetime64("2005-01-01") + rng.integers(0, 900, 3000).astype("timedelta64[D]")),
        birth=pl.Series(np.datetime64("1970-01-01") + rng.integers(0, 9000, 3000).astype("timedelta64[D]")),
    )
    return frame, y


@pytest.mark.parametrize("every", [1, 10])
def test_the_leaks_of_the_real_loans_are_caught_and_nothing_else(sample, every):
    frame = pl.read_parquet(sample).gather_every(every)
    caught = found(frame, bad_loans(frame), time="approval_date", exclude=["status", "loan_number"])
    assert caught.keys() == LEAKS
    assert caught["term_months"].kind == "exact"
    assert caught["charge_off_date"].kind == caught["charged_off"].kind == "presence"
    assert caught["disbursement_date"].kind == "later"


def test_the_evidence_is_one_sentence_with_figures(sample):
    frame = pl.read_parquet(sample)
    caught = found(frame, bad_loans(frame), time="approval_date", exclude=["status", "loan_number"])
    assert caught["charge_off_date"].evidence == "filled for 100% of the bad loans and for 0.9% of the others"
    assert caught["term_months"].evidence == (
        "its exact values tell bad loans from good ones (AUC 0.96) far better than their order (AUC 0.82),"
        " as if it were rewritten for one of them"
    )
    assert caught["disbursement_date"].evidence == "lies after approval_date in 99.9% of the rows"
    assert caught["balance"].evidence.endswith("it is 0.0 in 99.9% of the rows")


def test_tables_of_text_give_the_same_suspects(small_sample):
    frame = small_sample.select(pl.all().cast(pl.String))
    caught = found(frame, bad_loans(frame), time="approval_date", exclude=["status", "loan_number"])
    assert caught.keys() == LEAKS


def test_without_its_leaks_the_real_table_is_clean(small_sample):
    frame = small_sample.drop(LEAKS)
    assert found(frame, bad_loans(frame), time="approval_date", exclude=["status"]) == {}


def test_honest_figures_are_left_in_peace(honest):
    frame, y = honest
    assert found(frame, y) == {}
    assert found(frame[:300], y[:300]) == {}


def test_repeated_rows_do_not_make_honest_columns_suspect(honest):
    frame, y = honest
    again = np.concatenate([np.arange(3000), np.repeat(np.flatnonzero(y), 5)])
    assert found(frame[again.tolist()], y[again]) == {}


def test_rows_of_the_same_customer_do_not_make_honest_columns_suspect():
    rng = np.random.default_rng(2)
    customer = np.repeat(np.arange(800), 12)
    y = (rng.random(800) < 0.2).astype(float)[customer]
    columns = {name: rng.normal(size=800)[customer] for name in ("income", "debt", "age", "score")}
    assert found(pl.DataFrame(columns | {"month": rng.normal(size=9600)}), y) == {}


def planted(honest):
    frame, y = honest
    rng = np.random.default_rng(3)
    n = len(y)
    day = np.datetime64("2006-01-01")
    yes = y == 1
    round_terms = rng.choice([60, 84, 120, 240], n)
    return {
        "exit_day": ("presence", pl.Series([date(2009, 1, 1) if bad else None for bad in yes])),
        "fee": ("presence", pl.Series(np.where(yes & (rng.random(n) < 0.5), rng.random(n), 0.0))),
        "months": ("exact", pl.Series(np.where(yes, round_terms - rng.integers(1, 40, n), round_terms))),
        "label": ("copy", pl.Series(np.where(yes, "lost", "kept"))),
        "state": ("region", pl.Series(np.where(yes & (rng.random(n) < 0.4), "agency", rng.choice(["a", "b"], n)))),
        "talk": ("region", pl.Series(rng.gamma(2, 100, n) + np.where(yes, 250, 0))),
        "paid_out_on": ("later", pl.Series(day + rng.integers(905, 1000, n))),
        "last_payment": ("name", pl.Series(rng.normal(size=n) - yes)),
        "total_pymnt": ("name", pl.Series(rng.normal(size=n) - yes)),
        "principal_repaid": ("name", pl.Series(rng.normal(size=n) - yes)),
        "written_off": ("name", pl.Series(rng.normal(size=n))),
        "outstanding": ("name", pl.Series([0.0] * n)),
        "disbursed": ("name", frame["figure_7"] + pl.Series((rng.random(n) < 0.3) * 1.0)),
    }


@pytest.mark.parametrize(
    "leak",
    [
        *("exit_day", "fee", "months", "label", "state", "talk", "paid_out_on"),
        *("last_payment", "total_pymnt", "principal_repaid", "written_off", "outstanding", "disbursed"),
    ],
)
def test_each_kind_of_leak_is_caught_and_named_alone(honest, leak):
    frame, y = honest
    kind, column = planted(honest)[leak]
    caught = found(frame.with_columns(column.alias(leak)), y, time="approved_on")
    assert {name: one.kind for name, one in caught.items()} == {leak: kind}


@pytest.mark.parametrize("how", ["plus", "minus", "out of"])
def test_a_sum_with_a_leak_in_it_is_caught_and_its_honest_part_is_not(honest, how):
    frame, y = honest
    months = planted(honest)["months"][1].cast(pl.Float64)
    opened = pl.Series(np.random.default_rng(5).integers(15_000, 15_060, len(y)).astype(float))
    made = {"plus": opened + months, "minus": opened - months, "out of": months - opened}[how]
    caught = found(frame.with_columns(months=months, opened=opened, end=made), y, time="approved_on")
    assert {name: one.kind for name, one in caught.items()} == {"months": "exact", "end": "computed"}
    assert "months" in caught["end"].evidence


def test_honest_sums_are_left_in_peace(honest):
    frame, y = honest
    sums = frame.with_columns(
        months=planted(honest)["months"][1], total=pl.col("figure_0") + pl.col("figure_1"), twin=pl.col("figure_2")
    )
    assert found(sums, y).keys() == {"months"}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("maturity_date", [date(2020, 1, 1) + timedelta(days=day) for day in range(3000)]),
        ("prior_charge_offs", [0, 0, 1] * 1000),
        ("balance", list(range(3000))),
        ("customer", [f"c{number}" for number in range(3000)]),
        ("empty", [None] * 3000),
        ("constant", [1] * 3000),
        ("odd", [[1, 2]] * 3000),
    ],
)
def test_innocent_columns_stay_innocent(honest, name, values):
    frame, y = honest
    assert found(frame.with_columns(pl.Series(name, values)), y, time="approved_on") == {}


def test_the_decision_day_is_known_by_its_name_even_as_a_number():
    rng = np.random.default_rng(4)
    day = rng.integers(15_000, 17_000, 400)
    frame = pl.DataFrame({"ApprovalDate": day, "DisbursementDate": day + rng.integers(1, 200, 400)})
    caught = found(frame, rng.random(400) < 0.3)
    assert caught["DisbursementDate"].kind == "later"


@pytest.mark.parametrize("y", [np.zeros(5), np.ones(5)])
def test_without_both_outcomes_there_is_nothing_to_say(y):
    assert found(pl.DataFrame({"charged_off": [0.0] * 5}), y) == {}
    assert found(pl.DataFrame(), np.zeros(0)) == {}

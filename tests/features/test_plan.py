"""One plan: fitted on training rows only, the same bits for a row, a batch and a stream."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loanbook.data.contract import Contract
from loanbook.data.inference import ColumnType, infer_table
from loanbook.errors import RowRefused
from loanbook.features.lookups import weight_tables
from loanbook.features.plan import Plan, group_sums
from loanbook.features.ratios import ratios, words
from loanbook.features.training import special_codes

DRAW = np.random.default_rng(3)
ROWS = 600
TABLE = pl.DataFrame(
    {
        "amount": DRAW.lognormal(10, 1, ROWS).round(2),
        "employees": [None if number % 11 == 0 else int(number % 40) for number in range(ROWS)],
        "score": [9999 if number % 50 == 0 else int(number % 300) for number in range(ROWS)],
        "zip": [10_000 + 137 * (number % 500) for number in range(ROWS)],
        "state": [("CA", "NY", "TX", None)[number % 4] for number in range(ROWS)],
        "bank": [f"bank {number % 140}" for number in range(ROWS)],
        "asked": [f"200{number % 8}-0{1 + number % 9}-1{number % 10}" for number in range(ROWS)],
        "born": [f"19{50 + number % 40}-06-15" for number in range(ROWS)],
        "always": ["x"] * ROWS,
    }
)
BAD = (DRAW.random(ROWS) < 0.3).astype(float)
CONTRACT = Contract.learn(TABLE, infer_table(TABLE))
CODES = CONTRACT.code_table(TABLE).values
PLAN, TRAINED_ON = Plan.fit(CONTRACT, CODES, BAD, time="asked", amount="amount")


def column(name: str) -> int:
    return PLAN.names.index(name)


def test_the_features_are_what_lending_expects():
    assert {
        "amount", "employees missing", "amount_per_employee", "asked month", "asked weekday", "days since born",
        "state weight", "state = CA", "bank weight", "zip district 100", "zip district 1000",
    } <= set(PLAN.names)  # fmt: skip
    assert not any("always" in name for name in PLAN.names)


def test_every_feature_belongs_to_one_group_and_every_group_has_its_first_column():
    assert len(PLAN.group_of) == len(PLAN.names)
    for number, group in enumerate(PLAN.groups):
        assert PLAN.group_of[group.column] == number
        assert set(group.fields) <= set(CONTRACT.names)


def test_special_codes_become_missing_and_ratios_divide():
    x = PLAN.transform(CODES)
    nines = (TABLE["score"] == 9999).to_numpy()
    assert np.isnan(x[nines, column("score")]).all()
    assert (x[nines, column("score missing")] == 1).all()
    with np.errstate(divide="ignore"):
        right = TABLE["amount"].to_numpy() / TABLE["employees"].cast(pl.Float64).to_numpy()
    right[~np.isfinite(right)] = np.nan
    assert np.array_equal(x[:, column("amount_per_employee")], right, equal_nan=True)


def test_the_calendar_is_right():
    x = PLAN.transform(CODES)
    dates = TABLE["asked"].str.to_date()
    assert x[:, column("asked month")].tolist() == dates.dt.month().to_list()
    assert x[:, column("asked weekday")].tolist() == (dates.dt.weekday() - 1).to_list()


def test_training_rows_do_not_see_their_own_outcome():
    """On pure noise, weights learned in place would tell good from bad; weights from the other folds do not."""
    levels = np.arange(ROWS) % 300
    table = pl.DataFrame({"town": [f"t{level}" for level in levels]}).vstack(
        pl.DataFrame({"town": [f"t{level}" for level in levels] * 4})
    )
    bad = (np.random.default_rng(1).random(table.height) < 0.5).astype(float)
    contract = Contract.learn(table, infer_table(table))
    codes = contract.code_table(table).values
    plan, x = Plan.fit(contract, codes, bad)
    in_place = plan.transform(codes)
    assert np.corrcoef(in_place[:, 0], bad)[0, 1] > 0.3
    assert abs(np.corrcoef(x[:, 0], bad)[0, 1]) < 0.1


def test_weights_of_evidence_are_as_defined():
    levels = np.array([[2], [2], [2], [3], [3], [0]])
    table = weight_tables(levels, np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0]), [(0.0,) * 4])[0]
    share = 2.5 / 7.0
    expected = np.log((2 + 20 * share) / (1 + 20 * (1 - share))) - np.log(share / (1 - share))
    assert table[2] == pytest.approx(expected)
    assert table[1] == pytest.approx(0.0)
    assert table[3] < 0 < table[2]


def test_the_plan_survives_json_bit_for_bit():
    again = Plan.from_json(json.loads(json.dumps(PLAN.to_json())))
    assert again == PLAN
    assert again.transform(CODES).tobytes() == PLAN.transform(CODES).tobytes()


def test_fitting_twice_gives_the_same_plan():
    again, x = Plan.fit(CONTRACT, CODES, BAD, time="asked", amount="amount")
    assert again == PLAN
    assert x.tobytes() == TRAINED_ON.tobytes()


rows = st.fixed_dictionaries(
    {
        "amount": st.one_of(st.floats(0, 1e6), st.text(max_size=4), st.none()),
        "employees": st.one_of(st.none(), st.integers(0, 60), st.just("")),
        "score": st.one_of(st.integers(0, 300), st.just(9999)),
        "zip": st.integers(0, 99_999),
        "state": st.sampled_from(["CA", "NY", "TX", "??", None]),
        "bank": st.one_of(st.sampled_from(["bank 1", "bank 77"]), st.text(max_size=5)),
        "asked": st.sampled_from(["2003-04-05", "2007-12-31", "1900-01-01", "soon"]),
        "born": st.one_of(st.none(), st.just("1960-02-29")),
        "always": st.just("x"),
    }
)


@settings(max_examples=100, deadline=None)
@given(st.lists(rows, min_size=1, max_size=20), st.integers(1, 7))
def test_one_row_a_batch_and_a_stream_give_the_same_bits(given_rows, size):
    texts = [{name: None if value is None else str(value) for name, value in row.items()} for row in given_rows]
    table = pl.DataFrame(texts, schema=dict.fromkeys(CONTRACT.names, pl.String))
    batch = PLAN.transform(CONTRACT.code_table(table).values)
    stream = [PLAN.transform(CONTRACT.code_table(table[at : at + size]).values) for at in range(0, table.height, size)]
    assert np.vstack(stream).tobytes() == batch.tobytes()
    for at, row in enumerate(texts):
        try:
            codes = CONTRACT.code_row(row)
        except RowRefused:
            continue
        assert PLAN.transform(codes[None, :])[0].tobytes() == batch[at].tobytes()


def test_group_sums_add_up():
    x = np.arange(12.0).reshape(2, 6)
    groups = PLAN.groups[:2]
    assert group_sums(x, np.array([0, 1, 0, 1, 0, 1]), groups).tolist() == [[6.0, 9.0], [24.0, 27.0]]


@pytest.mark.parametrize(
    ("values", "found"),
    [([1, 2, 3, 999], (999.0,)), ([-1, 0, 4, 9], (-1.0,)), ([-2, -1, 0, 9], ()), ([97, 98, 99], ()), ([5], ())],
)
def test_special_codes(values, found):
    assert special_codes(np.array(values, float)) == found


def test_a_town_that_is_rare_or_new_is_not_a_town_that_is_missing():
    towns = [None if row % 4 == 0 else f"town {row}" if row % 4 == 1 else "Metropolis" for row in range(ROWS)]
    bad = np.array([float(row % 4 == 1) for row in range(ROWS)])
    contract = Contract.learn(pl.DataFrame({"town": towns}), {"town": ColumnType("category")})
    plan, _ = Plan.fit(contract, contract.code_table(pl.DataFrame({"town": towns})).values, bad)
    rare, new, missing = (
        plan.transform(contract.code_row({"town": town})[None, :])[0, plan.names.index("town weight")]
        for town in ("town 1", "Utopia", None)
    )
    assert rare == new > 2.0
    assert missing < -1.0


def test_ratios_pair_months_with_months():
    names = ["LIMIT_BAL", *(f"BILL_AMT{n}" for n in (1, 2)), *(f"PAY_AMT{n}" for n in (1, 2))]
    made = {ratio.name: (ratio.numerator, ratio.denominator) for ratio in ratios(names)}
    assert made["pay_amt2_to_bill"] == ("PAY_AMT2", "BILL_AMT2")
    assert made["bill_amt1_to_limit"] == ("BILL_AMT1", "LIMIT_BAL")
    assert words("Größe (m²)") != ""


def test_names_in_any_language_keep_their_letters_in_titles_and_codes():
    table = TABLE.select("amount", État=pl.col("state"), größe=pl.col("score"), 收入=pl.col("employees"))
    contract = Contract.learn(table, infer_table(table))
    plan, _ = Plan.fit(contract, contract.code_table(table).values, BAD)
    said = {group.name: (group.code, group.title) for group in plan.groups}
    assert said["État"] == ("ETAT", "État")
    assert said["größe"] == ("GROSSE", "Größe")
    assert said["收入"] == ("收入", "收入")

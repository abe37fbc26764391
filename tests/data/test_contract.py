"""Wherever a row enters: one definition of what a cell may hold."""

import datetime as dt
import json
import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loanbook.data.contract import Contract
from loanbook.data.fields import Breach
from loanbook.data.inference import ColumnType, infer_table
from loanbook.errors import DataError, RowRefused

ROWS = 400
TABLE = pl.DataFrame(
    {
        "id": [f"L{number}" for number in range(ROWS)],
        "amount": [1000.0 + 37 * number for number in range(ROWS)],
        "staff": [None if number % 7 == 0 else number % 90 for number in range(ROWS)],
        "state": [("CA", "NY", "TX")[number % 3] for number in range(ROWS)],
        "town": [f"town {number % 150}" for number in range(ROWS)],
        "owner": [number % 2 == 0 for number in range(ROWS)],
        "asked": [dt.date(2000, 1, 1) + dt.timedelta(days=5 * number) for number in range(ROWS)],
    }
)
CONTRACT = Contract.learn(TABLE, infer_table(TABLE), id="id")
GOOD = TABLE.drop("id").row(5, named=True)


def refused(**changes) -> dict[str, str]:
    with pytest.raises(RowRefused) as caught:
        CONTRACT.code_row({**GOOD, **changes})
    return {problem.field: problem.message for problem in caught.value.problems}


def test_the_training_table_keeps_its_own_contract():
    assert CONTRACT.code_table(TABLE).problems == {}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("amount", "12 apples", "not a number"),
        ("amount", None, "must not be missing"),
        ("amount", -1, "below 0"),
        ("amount", 1e9, "above"),
        ("amount", float("inf"), "not a finite number"),
        ("amount", True, "not a number"),
        ("amount", [1], "not a number"),
        ("amount", 10**400, "not a finite number"),
        ("state", "CALIFORNIA", "not one of the 3 known values"),
        ("state", "ca", "the nearest is 'CA'"),
        ("state", {"a": 1}, "not text"),
        ("owner", "perhaps", "neither true nor false"),
        ("asked", "1926-03-01", "before"),
        ("asked", "2926-03-01", "after"),
        ("asked", "2001-02-30", "not a date"),
        ("asked", 12.5, "not a date"),
    ],
)
def test_a_wrong_cell_is_refused_and_named(field, value, said):
    found = refused(**{field: value})
    assert list(found) == [field]
    assert said in found[field]


def test_every_wrong_field_is_named_at_once():
    assert set(refused(amount="x", state="??", asked="never")) == {"amount", "state", "asked"}


def test_an_unknown_field_is_named_with_the_nearest():
    assert "the nearest is 'amount'" in refused(ammount=3)["ammount"]


def test_columns_of_the_training_table_that_no_model_sees_may_be_there():
    assert len(CONTRACT.code_row({**GOOD, "id": "L900"})) == len(CONTRACT.fields)


def test_an_open_category_takes_what_is_new_and_a_closed_one_does_not():
    fields = {field.name: field for field in CONTRACT.fields}
    assert fields["state"].closed
    assert not fields["town"].closed
    assert fields["town"].code("a town nobody has heard of") == -1.0


def test_missing_is_allowed_where_training_rows_were_missing():
    assert np.isnan(CONTRACT.code_row({**GOOD, "staff": None})[CONTRACT.names.index("staff")])


def test_an_impossible_date_does_not_make_itself_possible():
    table = TABLE.with_columns(asked=pl.when(pl.col("id") == "L9").then(pl.date(1926, 1, 1)).otherwise(pl.col("asked")))
    contract = Contract.learn(table, infer_table(table), id="id")
    assert list(contract.code_table(table).problems) == [9]


def test_text_in_a_number_column_does_not_make_it_optional():
    table = pl.DataFrame({"amount": [str(number) for number in range(200)] + ["n.v."]})
    contract = Contract.learn(table, {"amount": ColumnType("integer")})
    assert contract.fields[0].required
    assert list(contract.code_table(table).problems) == [200]


def test_a_missing_column_is_named_with_what_there_is():
    with pytest.raises(DataError, match="the nearest it has is 'amounts'"):
        CONTRACT.code_table(TABLE.rename({"amount": "amounts"}))


def test_the_contract_survives_json():
    again = Contract.from_json(json.loads(json.dumps(CONTRACT.to_json())))
    assert again == CONTRACT
    assert again.code_table(TABLE).values.tobytes() == CONTRACT.code_table(TABLE).values.tobytes()


def test_the_schema_describes_an_application():
    schema = CONTRACT.schema()
    assert set(schema["required"]) == {"amount", "state", "town", "owner", "asked"}
    assert schema["properties"]["staff"]["type"] == ["number", "null"]
    assert schema["properties"]["state"]["enum"] == ["CA", "NY", "TX"]


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["", "NA", " 12 ", "1e3", "1_000", "inf", "NaN", "CA", "ca ", "town 3", "true", "No", "2001-05-05"]
    ),
    st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)).map(lambda day: day.isoformat()),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(CONTRACT.names, cells)), min_size=1, max_size=6))
def test_a_table_is_read_as_its_rows_are(rows):
    """Each column as text, the way a CSV has it: same codes, same refusals, same sentences."""
    texts = [{name: None if value is None else str(value) for name, value in row.items()} for row in rows]
    coded = CONTRACT.code_table(pl.DataFrame(texts, schema=dict.fromkeys(CONTRACT.names, pl.String)))
    for at, row in enumerate(texts):
        if at in coded.problems:
            with pytest.raises(RowRefused) as refusal:
                CONTRACT.code_row(row)
            assert coded.problems[at] == refusal.value.problems
        else:
            assert coded.values[at].tobytes() == CONTRACT.code_row(row).tobytes()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(), st.integers(-(2**62), 2**62).map(float)), min_size=1, max_size=8),
    st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=8),
)
def test_native_numbers_are_read_as_their_cells_are(decimals, integers):
    for column in (pl.Series("amount", decimals, pl.Float64), pl.Series("amount", integers, pl.Int64)):
        field = CONTRACT.fields[CONTRACT.names.index("amount")]
        codes, problems = field.codes(column)
        for at, value in enumerate(column.to_list()):
            if at in problems:
                with pytest.raises(Breach, match=re.escape(problems[at])):
                    field.code(value)
            else:
                assert np.float64(field.code(value)).tobytes() == codes[at].tobytes()

"""One application read fast is read as the contract reads it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanbook.data.contract import Contract
from loanbook.data.fields import BooleanField, CategoryField, DateField, NumberField
from loanbook.data.rows import RowReader
from loanbook.errors import RowRefused

CONTRACT = Contract(
    (
        NumberField("amount", "decimal", required=True, low=0.0, high=5e6),
        NumberField("employees", "integer", required=False, low=-math.inf, high=math.inf),
        CategoryField("state", "category", required=False, levels=("1", "CA", "NY", "true"), closed=True),
        CategoryField("city", "category", required=False, levels=("MIAMI", "none"), closed=False),
        DateField("approved", "date", required=False, low=0.0, high=20_000.0, format="%d/%m/%Y"),
        BooleanField("owns_home", "boolean", required=False),
    ),
    id="loan",
    known=("loan", "status"),
)
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["CA", " CA ", "1", "1.0", 1, 1.0, "none", "MIAMI", "31/01/2008", "2008-01-31", "yes", "0", "N/A"]),
)
ROWS = st.dictionaries(st.sampled_from([*CONTRACT.names, "loan", "amout"]), CELLS, max_size=8)
READER = RowReader(CONTRACT)


def read(way, row):
    try:
        return [None if math.isnan(code) else (code, math.copysign(1, code)) for code in way(row)]
    except RowRefused as error:
        return str(error)


@given(ROWS)
def test_every_application_is_read_as_the_contract_reads_it(row):
    wanted = read(CONTRACT.code_row, row)
    assert read(READER.codes, row) == wanted
    assert read(READER.codes, row) == wanted  # and so it is the second time


def test_every_wrong_field_is_named_at_once():
    with pytest.raises(RowRefused) as caught:
        READER.codes({"amount": -1, "state": "TX", "cty": "MIAMI"})
    assert [problem.field for problem in caught.value.problems] == ["amount", "cty", "state"]


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr("loanbook.data.rows._REMEMBERED", 3)
    reader = RowReader(CONTRACT)
    towns = [f"TOWN {number}" for number in range(9)] * 2
    assert {reader.codes({"amount": 1, "city": town})[3] for town in towns} == {-1.0}
    kept = reader._fields[3][1].__closure__
    assert max(len(cell.cell_contents) for cell in kept if isinstance(cell.cell_contents, dict)) == 5

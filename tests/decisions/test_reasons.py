from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loanbook.data.contract import Contract
from loanbook.data.inference import ColumnType
from loanbook.decisions.reasons import LEAST, MOST, Reasoner
from loanbook.features.encodings import Calendar, Feature
from loanbook.features.groups import Group
from loanbook.features.plan import Plan

TYPES = {
    "amount": ColumnType("decimal"),
    "employees": ColumnType("integer"),
    "state": ColumnType("category"),
    "zip_code": ColumnType("integer"),
    "owner": ColumnType("boolean"),
    "founded": ColumnType("date"),
    "approved": ColumnType("date"),
    "bank_state": ColumnType("category"),
}


def group(name, code, kind, fields, median=None):
    return Group(name, code, name.replace("_", " ").capitalize(), kind, fields, 0, median)


GROUPS = (
    group("amount", "AMOUNT", "number", ("amount",), 1000.0),
    group("employees", "EMPLOYEES", "number", ("employees",), 4.0),
    group("amount_per_employee", "AMOUNT_TO_EMPLOYEES", "ratio", ("amount", "employees"), 250.0),
    group("state", "STATE", "category", ("state",)),
    group("zip_code", "ZIP_CODE", "number", ("zip_code",), 50_000.0),
    group("owner", "OWNER", "boolean", ("owner",)),
    group("founded", "FOUNDED", "date", ("founded",), 10_000.0),
    group("approved", "APPROVED", "date", ("approved",), 12_000.0),
    group("state_is_bank_state", "STATE_IS_BANK_STATE", "same", ("state", "bank_state")),
)

ROW = {
    "amount": 5000.0,
    "employees": 2,
    "state": "NV",
    "zip_code": 89101,
    "owner": False,
    "founded": "2001-05-01",
    "approved": "2003-05-01",
    "bank_state": "CA",
}


@pytest.fixture(scope="module")
def reasoner():
    rows = [{**ROW, "state": state, "bank_state": state, "owner": True} for state in ("NV", "CA", "NY")] * 100
    rows += [dict.fromkeys(ROW)] * 100
    contract = Contract.learn(pl.DataFrame(rows, strict=False), TYPES)
    contract = replace(
        contract,
        fields=tuple(
            replace(field, low=-np.inf, high=np.inf) if hasattr(field, "low") else field for field in contract.fields
        ),
    )
    specials = tuple((9999.0,) if name == "employees" else () for name in contract.names)
    season = Calendar((Feature("approved month", "approved"), Feature("approved weekday", "approved")), 6)
    return Reasoner(contract, Plan(contract.names, specials, (season,), GROUPS))


def only(reasoner, name, row):
    place = [one.name for one in GROUPS].index(name)
    contributions = np.zeros(len(GROUPS))
    contributions[place] = 0.5
    (reason,) = reasoner.principal(reasoner.contract.code_row(row), contributions)
    return reason


@pytest.mark.parametrize(
    ("name", "more", "code", "value", "text"),
    [
        ("amount", {}, "AMOUNT_HIGH", 5000.0, "The amount asked for is higher than usual"),
        ("amount", {"amount": 10}, "AMOUNT_LOW", 10.0, "The amount asked for is lower than usual"),
        ("amount", {"amount": None}, "AMOUNT_MISSING", None, "Amount was not given"),
        ("employees", {"employees": 9}, "EMPLOYEES_HIGH", 9, "Employees is higher than usual"),
        ("employees", {"employees": 4}, "EMPLOYEES_VALUE", 4, "Employees 4: such loans have gone bad more often"),
        ("employees", {"employees": 9999}, "EMPLOYEES_MISSING", None, "Employees was not given"),
        (
            "amount_per_employee",
            {},
            "AMOUNT_TO_EMPLOYEES_HIGH",
            2500.0,
            "The amount asked for is high for the size of the business",
        ),
        (
            "amount_per_employee",
            {"employees": 0},
            "AMOUNT_TO_EMPLOYEES_MISSING",
            None,
            "Amount per employee is not known",
        ),
        ("state", {}, "STATE_RISKY", "NV", "State NV: such loans have gone bad more often"),
        ("state", {"state": None}, "STATE_MISSING", None, "State was not given"),
        ("zip_code", {}, "ZIP_CODE_RISKY", 89101, "Zip code 89101: such loans have gone bad more often"),
        ("owner", {}, "OWNER_NO", False, "Owner: no"),
        ("founded", {}, "FOUNDED_LATE", "2001-05-01", "Founded is later than usual"),
        ("founded", {"founded": "1990-01-01"}, "FOUNDED_EARLY", "1990-01-01", "Founded is earlier than usual"),
        (
            "approved",
            {},
            "APPROVED_SEASON",
            "2003-05-01",
            "Asked for on 2003-05-01: loans of this month and weekday have gone bad more often",
        ),
        ("state_is_bank_state", {}, "STATE_IS_BANK_STATE_DIFFER", False, "State and bank state differ"),
        (
            "state_is_bank_state",
            {"bank_state": "NV"},
            "STATE_IS_BANK_STATE_EQUAL",
            True,
            "State and bank state are the same",
        ),
    ],
)
def test_each_kind_of_value_is_named_for_what_it_is(reasoner, name, more, code, value, text):
    reason = only(reasoner, name, {**ROW, **more})
    assert (reason.code, reason.feature, reason.value, reason.text) == (code, name, value, text)
    assert reason.contribution == 0.5


def test_the_lender_chooses_the_words(reasoner):
    own = replace(reasoner, texts={"STATE_RISKY": "We know this state too well"})
    assert only(own, "state", ROW).text == "We know this state too well"
    assert only(own, "amount", ROW).text == "The amount asked for is higher than usual"


@given(st.lists(st.floats(-3, 3), min_size=len(GROUPS), max_size=len(GROUPS)))
def test_only_what_spoke_against_the_applicant_is_named_largest_first(reasoner, contributions):
    assume(max(contributions) > LEAST)
    found = reasoner.principal(reasoner.contract.code_row(ROW), np.array(contributions))
    assert len(found) <= MOST
    said = [reason.contribution for reason in found]
    assert said == sorted((one for one in contributions if one > LEAST), reverse=True)[:MOST]
    assert len({reason.feature for reason in found}) == len(found)


@given(st.lists(st.lists(st.floats(-3, 3), min_size=len(GROUPS), max_size=len(GROUPS)), min_size=1, max_size=5))
def test_many_applications_are_told_what_one_is_told(reasoner, moved):
    rows = [{**ROW, **more} for more in ({}, {"employees": 0}, {"state": None}, {"founded": "1990-01-01"}, {})]
    rows = rows[: len(moved)]
    codes = np.array([reasoner.contract.code_row(row) for row in rows])
    found = reasoner.sentences(codes, np.array(moved), rows)
    about = zip(codes, np.array(moved), rows, strict=True)
    assert found == [[reason.text for reason in reasoner.principal(*one)] for one in about]


def test_where_nothing_spoke_against_the_applicant_the_weakest_support_is_the_reason(reasoner):
    contributions = np.array([-0.9, -0.1, 0.0, -0.5, -0.2, -0.3, -0.4, -0.6, -0.7])
    (reason,) = reasoner.principal(reasoner.contract.code_row(ROW), contributions)
    assert (reason.code, reason.contribution) == ("EMPLOYEES_WEAK", -0.1)
    assert reason.text == "Employees (2) does not speak for the loan strongly enough"
    assert reasoner.principal(reasoner.contract.code_row(ROW), np.zeros(len(GROUPS))) == ()


def test_what_hardly_moved_the_odds_is_no_reason(reasoner):
    contributions = np.array([0.009, 0.5, LEAST, 0.0101, -2.0, 0.0, 0.0, 0.0, 0.0])
    found = reasoner.principal(reasoner.contract.code_row(ROW), contributions)
    assert [reason.contribution for reason in found] == [0.5, 0.0101]
    (weak,) = reasoner.principal(reasoner.contract.code_row(ROW), np.where(contributions > 0.01, 0.0, contributions))
    assert (weak.code, weak.contribution) == ("AMOUNT_TO_EMPLOYEES_WEAK", LEAST)


def opened(reasoner):
    """The same with a state that may be anything: one that has no code of its own is pooled."""
    fields = tuple(
        replace(field, closed=False) if field.name == "state" else field for field in reasoner.contract.fields
    )
    return replace(reasoner, contract=replace(reasoner.contract, fields=fields))


def test_a_category_without_a_code_is_called_what_the_applicant_called_it(reasoner):
    open_ = opened(reasoner)
    assert open_.open_fields == ("state",)
    row = {**ROW, "state": " Puerto Rico "}
    codes = open_.contract.code_row(row)
    contributions = np.where(np.arange(len(GROUPS)) == 3, 0.5, 0.0)
    (reason,) = open_.principal(codes, contributions, row)
    assert (reason.code, reason.value) == ("STATE_RARE", "Puerto Rico")
    assert reason.text == "State Puerto Rico: seldom seen before, and such loans have gone bad more often"
    (known,) = open_.principal(open_.contract.code_row(ROW), contributions, ROW)
    assert (known.code, known.value) == ("STATE_RISKY", "NV")


def test_without_the_application_a_pooled_category_is_said_to_be_one(reasoner):
    open_ = opened(reasoner)
    codes = open_.contract.code_row({**ROW, "state": "Puerto Rico"})
    (reason,) = open_.principal(codes, np.where(np.arange(len(GROUPS)) == 3, 0.5, 0.0))
    assert (reason.code, reason.value) == ("STATE_RARE", "(rare or new)")


def test_a_number_below_zero_is_no_pooled_category(reasoner):
    assert only(reasoner, "zip_code", {**ROW, "zip_code": -5}).code == "ZIP_CODE_RISKY"


def test_a_long_value_is_cut_in_the_sentence_only(reasoner):
    open_ = opened(reasoner)
    row = {**ROW, "state": "x" * 500}
    contributions = np.where(np.arange(len(GROUPS)) == 3, 0.5, 0.0)
    (reason,) = open_.principal(open_.contract.code_row(row), contributions, row)
    assert reason.value == "x" * 500
    assert len(reason.text) < 150

"""Every mistake is found in its column, and a good table is left alone."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from loanbook.data.contract import Contract
from loanbook.data.inference import infer_table
from loanbook.data.quality import Finding, Profile, check
from loanbook.data.sources import read

KNOWN_LATER = [
    *("term_months", "charge_off_date", "charged_off", "balance"),
    *("disbursed", "disbursement_date", "status"),
]
ROW_BREACHES = {"missing", "range", "unseen_category"}


def _load_defects() -> ModuleType:
    spec = importlib.util.spec_from_file_location("defects", Path(__file__).with_name("defects.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules.setdefault("defects", importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


DEFECTS = _load_defects().DEFECTS


@dataclass(frozen=True)
class Case:
    """A contract and a profile learned from one part of a table, to hold another part against."""

    contract: Contract
    reference: Profile

    @classmethod
    def learn(cls, frame: pl.DataFrame) -> Case:
        contract = Contract.learn(frame, infer_table(frame), id="loan_number")
        # As an artefact would store it.
        stored = json.loads(json.dumps(Profile.learn(frame, contract, id="loan_number").to_json()))
        return cls(contract, Profile.from_json(stored))

    def check(self, frame: pl.DataFrame) -> list[Finding]:
        return check(frame, self.contract, reference=self.reference, id="loan_number", time="approval_date")

    def errors(self, frame: pl.DataFrame) -> set[tuple[str, str]]:
        return {(found.check, found.column) for found in self.check(frame) if found.severity == "error"}


@pytest.fixture(scope="module")
def loans(sample: Path) -> pl.DataFrame:
    return read(sample).drop(KNOWN_LATER)


@pytest.fixture(scope="module")
def case(loans: pl.DataFrame) -> Case:
    return Case.learn(loans.gather_every(2))


@pytest.fixture(scope="module")
def good(loans: pl.DataFrame) -> pl.DataFrame:
    """The half that was not learned from."""
    return loans.gather_every(2, 1)


@pytest.fixture(scope="module")
def known_errors(case: Case, good: pl.DataFrame) -> set[tuple[str, str]]:
    return case.errors(good)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_is_found_in_its_column_and_nowhere_before(
    defect: object, case: Case, good: pl.DataFrame, known_errors: set[tuple[str, str]]
) -> None:
    expected = (defect.check, defect.column)  # type: ignore[attr-defined]
    assert expected not in known_errors
    assert expected in case.errors(defect.inject(good))  # type: ignore[attr-defined]


def test_there_are_at_least_twenty_kinds_of_defects() -> None:
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS) >= 40
    assert len({defect.check for defect in DEFECTS}) >= 20


def test_the_other_half_of_a_table_has_no_errors_as_a_table(known_errors: set[tuple[str, str]]) -> None:
    assert {name for name, _ in known_errors} <= ROW_BREACHES


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rows", [100, 1000])
def test_small_tables_have_no_errors_by_chance(loans: pl.DataFrame, seed: int, rows: int) -> None:
    mixed = loans.sample(3 * rows, shuffle=True, seed=seed)
    errors = Case.learn(mixed.head(2 * rows)).errors(mixed.tail(rows))
    assert {name for name, _ in errors} <= ROW_BREACHES


@pytest.mark.parametrize("year", [2001, 2003, 2005, 2006, 2007])
def test_years_of_drift_are_no_errors(loans: pl.DataFrame, year: int) -> None:
    approved = loans["approval_date"].dt.year()
    case = Case.learn(loans.filter(approved < year))
    for part in (loans.filter(approved == year), loans.filter(approved >= year)):
        assert {name for name, _ in case.errors(part)} <= ROW_BREACHES


def test_findings_say_where_how_many_and_what_to_do(case: Case, good: pl.DataFrame) -> None:
    row = pl.int_range(pl.len()) == 41
    bad = good.with_columns(pl.when(row).then(-5.0).otherwise("amount").alias("amount"))
    found = next(f for f in case.check(bad) if f.column == "amount")
    assert (found.check, found.severity, found.count, found.rows) == ("range", "error", 1, (42,))
    assert str(found).startswith("amount: -5.0 is below 0")
    assert "(1 row, such as row 42)" in str(found)
    assert json.dumps(found.to_json())


def test_errors_come_first(case: Case, good: pl.DataFrame) -> None:
    found = case.check(good.with_columns(extra=1).drop("amount"))
    assert [f.severity for f in found] == sorted((f.severity for f in found), key=["error", "note"].index)
    assert found[0].check == "missing_column"
    assert found[-1].column == "extra"


# --- a table by itself ------------------------------------------------------------------------------------------


def alone(frame: pl.DataFrame, id: str | None = None) -> Iterator[tuple[str, str, str]]:
    for found in check(frame, Contract.learn(frame, infer_table(frame), id=id), id=id):
        yield found.severity, found.check, found.column


def test_the_bundled_table_by_itself_has_only_notes(loans: pl.DataFrame) -> None:
    assert {severity for severity, _, _ in alone(loans, "loan_number")} <= {"note"}


SEVENTH, EACH_TENTH, EACH_THIRD = pl.col("id") == 7, pl.col("id") % 10 == 7, pl.col("id") % 3 == 1
DAY = pl.col("day")
AMOUNT_AS_TEXT = pl.col("amount").cast(pl.String)


def where(marks: pl.Expr, value: pl.Expr | float, column: str, other: pl.Expr | None = None) -> pl.Expr:
    return pl.when(marks).then(value).otherwise(pl.col(column) if other is None else other).alias(column)


@pytest.mark.parametrize(
    ("expected", "change"),
    [
        (("error", "negative", "amount"), where(SEVENTH, -1.5, "amount")),
        (("error", "impossible_date", "day"), where(SEVENTH, pl.date(1926, 1, 1), "day")),
        (("error", "infinity", "amount"), where(SEVENTH, float("inf"), "amount")),
        (("error", "not_a_number", "amount"), where(SEVENTH, pl.lit("none"), "amount", AMOUNT_AS_TEXT)),
        (("error", "not_a_number", "amount"), where(EACH_TENTH, pl.lit("none"), "amount", AMOUNT_AS_TEXT)),
        (("error", "mixed_types", "amount"), where(EACH_THIRD, pl.lit("none"), "amount", AMOUNT_AS_TEXT)),
        (("error", "mixed_dates", "day"), where(EACH_THIRD, DAY.dt.strftime("%d.%m.%y"), "day", DAY.cast(pl.String))),
        (("error", "encoding", "level"), where(SEVENTH, pl.lit("KÃ¶ln"), "level")),
        (("warning", "constant", "level"), pl.lit("a").alias("level")),
        (("note", "outlier", "amount"), where(SEVENTH, 1e9, "amount")),
    ],
)
def test_what_is_wrong_in_itself(expected: tuple[str, str, str], change: pl.Expr) -> None:
    numbers = pl.int_range(1000, eager=True)
    good = pl.DataFrame({"id": numbers, "amount": numbers * 1.25 + 100}).with_columns(
        level=pl.lit("level ") + (pl.col("id") % 7).cast(pl.String),
        day=pl.date(2008, 1, 1).dt.offset_by((pl.col("id") % 300).cast(pl.String) + "d"),
    )
    assert list(alone(good, "id")) == []
    assert expected in list(alone(good.with_columns(change), "id"))


def test_ids_of_a_table_by_itself() -> None:
    frame = pl.DataFrame({"id": [*range(99), 5], "x": range(100)})
    assert ("error", "duplicate_id", "id") in list(alone(frame, "id"))
    customers = pl.DataFrame({"id": [i // 2 for i in range(100)], "x": range(100)})
    assert ("warning", "duplicate_id", "id") in list(alone(customers, "id"))

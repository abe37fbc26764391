from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

import pytest

from loanbook.book import PolicySettings
from loanbook.decisions.audit import verify
from loanbook.decisions.decider import open_decider
from loanbook.decisions.log import DecisionLog, Draft, row_digest
from loanbook.registry.tables import decisions

COLUMNS = [column.name for column in decisions.columns]


@pytest.fixture
def log(registry):
    return DecisionLog(registry.store, "risk")


@pytest.fixture
def logged(book, registry, log, applications):
    """Decisions of two models under two policies, some with a key."""
    settings = PolicySettings(approve_below=0.1, decline_from=0.25, refer_when_unsure=0.9)
    section = replace(book.section("risk"), policy=settings)
    other = replace(book, sections={"risk": section})
    champion, challenger = registry.version("risk", 1), registry.version("risk", 2)
    made = [(book, champion), (book, challenger), (other, champion)]
    for place, (declared, version) in enumerate(made):
        decider = open_decider(declared, registry, version)
        for number, row in enumerate(applications[:25]):
            key = f"{place}-{number}" if number % 3 == 0 else None
            log.record([Draft(decider.decide_row(row), row, key, "digest" if key else None)])
    return log


def test_every_decision_comes_out_again_bit_for_bit(book, logged):
    seen = []
    report = verify(book, progress=lambda done, total: seen.append((done, total)))
    assert report.equal
    assert (report.checked, report.differing, report.differences) == (75, 0, [])
    assert seen[-1] == (75, 75)


def test_an_empty_log_is_equal(book, registry):
    assert verify(book).checked == 0


def change(sample_book, sql, *values):
    """What somebody with the file in hands would do."""
    connection = sqlite3.connect(sample_book.store.removeprefix("sqlite:///"))
    with connection:
        connection.execute(sql, values)
    connection.close()


# The same code reads both stores; a file is easier to tamper with.
on_sqlite = pytest.mark.parametrize("book", ["sqlite"], indirect=True)


@on_sqlite
@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_of_any_column_of_any_row_is_found(book, logged, column):
    rows = list(logged.rows())
    for place in (0, 30, 74):
        value = rows[place][column]
        if isinstance(value, float):
            changed = value * (1 + 2.3e-16) + 1e-300
            changed = changed if changed != value else value * (1 + 4.6e-16)
        elif isinstance(value, int):
            changed = 1 if value == 2 else 2
        elif column == "decision":
            changed = "approve" if value != "approve" else "decline"
        else:
            changed = f"{value or ''}x"
        here = rows[place]["decision_id"]
        sql = f"UPDATE decisions SET {column} = ? WHERE decision_id = ?"
        change(book, sql, changed, here)
        report = verify(book)
        assert report.differing == 1, (column, value, changed)
        change(book, sql, value, f"{here}x" if column == "decision_id" else here)
    assert verify(book).equal


RESEALED = {
    "log_odds": lambda row: row["log_odds"] * (1 + 4.6e-16),
    "probability": lambda row: row["probability"] / 2,
    "lower": lambda row: row["lower"] / 2,
    "upper": lambda row: (row["upper"] + 1) / 2,
    "decision": lambda row: "refer",
    "reasons": lambda row: row["reasons"].replace("_", "-", 1) if row["reasons"] != "[]" else '[{"code": "X"}]',
    "inputs": lambda row: json.dumps({**json.loads(row["inputs"]), "amount": 77_777}),
    "model_version": lambda row: 1 if row["model_version"] == 2 else 2,
    "policy_version": lambda row: 99,
    "usecase": lambda row: "fraud",
}


@on_sqlite
@pytest.mark.parametrize("column", RESEALED)
def test_what_follows_from_the_inputs_is_found_even_under_a_digest_made_anew(book, logged, column):
    row = dict(next(row for row in logged.rows() if row["reasons"] != "[]" and row["policy_version"] == 1))
    row[column] = RESEALED[column](row)
    sql = f"UPDATE decisions SET {column} = ?, row_digest = ? WHERE decision_id = ?"
    change(book, sql, row[column], row_digest(row), row["decision_id"])
    report = verify(book)
    assert report.differing == 1
    assert {one.decision_id for one in report.differences} == {row["decision_id"]}
    assert "row_digest" not in {one.column for one in report.differences}


@on_sqlite
def test_a_changed_policy_or_artefact_is_found(book, registry, logged):
    change(book, "UPDATE policies SET approve_below = 0.11 WHERE version = 1")
    assert verify(book).differing == 25
    change(book, "UPDATE policies SET approve_below = ? WHERE version = 1", 0.08 / (0.08 + 0.6))
    assert verify(book).equal
    folder = registry.folder / registry.version("risk", 2).folder
    (folder / "scorer.npz").write_bytes((folder / "scorer.npz").read_bytes() + b"\0")
    report = verify(book)
    assert report.differing == 25
    assert "scorer.npz" in str(report.differences[0].recomputed)


def test_an_audit_leaves_the_store_as_it_was(book, logged):
    before = [dict(row) for row in logged.rows()]
    verify(book)
    assert [dict(row) for row in logged.rows()] == before


def test_other_words_for_a_reason_are_not_a_difference(book, logged):
    section = replace(book.section("risk"), texts={"AMOUNT_LOW": "Too small for us"})
    assert verify(replace(book, sections={"risk": section})).equal

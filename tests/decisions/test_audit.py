from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

import pytest

from loanbook.book import PolicySettings
from loanbook.decisions.audit import verify
from loanbook.decisions.decider import open_decider
from loanbook.decisions.log import DecisionLog, Draft
from loanbook.registry import chain


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
    assert report.chain.records == 77  # two versions were registered
    assert seen[-1] == (152, 152)


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


def reseal(book):
    """Link everything anew, as somebody would who knows how."""
    connection = sqlite3.connect(book.store.removeprefix("sqlite:///"))
    connection.row_factory = sqlite3.Row
    rows = [
        (row["seq"], kind, row)
        for kind in chain.CONTENT
        for row in connection.execute(f"SELECT * FROM {kind}").fetchall()
    ]
    link = chain.START
    with connection:
        for seq, kind, row in sorted(rows, key=lambda one: one[0]):
            link = chain.follow(link, seq, kind, [row[name] for name in chain.CONTENT[kind]])
            connection.execute(f"UPDATE {kind} SET link = ? WHERE seq = ?", (link, seq))
        connection.execute("UPDATE chain_head SET link = ?", (link,))
    connection.close()


@on_sqlite
@pytest.mark.parametrize("column", RESEALED)
def test_what_follows_from_the_inputs_is_found_even_on_a_chain_made_anew(book, logged, column):
    head = verify(book).chain.head
    row = dict(next(row for row in logged.rows() if row["reasons"] != "[]" and row["policy_version"] == 1))
    row[column] = RESEALED[column](row)
    digest = chain.digest([row[name] for name in chain.PRIVATE])
    sql = f"UPDATE decisions SET {column} = ?, inputs_digest = ? WHERE decision_id = ?"
    change(book, sql, row[column], digest, row["decision_id"])
    reseal(book)
    report = verify(book)
    assert report.chain.whole
    assert report.differing == 1
    assert {one.decision_id for one in report.differences} == {row["decision_id"]}
    assert "inputs_digest" not in {one.column for one in report.differences}
    assert not verify(book, heads=[head]).chain.whole


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

"""decisions export, outcomes import and audit verify: the log on the command line."""

from __future__ import annotations

import json
import sqlite3

import polars as pl
import pytest

from loanbook.cli import main
from loanbook.decisions.decider import open_decider
from loanbook.decisions.log import DecisionLog, Draft
from loanbook.registry.versions import Registry


@pytest.fixture
def logged(sample_book, trained_models, small_sample, monkeypatch):
    """A folder with a book, a champion and 30 decisions; their names."""
    registry = Registry(sample_book)
    decider = open_decider(sample_book, registry, registry.register("risk", trained_models["logistic"]))
    rows = small_sample.select(trained_models["logistic"].contract.names).head(30).to_dicts()
    plain = [{name: str(value) if hasattr(value, "year") else value for name, value in row.items()} for row in rows]
    made = DecisionLog(registry.store, "risk").record([Draft(decider.decide_row(row), row) for row in plain])
    registry.close()
    monkeypatch.chdir(sample_book.path.parent)
    return [one.decision_id for one in made]


def test_the_log_is_exported(logged, capsys, tmp_path):
    assert main(["decisions", "export", "-o", "log.parquet"]) == 0
    assert "Wrote 30 decisions to log.parquet" in capsys.readouterr().out
    assert sorted(pl.read_parquet("log.parquet")["decision_id"]) == sorted(logged)
    assert main(["decisions", "export", "risk", "-o", str(tmp_path / "log.csv"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["decisions"] == 30
    assert pl.read_csv(tmp_path / "log.csv").height == 30


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "log.xlsx"], ".csv or .parquet"),
        (["-o", "nowhere/log.csv"], "no folder"),
        ([], "-o"),
        (["fraud", "-o", "log.csv"], "no section [fraud]"),
    ],
)
def test_an_export_that_cannot_be(logged, capsys, words, said):
    assert main(["decisions", "export", *words]) == 2
    assert said in capsys.readouterr().err


def test_outcomes_are_imported_once(logged, capsys, tmp_path):
    lines = [f"{one},{'bad' if place % 4 == 0 else 'good'},2026-05-31" for place, one in enumerate(logged)]
    (tmp_path / "outcomes.csv").write_text("\n".join(["decision_id,outcome,observed_at", *lines]))
    assert main(["outcomes", "import", "outcomes.csv"]) == 0
    assert capsys.readouterr().out == "Recorded 30 outcomes.\n"
    assert main(["outcomes", "import", "outcomes.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"received": 30, "recorded": 0}
    main(["decisions", "export", "-o", "log.parquet"])
    assert pl.read_parquet("log.parquet")["outcome"].value_counts().sort("outcome")["count"].to_list() == [8, 22]


def test_outcomes_with_a_wrong_row_are_refused_whole(logged, capsys, tmp_path):
    (tmp_path / "outcomes.csv").write_text(
        f"decision_id,outcome,observed_at\n{logged[0]},good,2026-05-31\n{logged[1]},good,31.5.2026\nx,bad,2026-05-31\n"
    )
    assert main(["outcomes", "import", "outcomes.csv"]) == 2
    said = capsys.readouterr().err
    assert "row 2, observed_at" in said
    assert "row 3, decision_id" in said
    assert "nothing was stored" in said
    main(["decisions", "export", "-o", "log.parquet"])
    assert pl.read_parquet("log.parquet")["outcome"].null_count() == 30


def test_outcomes_from_a_file_that_is_not_there(logged, capsys):
    assert main(["outcomes", "import", "nowhere.csv"]) == 2
    assert "nowhere.csv" in capsys.readouterr().err


def test_an_audit_finds_the_log_true(logged, capsys):
    assert main(["audit", "verify"]) == 0
    chain, decisions = capsys.readouterr().out.splitlines()
    assert decisions == "30 decisions made again; all are equal, bit for bit."
    said, head = chain.split(": ")
    assert said == "31 records lie on the chain. Note its head elsewhere"
    assert main(["audit", "verify", "--json", "--head", head]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "checked": 30,
        "differing": 0,
        "erased": 0,
        "differences": [],
        "chain": {"records": 31, "head": head, "broken": 0, "breaks": []},
    }


def test_a_head_that_was_noted_must_lie_on_the_chain(logged, capsys):
    assert main(["audit", "verify", "--head", f"40:{'a' * 64}"]) == 1
    said = capsys.readouterr().out
    assert "record 40: the chain ends before the head that was noted" in said
    assert "The chain is broken in one place." in said
    assert main(["audit", "verify", "--head", "yesterday"]) == 2
    assert "'yesterday' is not a head of the chain" in capsys.readouterr().err


def test_an_audit_finds_what_was_changed(logged, sample_book, capsys):
    connection = sqlite3.connect(sample_book.store.removeprefix("sqlite:///"))
    with connection:
        connection.execute("UPDATE decisions SET probability = 0.01 WHERE decision_id = ?", (logged[3],))
    connection.close()
    assert main(["audit", "verify"]) == 1
    said = capsys.readouterr().out
    assert f"{logged[3]} probability: stored 0.01, recomputed 0." in said
    assert "1 of 30 decisions differ" in said
    assert f"record 5 (decisions {logged[3]}): it is not what was written" in said
    assert main(["audit", "verify", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {one["column"] for one in found["differences"]} == {"probability"}
    assert [(one["seq"], one["table"], one["name"]) for one in found["chain"]["breaks"]] == [
        (5, "decisions", logged[3])
    ]


def test_personal_fields_are_erased_and_the_chain_stays_whole(logged, sample_book, capsys):
    assert main(["decisions", "erase", logged[3]]) == 2
    assert "no field is personal" in capsys.readouterr().err
    lines = sample_book.path.read_text()
    sample_book.path.write_text(lines.replace("[risk]\n", '[risk]\npersonal = ["city", "zip"]\n'))
    assert main(["decisions", "erase", logged[3], "--reason", "asked for by letter"]) == 0
    assert capsys.readouterr().out == f"Erased city, zip of {logged[3]}. Copies of the store have them still.\n"
    assert main(["decisions", "erase", logged[4], "risk", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["decision_id"], made["erased"], made["settled"]) == (logged[4], ["city", "zip"], True)
    assert main(["decisions", "erase", logged[3]]) == 0
    assert capsys.readouterr().out == f"Nothing personal is left in {logged[3]}.\n"
    assert main(["audit", "verify"]) == 0
    said = capsys.readouterr().out
    assert "28 decisions made again; all are equal, bit for bit." in said
    assert "2 cannot be made again: personal fields were erased" in said
    assert main(["decisions", "erase", "0199"]) == 2
    assert "there is no decision 0199" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["decisions"], ["outcomes"], ["audit"]])
def test_every_group_shows_what_it_can_do(words, capsys):
    main(words)
    said = capsys.readouterr()
    assert "Commands" in said.out + said.err
    assert "Traceback" not in said.err

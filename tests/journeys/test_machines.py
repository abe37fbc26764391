"""What a machine reads: `--json` of every command, exit codes, and the Python interface."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import loanbook as lb


def test_every_command_answers_in_json_with_what_a_machine_needs(folder, run, table):
    table.write_csv("loans.csv")
    drafted = run("init", "loans.csv", "--target", "bad", "--json").json
    assert drafted["target"] == "bad"
    assert drafted["bad"] == ["1"]
    assert (drafted["id"], drafted["time"], drafted["amount"]) == ("id", "day", "amount")
    assert run("check", "--json").json["ok"] is True

    report = run("train", "--only", "logistic", "--json").json
    assert report["version"] == 1
    assert report["role"] == "champion"
    assert report["rung"] == "logistic"
    assert [rung["name"] for rung in report["ladder"]] == ["approve_all", "one_rule", "logistic"]
    for name in ("auc", "gini", "ks", "brier", "log_loss", "calibration_error", "accuracy", "majority_accuracy"):
        figure = report["metrics"][name]
        assert figure["low"] <= figure["value"] <= figure["high"]
    assert run("leaderboard", "--json").json == report
    assert run("leaderboard", "risk", "--json").json == report

    run("train", "--only", "tree", "--json")
    listed = run("models", "--json").json["models"]
    assert [(one["version"], one["role"]) for one in listed] == [(1, "champion"), (2, "challenger")]
    assert run("models", "promote", "2", "--json").json["role"] == "champion"
    assert run("models", "show", "2", "--json").json["card"]["rung"] == "tree"
    assert run("models", "rollback", "--json").json["version"] == 1

    assert run("predict", "loans.csv", "-o", "out.csv", "--json").json == {
        "output": "out.csv", "rows": 400, "refused": 0,
    }  # fmt: skip
    assert run("check", "--data", "loans.csv", "--json").json["against"] == "the contract of version 1"
    assert run("decisions", "export", "-o", "log.csv", "--json").json["decisions"] == 0
    assert run("audit", "verify", "--json").json["differing"] == 0


@pytest.mark.parametrize("words", [("train",), ("predict", "x.csv", "-o", "y.csv"), ("chekc",), ("init", "x.csv")])
def test_a_refusal_is_json_too(run, words):
    said = run(*words, "--json")
    assert said.code == 2
    assert set(said.json["error"]) == {"kind", "message", "what", "where", "todo"}
    assert said.json["error"]["message"] in said.err


def test_a_failed_check_is_code_1_with_findings(folder, run, table):
    table.with_columns(age=pl.when(pl.col("id") == 1004).then(pl.lit("old")).otherwise("age")).write_csv("loans.csv")
    run("init", "loans.csv", "--target", "bad")
    said = run("check", "--json")
    assert said.code == 1
    assert said.json["ok"] is False
    finding = said.json["findings"][0]
    assert finding["column"] == "age"
    assert "old" in finding.values()


@pytest.mark.parametrize(
    "words",
    [
        *("demo", "init", "check", "train", "leaderboard", "predict", "models", "serve", "decisions", "outcomes"),
        *("audit", "decisions export", "outcomes import", "audit verify"),
    ],
)
def test_every_command_helps_with_an_example(run, words):
    said = run(*words.split(), "--help")
    assert said.code == 0
    assert f"Example: loanbook {words}" in said.out


def test_a_group_alone_shows_what_it_can_do(run):
    for words, part in (((), "predict"), (("decisions",), "export"), (("audit",), "verify"), (("outcomes",), "import")):
        said = run(*words)
        assert said.code == 0
        assert part in said.out


@pytest.fixture
def kinds(table):
    """The same loans as the tables of three libraries."""
    pandas = table.to_pandas()
    return {
        "polars": table,
        "arrow": table.to_arrow(),
        "pandas": pandas,
        "pandas, its own index": pandas.set_axis(range(7, 407)),
        "pandas, new types": pandas.convert_dtypes(),
        "pandas, categories": pandas.astype({"state": "category"}),
        "pandas, Arrow inside": pandas.convert_dtypes(dtype_backend="pyarrow"),
    }


def test_python_trains_and_gives_back_the_kind_of_table_it_was_given(trained, kinds, table):
    book = lb.Book.load("loanbook.toml")
    run = lb.train(book, "risk", only=("logistic",))
    assert [row["name"] for row in run.leaderboard] == ["approve_all", "one_rule", "logistic"]
    assert run.card["rung"] == "logistic"
    assert repr(run) == "<Run of risk: version 1, Logistic regression (L2)>"
    assert repr(run.champion).startswith("<Decider of risk: version 1, Logistic regression (L2), ")
    expected = run.champion.decide_table(table)["probability_of_default"].to_list()
    for name, frame in kinds.items():
        scored = run.champion.predict(frame)
        assert type(scored) is type(frame), name
        assert pl.from_dataframe(scored)["probability_of_default"].to_list() == expected, name
    assert list(run.champion.predict(kinds["pandas, its own index"]).index) == list(range(7, 407))
    assert isinstance(run.champion.predict(table.to_arrow()), pa.Table)
    assert isinstance(run.champion.predict(kinds["pandas"].head(0)), pd.DataFrame)


def test_python_says_what_is_wrong_in_one_error(trained):
    with pytest.raises(lb.LoanbookError, match="no use case 'rusk'"):
        lb.train(lb.Book.load("loanbook.toml"), "rusk")
    with pytest.raises(lb.LoanbookError, match="no column 'amount'"):
        lb.champion(lb.Book.load("loanbook.toml")).predict(pl.DataFrame({"id": [1]}))

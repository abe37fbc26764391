"""What cannot be used is refused in one paragraph with exit code 2, and leaves nothing behind."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest


def refused(said, *words: str) -> None:
    """See that a command failed as a user may expect: code 2, one paragraph, these words in it."""
    assert said.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1, said.err
    assert all(word in said.err for word in words), said.err


def nothing_but(*names: str) -> bool:
    return sorted(path.name for path in Path().iterdir()) == sorted(names)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", b"", ["t.csv", "the file is empty"]),
        ("t.csv", b"id,amount,bad\n", ["no rows"]),
        ("t.csv", b"PK\x03\x04" + bytes(range(256)), ["Excel workbook"]),
        ("t.csv", bytes(range(256)) * 8, ["not a text table"]),
        ("t.json", b'{"id": 1}\n{"id": 2}\n', ["is JSON"]),
        ("t.csv", b"<html><body>", ["is a web page"]),
        ("t.parquet", b"", ["Parquet file is cut off or damaged"]),
        ("t.parquet", bytes(range(256)) * 8, ["Parquet file is cut off or damaged"]),
        ("t.csv", b"id,amount,amount,bad\n1,2,3,0\n2,3,4,1\n", ['two columns are named "amount"']),
        ("t.csv", b"id,^amount$,bad\n1,2,0\n2,3,1\n", ["search pattern"]),
        ("t.csv", b"id,amount,bad\n1,2,0\n2,3\n", ["line 3", "2 values where the table has 3 columns"]),
        ("t.csv", b"id,amount,bad\n1,2,0\n", ["holds only '0'"]),
        ("t.csv", b"id,amount,bad\n1,2,\n2,3,\n", ["is empty"]),
        ("t.csv", b"id,amount,bad\n1,2,a\n2,3,b\n3,4,c\n", ["3 different values", "--bad"]),
    ],
)
def test_a_table_that_is_none_is_refused(run, name, content, words):
    Path(name).write_bytes(content)
    refused(run("init", name, "--target", "bad"), *words)
    assert nothing_but(name)


def test_what_is_not_there_is_refused_with_the_nearest_name(run, table):
    table.write_csv("loans.csv")
    refused(run("init", "loan.csv", "--target", "bad"), "loan.csv", "nearest is loans.csv")
    refused(run("init", "loans.csv", "--target", "Bad"), "--target", "'bad' is meant")
    refused(run("init", ".", "--target", "bad"), "is a folder")
    refused(run("train"), "loanbook.toml", "no such book")
    refused(run("train", "rusk"), "'rusk' is one word too many", "'risk' is meant")
    refused(run("train", "--book", "x.toml"), "x.toml", "no such book")
    assert nothing_but("loans.csv")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (["bad"], ["no column is left to learn from"]),
        (["id", "bad"], ["no column is left to learn from"]),
        (["id", "one", "bad"], ["no column tells one loan from the next"]),
        (["id", "empty", "one", "bad"], ["no column tells one loan from the next"]),
    ],
)
def test_tables_that_say_nothing_train_nothing(run, table, columns, words):
    """Least of all a model that reads the target."""
    table.with_columns(one=pl.lit(5), empty=pl.lit(None, pl.Float64)).select(columns).write_csv("loans.csv")
    assert run("init", "loans.csv", "--target", "bad").code == 0
    refused(run("train"), *words)
    assert nothing_but("loans.csv", "loanbook.toml")


@pytest.mark.parametrize("rows", [12, 60])
def test_too_few_loans_are_counted_and_refused(run, make_loans, rows):
    table = make_loans(rows)
    table.write_csv("loans.csv")
    assert run("init", "loans.csv", "--target", "bad").code == 0
    refused(run("train"), f"{rows - table['bad'].sum()} good and {table['bad'].sum()} bad loans are too few")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ('time = "age"', ["line 9", "[risk] time", "'age' holds integer values", "must be a date"]),
        ('amount = "state"', ["[risk] amount", "'state' holds category values", "an integer or a decimal"]),
        ('outcome_time = "income"', ["[risk] outcome_time", "'income' holds decimal values"]),
        ('ignore = ["aeg"]', ["[risk] ignore", "'aeg'", "'age' is meant"]),
        ('ignore = ["amount", "income", "age", "state", "owner", "day"]', ["no column is left"]),
        ('bda = "1"', ["[risk] bda", "'bad' is meant"]),
    ],
)
def test_a_book_that_asks_the_impossible_is_refused_by_check_and_train(run, table, wrong, words):
    table.write_csv("loans.csv")
    book = '[book]\nname = "loans"\n\n[risk]\ndata = "loans.csv"\ntarget = "bad"\nbad = 1\nid = "id"\n'
    Path("loanbook.toml").write_text(book + wrong + "\n", encoding="utf-8")
    refused(run("check"), *words)
    refused(run("train"), *words)
    assert nothing_but("loans.csv", "loanbook.toml")


def test_two_outcomes_that_are_equally_common_are_not_guessed(run, table):
    table = pl.concat([table.filter(bad=1), table.filter(bad=0).head(table["bad"].sum())])
    table.write_csv("loans.csv")
    Path("loanbook.toml").write_text('[risk]\ndata = "loans.csv"\ntarget = "bad"\nid = "id"\n', encoding="utf-8")
    refused(run("train"), "line 3", "equally common", 'bad = "…"')


def test_the_wrong_options_are_refused(trained, run):
    for words, said in {
        ("predict", "loans.csv"): "missing option '-o'",
        ("predict", "-o", "out.csv"): "INPUT is missing",
        ("predict", "risk", "-o", "out.csv"): "INPUT is missing",
        ("predict", "loans.csv", "more.csv", "-o", "out.csv"): "one word too many",
        ("predict", "loans.csv", "-o", "out.xlsx"): "not as .xlsx",
        ("predict", "loans.csv", "-o", "no/out.csv"): "there is no folder no",
        ("predict", "loans.csv", "-o", "loans.csv"): "is the table that is read",
        ("predict", "loan*.csv", "-o", f"{trained}/loans.csv"): "is the table that is read",
        ("predict", "loans.csv", "-o", "out.csv", "--version", "7"): "has no version 7",
        ("train", "--only", "forrest"): "has no rung 'forrest'",
        ("train", "demand"): "'demand'",
        ("models", "promote", "7"): "has no version 7",
        ("models", "rollback"): "no version of risk was champion before",
        ("chekc",): "'check' is meant",
        ("check", "--data", "nothing.csv"): "no such file",
    }.items():
        refused(run(*words), said)
    assert (trained / "loans.csv").read_text().startswith("id,amount")
    assert not list(trained.glob("out*"))


def test_a_table_that_lacks_a_column_is_refused_whole(trained, run, table):
    table.rename({"income": "Income"}).write_csv("new.csv")
    refused(run("predict", "new.csv", "-o", "out.csv"), "no column 'income'", "'Income'")
    assert not Path("out.csv").exists()


def test_a_fault_of_the_machine_is_told_too(trained, run):
    os.truncate(next(trained.rglob("plan.json")), 10)
    refused(run("predict", "loans.csv", "-o", "out.csv"), "plan.json")

from __future__ import annotations

import json

import polars as pl
import pytest

from loanbook.book import Book
from loanbook.cli import main
from loanbook.data import samples


@pytest.fixture
def book(tmp_path, small_sample, monkeypatch) -> Book:
    """A folder with 4,019 loans and their book."""
    small_sample.write_parquet(tmp_path / "loans.parquet")
    text = samples.path("sba_7a").with_suffix(".toml").read_text(encoding="utf-8")
    (tmp_path / "loanbook.toml").write_text(text.replace("sample:sba_7a", "loans.parquet"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return Book.load("loanbook.toml")


def kept(book, name):
    return json.loads((book.home / "reports" / f"study-{name}.json").read_text(encoding="utf-8"))


def test_remedies_are_shown_and_kept_for_the_report(book, capsys):
    assert main(["study", "remedies", "--only", "simpler_model", "--loans", "400"]) == 0
    said = capsys.readouterr().out
    for word in ("400 of the", "A simpler model", "tree of 16 leaves", "before", "after", "held out"):
        assert word in said
    found = kept(book, "remedies")
    assert (found["study"], found["usecase"], found["rows"]) == ("remedies", "risk", 400)
    assert [one["remedy"] for one in found["remedies"]] == ["simpler_model"]


def test_json_is_what_is_kept(book, capsys):
    assert main(["study", "risk", "preparation", "--only", "tree", "--loans", "300", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == kept(book, "preparation")
    assert {line["rung"] for line in found["treatments"]} == {"tree"}
    assert {"smote", "copula", "cap_boxplot"} <= {line["treatment"] for line in found["treatments"]}


def test_preparation_is_shown_for_each_rung_with_a_verdict(book, capsys):
    assert main(["study", "preparation", "--loans", "300", "--only", "one_rule", "tree"]) == 0
    said = capsys.readouterr().out
    assert "one_rule, untreated" in said
    assert "tree, untreated" in said
    for word in ("SMOTE", "Class weights", "Monotone signs", "does not apply", "predicted − observed", "Outliers by"):
        assert word in said


def test_a_learning_curve_ends_with_an_answer(book, capsys):
    assert main(["study", "learning", "--only", "one_rule"]) == 0
    said = capsys.readouterr().out
    assert "loans to One rule" in said
    assert "+0.005 AUC" in said
    assert kept(book, "learning")["rungs"][0]["more"].keys() == {"loans", "low", "high"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["study"], "STUDY is missing. Choose among preparation, remedies, learning."),
        (["study", "remedy"], "there is no study 'remedy'. Did you mean 'remedies'?"),
        (["study", "remedies", "tree"], "'tree' is one word too many"),
        (["study", "remedies", "--only", "tree"], "there is no 'tree' to study. Choose among more_data"),
        (["study", "learning", "--only", "smote"], "there is no 'smote' to study. Choose among approve_all"),
        (["study", "amount", "learning"], "studies are about probabilities"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(book, capsys, words, told):
    assert main(words) == 2
    assert told in capsys.readouterr().err


def test_too_few_loans_for_a_curve_are_told(book, capsys):
    pl.read_parquet("loans.parquet").gather_every(12).write_parquet("loans.parquet")
    assert main(["study", "learning"]) == 2
    assert "too few" in capsys.readouterr().err

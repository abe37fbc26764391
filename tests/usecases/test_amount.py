"""Amounts on the same lifecycle: trained on real loans, kept, read back, said in a batch and alone, from every side."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loanbook as lb
from loanbook import lifecycle
from loanbook.cli import main
from loanbook.errors import BookError, RowRefused, TrainingError
from loanbook.usecases import find

LATER = ["status", "charge_off_date", "charged_off", "balance", "disbursed", "disbursement_date", "guaranteed_amount"]


def write_book(folder: Path, table: pl.DataFrame, **changes: object) -> lb.Book:
    """A book over a table beside it; `changes` replace keys of [amount], None leaves one out."""
    table.write_parquet(folder / "loans.parquet")
    keys: dict[str, object] = {
        "data": "loans.parquet",
        "target": "amount",
        "id": "loan_number",
        "time": "approval_date",
        "ignore": LATER,
        **changes,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items() if value is not None]
    path = folder / "loanbook.toml"
    path.write_text("\n".join(["[amount]", *lines]))
    return lb.Book.load(path)


@pytest.fixture(scope="module")
def run(tmp_path_factory, small_sample) -> lb.Run:
    return lb.train(write_book(tmp_path_factory.mktemp("amount"), small_sample), "amount")


def test_the_ladder_is_measured_in_money_floor_first(run):
    measured = {rung["name"]: rung for rung in run.leaderboard}
    assert list(measured) == ["median", "one_ratio", "linear", "xgboost", "forest"]
    best = min(measured.values(), key=lambda rung: rung["fold_mae_mean"])
    assert best["test"]["mae"]["value"] < 0.85 * measured["median"]["test"]["mae"]["value"]
    assert 0.84 < best["test"]["coverage"]["value"] < 0.95
    assert best["test"]["r2"]["value"] > 0.2
    for rung in measured.values():
        for figure in rung["test"].values():
            assert figure["low"] <= figure["value"] <= figure["high"]
    assert "than saying the usual amount to everybody" in run.card["worth"]["sentence"]
    assert "MAE" in run.choice.why


def test_the_split_is_out_of_time(run):
    assert run.card["split"]["kind"] == "out_of_time"
    kept = lifecycle.last_test(run.book, find("amount"))
    assert kept.height == run.card["split"]["test"]
    table = pl.read_parquet(run.book.path.parent / "loans.parquet")
    assert table["amount"][kept["row"].to_list()].cast(pl.Float64).to_list() == kept["y"].to_list()


def test_it_is_registered_and_the_same_training_is_not_a_second_version(run):
    assert (run.version.usecase, run.version.role) == ("amount", "champion")
    assert lb.train(run.book, "amount").version.version == run.version.version


def test_a_file_gets_amounts_with_intervals_in_its_order(run, tmp_path, small_sample):
    table = small_sample.tail(200).drop("amount", *LATER)
    table.write_csv(tmp_path / "new.csv")
    done = lb.predict(run.book, "amount", tmp_path / "new.csv", tmp_path / "out.csv", reasons=True)
    assert (done.rows, done.refused) == (200, 0)
    out = pl.read_csv(tmp_path / "out.csv")
    assert out.columns == [
        *("loan_number", "amount", "lower", "upper", "model_version"),
        *("reason_1", "reason_2", "reason_3", "reason_4", "error"),
    ]
    assert out["loan_number"].to_list() == table["loan_number"].to_list()
    assert (out["lower"] <= out["amount"]).all()
    assert (out["amount"] <= out["upper"]).all()
    frame = run.champion.predict(table)
    assert frame["amount"].to_list() == out["amount"].to_list()
    assert out["reason_1"].str.contains(r"^[+-][\d,]+: ").all()


def test_contributions_add_up_to_the_amount(run, small_sample):
    row = small_sample.tail(1).drop("amount", "loan_number", *LATER).to_dicts()[0]
    base, parts = run.champion.explain_row(row)
    said = run.champion.model.score_row(row).value[0]
    assert base + sum(part["contribution"] for part in parts) == pytest.approx(said, rel=1e-9)


def test_a_wrong_row_has_no_amount_but_a_reason(run, small_sample):
    table = small_sample.tail(2).with_columns(employees=pl.Series(["a few", "12"]))
    out = run.champion.decide_table(table)
    assert out["amount"].is_null().to_list() == [True, False]
    assert "employees" in out["error"][0]
    with pytest.raises(RowRefused, match="employees"):
        run.champion.model.score_row({"employees": "a few"})


def test_a_table_that_holds_no_amounts_is_refused(tmp_path, small_sample):
    with pytest.raises(BookError, match="holds category, not amounts"):
        lb.train(write_book(tmp_path, small_sample, target="state"), "amount")
    alike = small_sample.with_columns(amount=pl.lit(1000.0))
    with pytest.raises(TrainingError, match="all alike"):
        lb.train(write_book(tmp_path, alike), "amount")


def test_a_column_that_holds_the_amount_is_named(tmp_path, small_sample):
    book = write_book(tmp_path, small_sample, ignore=LATER[:-1])
    run = lb.train(book, "amount", only=["linear"])
    assert any("guaranteed_amount may be known only later: alone it tells large amounts" in one for one in run.warnings)


def test_what_amounts_have_no_use_for_is_refused():
    with pytest.raises(BookError, match="amount has no use for it"):
        lb.Book.parse('[amount]\ndata = "sample:sba_7a"\ntarget = "amount"\nbad = "x"', "loanbook.toml")


def test_the_whole_way_on_the_command_line(tmp_path, small_sample, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small_sample.gather_every(4).write_csv("loans.csv")
    assert main(["init", "loans.csv", "--target", "amount", "--usecase", "amount"]) == 0
    assert main(["check", "amount"]) == 0
    assert main(["train", "amount", "--only", "linear"]) == 0
    capsys.readouterr()
    assert main(["leaderboard", "amount"]) == 0
    said = capsys.readouterr().out
    assert "MAE folds" in said
    assert "AUC" not in said
    assert main(["models", "amount"]) == 0
    assert "MAE" in capsys.readouterr().out
    assert main(["predict", "amount", "loans.csv", "-o", "said.parquet"]) in (0, 1)
    assert np.isfinite(pl.read_parquet("said.parquet")["amount"].drop_nulls().to_numpy()).all()

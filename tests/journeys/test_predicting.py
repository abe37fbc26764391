"""`loanbook predict` to the letter of the public contract."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

FIGURES = ["probability_of_default", "decision", "lower", "upper", "model_version"]
REASONS = ["reason_1", "reason_2", "reason_3", "reason_4"]


@pytest.fixture
def fresh(make_loans) -> pl.DataFrame:
    """Applications that nobody has seen, without the target."""
    return make_loans(300, seed=9).drop("bad")


def test_the_columns_and_their_order(trained, run, fresh):
    fresh.write_csv("new.csv")
    assert run("predict", "new.csv", "-o", "a.csv").code == 0
    assert run("predict", "risk", "new.csv", "-o", "b.parquet", "--reasons").code == 0
    short, full = pl.read_csv("a.csv", infer_schema_length=None), pl.read_parquet("b.parquet")
    assert short.columns == ["id", *FIGURES, "error"]
    assert full.columns == ["id", *FIGURES, *REASONS, "error"]
    assert short["id"].to_list() == fresh["id"].to_list()
    assert full["model_version"].unique().to_list() == [1]
    assert set(full["decision"]) <= {"approve", "refer", "decline"}
    assert full.filter(pl.col("lower") > pl.col("probability_of_default")).is_empty()
    assert full.filter(pl.col("upper") < pl.col("probability_of_default")).is_empty()
    assert full.filter((pl.col("decision") == "approve") & pl.col("reason_1").is_not_null()).is_empty()
    assert full.filter((pl.col("decision") == "decline") & pl.col("reason_1").is_null()).is_empty()


def test_csv_and_parquet_in_and_out_give_the_same_bits(trained, run, fresh):
    fresh.write_csv("new.csv")
    fresh.write_parquet("new.parquet")
    found = []
    for table in ("new.csv", "new.parquet"):
        for output in ("out.csv", "out.parquet"):
            assert run("predict", table, "-o", output, "--reasons").code == 0
            scored = pl.read_parquet(output) if output.endswith("parquet") else pl.read_csv(output, infer_schema=False)
            found.append(scored.with_columns(pl.col("probability_of_default").cast(pl.Float64)))
    for scored in found[1:]:
        assert scored["probability_of_default"].to_list() == found[0]["probability_of_default"].to_list()
        assert scored.select("decision", *REASONS).equals(found[0].select("decision", *REASONS))


def test_neither_target_nor_ignored_nor_unknown_columns_are_needed_or_in_the_way(run, learn, table, fresh):
    leaky = table.with_columns(recovered=pl.col("bad") * pl.col("amount"), sex=pl.lit("f"))
    leaky.write_csv("loans.csv")
    assert "recovered" in run("init", "loans.csv", "--target", "bad").out
    learn()
    fresh.write_csv("few.csv")
    leaky_too = fresh.with_columns(recovered=pl.lit(1.0), sex=pl.lit("m"), bad=pl.lit("?"))
    leaky_too.select(reversed(leaky_too.columns)).with_columns(more=pl.lit(3)).write_csv("many.csv")
    assert run("predict", "few.csv", "-o", "few_out.csv").code == 0
    assert run("predict", "many.csv", "-o", "many_out.csv").code == 0
    assert pl.read_csv("few_out.csv").equals(pl.read_csv("many_out.csv"))


def test_rows_that_break_the_contract_stay_in_place_without_an_answer(trained, run, fresh):
    amounts = [str(value) for value in fresh["amount"]]
    amounts[0], amounts[7], amounts[299] = "much", "-5", "1e12"
    states = fresh["state"].to_list()
    states[7] = "ca"
    owners = [None if row == 8 else value for row, value in enumerate(fresh["owner"])]
    broken = fresh.with_columns(amount=pl.Series(amounts), state=pl.Series(states), owner=pl.Series(owners))
    broken.write_csv("broken.csv")
    fresh.write_csv("new.csv")
    said = run("predict", "broken.csv", "-o", "out.csv", "--reasons")
    assert said.code == 1
    assert "4 of them break the data contract" in said.err
    assert run("predict", "new.csv", "-o", "whole.csv", "--reasons").code == 0
    scored, whole = pl.read_csv("out.csv"), pl.read_csv("whole.csv")
    wrong = [0, 7, 8, 299]
    assert scored["id"].to_list() == fresh["id"].to_list()
    assert scored["error"].is_not_null().arg_true().to_list() == wrong
    for name in ("probability_of_default", "decision", "lower", "upper", *REASONS):
        assert scored[name][wrong].null_count() == len(wrong)
    right = [row for row in range(300) if row not in wrong]
    assert scored[right]["probability_of_default"].to_list() == whole[right]["probability_of_default"].to_list()
    said = scored["error"][wrong].to_list()
    assert said[0] == "amount: 'much' is not a number"
    assert said[1].startswith("amount: '-5' is below 0")
    assert "state: 'ca' is not one of the 4 known values; the nearest is 'CA'" in said[1]
    assert said[2] == "owner: must not be missing: no training row was"
    assert "is above" in said[3]


def test_a_version_may_be_named_and_a_glob_be_scored(trained, run, learn, fresh):
    run("train", "--only", "tree")
    fresh.head(100).write_parquet("part_1.parquet")
    fresh.tail(200).write_parquet("part_2.parquet")
    assert run("predict", "part_*.parquet", "-o", "out.parquet", "--version", "2").code == 0
    scored = pl.read_parquet("out.parquet")
    assert scored["id"].to_list() == fresh["id"].to_list()
    assert scored["model_version"].unique().to_list() == [2]
    run("predict", "part_*.parquet", "-o", "out.parquet")
    assert pl.read_parquet("out.parquet")["model_version"].unique().to_list() == [1]


def test_good_applicants_are_not_refused_and_probabilities_can_be_believed(run, learn, make_loans):
    table = make_loans(4000, seed=3)
    table.head(2000).write_parquet("loans.parquet")
    table.tail(2000).write_parquet("new.parquet")
    assert run("init", "loans.parquet", "--target", "bad").code == 0
    learn()
    run("predict", "new.parquet", "-o", "out.parquet")
    scored = pl.read_parquet("out.parquet")
    assert scored["error"].is_not_null().sum() <= 2
    known = scored["error"].is_null()
    probability, bad = scored.filter(known)["probability_of_default"].to_numpy(), table.tail(2000).filter(known)["bad"]
    assert abs(probability.mean() - bad.mean()) < 0.03
    tenths = np.array_split(np.argsort(probability), 10)
    off = [abs(probability[part].mean() - bad.to_numpy()[part].mean()) for part in tenths]
    assert np.mean(off) < 0.05
    goods, bads = probability[bad.to_numpy() == 0], probability[bad.to_numpy() == 1]
    assert (bads[:, None] > goods).mean() > 0.75  # the outcome was drawn: no model could reach more than 0.80


def test_a_code_is_one_level_whether_it_came_as_1_or_as_1_point_0(run, learn, table, fresh):
    def coded(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(branch=pl.col("age") % 5)

    coded(table).write_parquet("loans.parquet")
    assert run("init", "loans.parquet", "--target", "bad").code == 0
    book = Path("loanbook.toml")
    text = book.read_text(encoding="utf-8")
    book.write_text(text.replace('# branch = "integer"', 'branch = "category"'), encoding="utf-8")
    learn()
    coded(fresh).write_parquet("new.parquet")
    coded(fresh).with_columns(pl.col("branch").cast(pl.Float64)).write_csv("new.csv")
    assert run("predict", "new.parquet", "-o", "a.parquet").code == 0
    assert run("predict", "new.csv", "-o", "b.parquet").code == 0
    a, b = pl.read_parquet("a.parquet"), pl.read_parquet("b.parquet")
    assert a["probability_of_default"].equals(b["probability_of_default"])

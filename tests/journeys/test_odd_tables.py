"""Tables as lenders have them, from `init` to scored rows: the same loans, however written, get the same answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stdout
from decimal import Decimal
from io import StringIO
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from loanbook.cli import main


def score(run, learn, name: str, *options: str) -> np.ndarray:
    """Draft a book for a table, check it, train on it and score it: its probabilities, in order."""
    said = run("init", name, *(options or ("--target", "bad")))
    assert said.code == 0, said.err
    said = run("check")
    assert said.code == 0, said.out
    learn()
    for output in ("scored.csv", "scored.parquet"):
        said = run("predict", name, "-o", output)
        assert said.code == 0, said.err
    scored = pl.read_parquet("scored.parquet")
    assert scored["error"].null_count() == scored.height
    again = pl.read_csv("scored.csv", infer_schema_length=None)["probability_of_default"]
    assert again.to_list() == scored["probability_of_default"].to_list()
    return scored["probability_of_default"].to_numpy()


@pytest.fixture(scope="module")
def usual(make_loans, tmp_path_factory) -> np.ndarray:
    """Probabilities of the plain table."""
    place = tmp_path_factory.mktemp("usual")
    make_loans().write_csv(place / "loans.csv")
    book = f"{place}/loanbook.toml"
    with redirect_stdout(StringIO()):
        assert main(["init", f"{place}/loans.csv", "--target", "bad", "-o", book]) == 0
        assert main(["train", "--only", "logistic", "--book", book]) == 0
        assert main(["predict", f"{place}/loans.csv", "-o", f"{place}/scored.parquet", "--book", book]) == 0
    return pl.read_parquet(place / "scored.parquet")["probability_of_default"].to_numpy()


def european(table: pl.DataFrame, path: Path) -> None:
    def number(value: float) -> str:
        return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))

    table.with_columns(
        pl.col("amount", "income").map_elements(number, return_dtype=pl.String),
        pl.col("day").dt.strftime("%d.%m.%Y"),
    ).write_csv(path, separator=";")


def american(table: pl.DataFrame, path: Path) -> None:
    table.with_columns(
        pl.col("amount", "income").map_elements(lambda value: f"${value:,.2f}", return_dtype=pl.String),
        pl.col("day").dt.strftime("%m/%d/%Y 09:30:00 AM"),
    ).write_csv(path)


def spreadsheet(table: pl.DataFrame, path: Path) -> None:
    """UTF-16 with tabs, as Excel saves "Unicode text"; a trailing delimiter on every line."""
    text = table.with_columns(pl.col("day").dt.strftime("%d-%b-%y")).write_csv(separator="\t")
    path.write_text(text.replace("\n", "\t\r\n"), encoding="utf-16", newline="")


def from_pandas(table: pl.DataFrame, path: Path) -> None:
    """An index without a name in front, and numbers that became floats."""
    table.with_columns(pl.col("age", "bad").cast(pl.Float64)).to_pandas().set_index("id").to_csv(path)


def many_types(table: pl.DataFrame, path: Path) -> None:
    """Parquet of a warehouse: decimals, dictionaries, small integers, zones, and columns that hold nothing."""
    rows = table.height
    columns = {
        "id": pa.array(table["id"].to_list(), pa.uint32()),
        "amount": pa.array([Decimal(str(value)) for value in table["amount"]], pa.decimal128(14, 2)),
        "income": table["income"].to_arrow(),
        "age": pa.array(table["age"].to_list(), pa.int8()),
        "state": pa.array(table["state"].to_list(), pa.large_string()).dictionary_encode(),
        "owner": table["owner"].to_arrow(),
        "day": pa.array(table["day"].cast(pl.Datetime("ns")).to_list(), pa.timestamp("ns", "UTC")),
        "nothing": pa.nulls(rows),
        "nobody": pa.nulls(rows, pa.string()),
        "bad": pa.array((table["bad"] == 1).to_list()),
    }
    parquet.write_table(pa.table(columns), path)


WRITERS: dict[str, Callable[[pl.DataFrame, Path], None]] = {
    "european.csv": european,
    "american.csv": american,
    "spreadsheet.txt": spreadsheet,
    "pandas.csv": from_pandas,
    "warehouse.parquet": many_types,
    "plain.parquet": lambda table, path: table.write_parquet(path),
    "integer days.parquet": lambda table, path: table.with_columns(
        pl.col("day").dt.strftime("%Y%m%d").cast(pl.Int64)
    ).write_parquet(path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_loans_however_written_get_the_same_answer(run, learn, table, usual, name):
    WRITERS[name](table, Path(name))
    assert score(run, learn, name).tolist() == pytest.approx(usual.tolist(), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("class", "2", "1"),
        ("default", "Y", "N"),
        ("status", "bad ", " good"),
        ("defaulted", "true", "false"),
        ("defaulted", "1.0", "0.0"),
        ("Ausfall?", "ja", "nein"),
    ],
)
def test_the_same_outcomes_however_written_are_understood(run, learn, table, usual, name, bad, good):
    outcome = pl.when(pl.col("bad") == 1).then(pl.lit(bad)).otherwise(pl.lit(good)).alias(name)
    table.select(pl.exclude("bad"), outcome).write_parquet("named.parquet")
    assert score(run, learn, "named.parquet", "--target", name).tolist() == usual.tolist()


def test_odd_headers_are_only_names(run, learn, table, usual):
    odd = ["Loan #", "amount (€)", "in.come", '"age"', "État; région", "own*", "día 📅", "Did it go bad?"]
    table.rename(dict(zip(table.columns, odd, strict=True))).write_csv("odd.csv")
    found = score(run, learn, "odd.csv", "--target", "Did it go bad?", "--amount", "amount (€)", "--time", "día 📅")
    assert np.corrcoef(found, usual)[0, 1] > 0.95  # a ratio that goes by names is missing


@pytest.mark.parametrize("words", ["select from lambda order group None import class", "id * x.y 1 2 True nan bad"])
def test_words_of_languages_are_only_names(run, learn, table, words):
    names = words.split()
    table.rename(dict(zip(table.columns, names, strict=True))).write_csv("words.csv")
    assert len(score(run, learn, "words.csv", "--target", names[-1])) == table.height


def test_a_hundred_columns_and_a_category_of_a_thousand_towns(run, learn, table):
    draw = np.random.default_rng(0)
    noise = pl.DataFrame({f"x{number}": draw.normal(size=table.height) for number in range(100)})
    towns = pl.Series("town", [f"town {number}" for number in range(table.height)])
    pl.concat([table, noise], how="horizontal").with_columns(towns).write_parquet("wide.parquet")
    assert len(score(run, learn, "wide.parquet")) == table.height


def test_columns_that_say_nothing_are_named_and_do_no_harm(run, learn, table, usual):
    table.with_columns(one=pl.lit(5), word=pl.lit("x"), empty=pl.lit(None, pl.Float64)).write_csv("idle.csv")
    assert score(run, learn, "idle.csv").tolist() == pytest.approx(usual.tolist(), abs=1e-12)
    said = run("check").out
    assert "one: every value is 5: it tells nothing" in said
    assert "word: every value is x: it tells nothing" in said
    assert "empty: every value is missing: it tells nothing" in said


def test_nested_columns_and_spans_of_time_do_not_stop_the_others(run, learn, table):
    rows = table.height
    nested = pa.table(
        {"list": [[1, 2]] * rows, "struct": [{"a": 1}] * rows, "span": pa.array(range(rows), "duration[s]")}
    )
    parquet.write_table(
        pa.table(
            {
                **dict(zip(table.columns, table.to_arrow().columns, strict=True)),
                **{name: nested[name] for name in nested.column_names},
            }
        ),
        "nested.parquet",
    )
    assert len(score(run, learn, "nested.parquet")) == rows


def test_loans_without_an_outcome_yet_are_scored_and_not_learned_from(run, learn, table):
    late = table.sort("day").with_row_index("at").with_columns(bad=pl.when(pl.col("at") < 360).then("bad"))
    late.drop("at").write_csv("late.csv")
    assert len(score(run, learn, "late.csv", "--target", "bad", "--time", "day")) == table.height
    report = run("leaderboard", "--json").json
    assert report["rows"] == 360
    assert report["set_aside"] == {"no outcome yet": 40}


def test_impossible_dates_are_named_set_aside_and_refused(run, learn, table):
    wrong = {3: "1926-01-05", 4: "2201-01-05", 5: "2015-02-30", 6: "0000-00-00"}
    days = [wrong.get(row, str(day)) for row, day in enumerate(table["day"])]
    table.with_columns(day=pl.Series(days)).write_csv("dates.csv")
    assert run("init", "dates.csv", "--target", "bad", "--time", "day").code == 0
    said = run("check")
    assert said.code == 1
    assert all(example in said.out for example in ("1926-01-05", "2201-01-05", "2015-02-30"))
    assert "4 rows set aside: breaks the data contract" in learn().out
    assert run("predict", "dates.csv", "-o", "out.csv").code == 1
    scored = pl.read_csv("out.csv")
    assert scored["error"].is_not_null().arg_true().to_list() == [3, 4, 5, 6]
    assert scored["probability_of_default"].is_null().arg_true().to_list() == [3, 4, 5, 6]
    assert all(day in error for day, error in zip(wrong.values(), scored["error"].drop_nulls(), strict=True))


def test_rows_of_one_id_stay_together_and_rows_without_one_are_named(run, learn, table):
    table.with_columns(id=pl.col("id") // 3).write_csv("ids.csv")
    assert run("init", "ids.csv", "--target", "bad", "--id", "id").code == 0
    assert "id: this id comes again" in run("check").out
    assert "because too many of the newer loans have the id of an older one" in learn().out
    table.with_columns(id=pl.when(pl.col("age") > 25).then("id")).write_csv("ids.csv")
    said = run("check")
    assert said.code == 1
    assert "id: has no id" in said.out


def test_a_leak_that_only_two_columns_give_away_together_is_doubted(run, learn, table):
    share = pl.when(pl.col("bad") == 1).then(0.3).otherwise(1.1)
    table.with_columns(x=pl.col("amount") * share).write_csv("leak.csv")
    assert run("init", "leak.csv", "--target", "bad").code == 0
    assert "is more than honest columns give: look for one that is known only later" in learn().out

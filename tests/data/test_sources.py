"""Files, globs and Parquet."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from loanbook.book import Source
from loanbook.data.sources import batches, notes, read
from loanbook.errors import DataError

FRAME = pl.DataFrame({"id": [1, 2, 3], "amount": [1.5, None, 2.5], "state": ["CA", "NY", None]})


def test_parquet_comes_in_plain_dtypes(tmp_path: Path) -> None:
    moment = pl.datetime(2008, 1, 31, 12)
    FRAME.with_columns(
        small=pl.col("id").cast(pl.Int8),
        money=pl.Series([Decimal("1.10"), None, Decimal("2.20")]),
        level=pl.Series(["a", "b", "a"], dtype=pl.Categorical),
        day=pl.lit(dt.date(2008, 1, 31)),
        moment=moment.dt.replace_time_zone("Europe/Berlin").cast(pl.Datetime("ms", "Europe/Berlin")),
        nothing=pl.lit(None),
        many=pl.Series([[1], [], None]),
    ).write_parquet(tmp_path / "t.parquet")
    frame = read(tmp_path / "t.parquet")
    assert dict(frame.schema) == {
        "id": pl.Int64, "amount": pl.Float64, "state": pl.String, "small": pl.Int64, "money": pl.Float64,
        "level": pl.String, "day": pl.Date, "moment": pl.Datetime("us"), "nothing": pl.String,
        "many": pl.String,
    }  # fmt: skip
    assert frame["money"].to_list() == [1.1, None, 2.2]
    assert frame["moment"][0].isoformat() == "2008-01-31T11:00:00"  # noon in Berlin, in UTC
    assert frame["many"].to_list() == ["[1]", "[]", None]


def test_parquet_batches_are_the_table_cut_in_pieces(tmp_path: Path, sample: Path) -> None:
    pieces = list(batches(sample, size=7000))
    assert [piece.height for piece in pieces[:-1]] == [7000] * 5
    assert pl.concat(pieces).equals(read(sample))
    assert read(sample).equals(pl.read_parquet(sample).cast(dict(read(sample).schema)))


def test_parquet_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "loans.dat")
    assert read(tmp_path / "loans.dat").equals(FRAME)


def test_a_glob_is_read_in_sorted_order(tmp_path: Path) -> None:
    for part in (2, 1, 3):
        FRAME.with_columns(part=pl.lit(part)).write_csv(tmp_path / f"p{part}.csv")
        FRAME.with_columns(part=pl.lit(part)).write_parquet(tmp_path / f"p{part}.parquet")
    (tmp_path / "p0.csv.d").mkdir()
    for suffix in ("csv", "parquet"):
        frame = read(Source(f"p*.{suffix}", None, None, tmp_path))
        assert [str(part) for part in frame["part"].unique(maintain_order=True)] == ["1", "2", "3"]
        assert frame.height == 9
    with pytest.raises(DataError, match="some files are Parquet and some are text"):
        read(tmp_path / "p*")


def test_columns_of_a_glob_may_stand_in_another_order(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("y;x\n4;3\n")
    assert read(tmp_path / "*.csv").rows() == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("x,z\n1,2\n", 'b.csv: there is no column "y", which'),
        ("x,y,z\n1,2,3\n", 'b.csv: column "z" is not in'),
    ],
)
def test_files_of_a_glob_must_have_the_same_columns(tmp_path: Path, second: str, said: str) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text(second)
    with pytest.raises(DataError, match=said):
        read(tmp_path / "*.csv")


def test_dtypes_of_a_glob_are_brought_together_or_refused(tmp_path: Path) -> None:
    pl.DataFrame({"x": [None], "y": [1], "day": [dt.date(2008, 1, 1)]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"x": ["t"], "y": [1.5], "day": [dt.datetime.fromisoformat("2008-01-02")]}).write_parquet(
        tmp_path / "b.parquet"
    )
    pieces = list(batches(tmp_path / "*.parquet", size=1))
    assert pieces[0].schema == pieces[1].schema == {"x": pl.String, "y": pl.Float64, "day": pl.Datetime("us")}
    pl.DataFrame({"x": ["t"], "y": ["1.5"], "day": ["d"]}).write_parquet(tmp_path / "c.parquet")
    with pytest.raises(DataError, match=r'c.parquet: column "y" holds text here and numbers'):
        read(tmp_path / "*.parquet")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "loans.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"laons.csv: there is no such file. The nearest is .*/loans.csv"):
        read(tmp_path / "laons.csv")
    with pytest.raises(DataError, match=r"The folder .* does not exist either"):
        read(tmp_path / "no" / "loans.csv")
    with pytest.raises(DataError, match="is a folder, not a table"):
        read(tmp_path)
    with pytest.raises(DataError, match="no file matches this pattern"):
        read(tmp_path / "*.parquet")


def test_a_name_with_brackets_is_a_name_first(tmp_path: Path) -> None:
    (tmp_path / "loans[1].csv").write_text("a,b\n1,2\n")
    assert read(tmp_path / "loans[1].csv").rows() == [("1", "2")]


def test_relative_paths_start_from_the_book(tmp_path: Path) -> None:
    (tmp_path / "loans.csv").write_text("a,b\n1,2\n")
    source = Source("loans.csv", None, None, tmp_path)
    assert read(source).rows() == [("1", "2")]
    assert notes(source) == ()


def test_damaged_parquet(tmp_path: Path, sample: Path) -> None:
    whole = sample.read_bytes()
    cut = tmp_path / "cut.parquet"
    for data in (whole[: len(whole) // 2], b"", b"PAR1", b"no parquet at all"):
        cut.write_bytes(data)
        with pytest.raises(DataError, match="cut off or damaged"):
            read(cut)
    cut.write_bytes(whole[:1000] + bytes(200_000) + whole[201_000:])
    with pytest.raises(DataError, match="cut off or damaged"):
        read(cut)


def test_tables_without_rows(tmp_path: Path) -> None:
    FRAME.clear().write_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="columns but no rows"):
        read(tmp_path / "t.parquet")


def test_the_bundled_sample_has_a_name(sample: Path) -> None:
    assert read("sample:sba_7a", columns=["state"]).equals(read(sample, columns=["state"]))
    with pytest.raises(DataError, match="no such sample"):
        read("sample:sba_7b")

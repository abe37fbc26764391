"""A table is written whole or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from loanbook.data.sources import check_output, read, write_batches
from loanbook.errors import DataError, StoreError

ONE = pl.DataFrame({"id": [1, 2], "p": [0.25, None], "error": [None, 'a "b", c']})
TWO = pl.DataFrame({"id": [3], "p": [None], "error": [None]}, schema=ONE.schema)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "CSV"])
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out.{suffix}"
    path.write_text("something old")
    assert write_batches(path, iter([ONE, TWO])) == 3
    back = read(path)
    whole = pl.concat([ONE, TWO])
    if suffix == "parquet":
        assert back.equals(whole)
    else:
        assert back.equals(whole.cast(pl.String))
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_column_that_is_empty_at_first_becomes_text(tmp_path: Path) -> None:
    first = pl.DataFrame({"id": [1], "error": [None]})
    second = pl.DataFrame({"id": [2], "error": ["bad"]})
    write_batches(tmp_path / "out.parquet", [first, second])
    assert read(tmp_path / "out.parquet")["error"].to_list() == [None, "bad"]


def test_places_that_cannot_be_written_are_refused_before_any_work(tmp_path: Path) -> None:
    def never() -> Iterator[pl.DataFrame]:
        raise AssertionError("work was begun")
        yield ONE

    (tmp_path / "folder.csv").mkdir()
    for name in ("out.xlsx", "out", "no/out.csv", "folder.csv"):
        with pytest.raises(DataError):
            check_output(tmp_path / name)
        with pytest.raises(DataError):
            write_batches(tmp_path / name, never())


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("fault", [DataError("row 7 is ragged"), KeyboardInterrupt(), ValueError("bug")])
def test_a_fault_on_the_way_leaves_what_was_there(tmp_path: Path, suffix: str, fault: BaseException) -> None:
    path = tmp_path / f"out.{suffix}"
    path.write_text("old")

    def frames() -> Iterator[pl.DataFrame]:
        yield ONE
        raise fault

    with pytest.raises(type(fault)):
        write_batches(path, frames())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["fsync", "write"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_full_disk(tmp_path: Path, suffix: str, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"out.{suffix}"
    if call == "fsync":

        def full(handle: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space left on device"):
            write_batches(path, [ONE])
    else:  # the kernel refuses to let files grow, as a full disk does
        program = f"""
import resource
import polars as pl
from loanbook.data.sources.write import write_batches
from loanbook.errors import StoreError
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
frame = pl.select(x=pl.int_range(0, 200_000).hash(1))
try:
    write_batches({str(path)!r}, [frame, frame])
except StoreError as error:
    print(error)
"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert "cannot be written (File too large" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_new_files_have_the_usual_rights(tmp_path: Path) -> None:
    write_batches(tmp_path / "out.csv", [ONE])
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "out.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode

"""Write a table whole or not at all: aside in the same folder, to the disk, then by one rename into place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, Protocol

import polars as pl

from loanbook.errors import DataError
from loanbook.files import aside


class _Writer(Protocol):
    def write(self, frame: pl.DataFrame) -> None: ...
    def close(self) -> None: ...


def check_output(path: str | Path) -> Path:
    """See that a table can be written there, before any work is done.

    Raises
    ------
    DataError : the suffix is neither .csv nor .parquet, there is no such folder, or something else is there.

    >>> check_output("scores.xlsx")
    Traceback (most recent call last):
    ...
    loanbook.errors.DataError: scores.xlsx: tables are written as .csv or .parquet, not as .xlsx. Choose one.
    """
    path = Path(path)
    if path.suffix.lower() not in _WRITERS:
        said = f"as {path.suffix}" if path.suffix else "without a suffix"
        raise DataError(f"tables are written as .csv or .parquet, not {said}", where=str(path), todo="choose one")
    if not path.parent.is_dir():
        raise DataError(f"there is no folder {path.parent}", where=str(path), todo="make it first")
    if path.exists() and not path.is_file():
        raise DataError("is not a file that can be replaced", where=str(path), todo="choose another name")
    return path


def write_batches(path: str | Path, frames: Iterable[pl.DataFrame]) -> int:
    """Write the frames, one after the other, as one table: CSV or Parquet by the suffix.

    Parameters
    ----------
    path : where to; a file that is there is replaced once the new one is complete.
    frames : at least one; all with the columns of the first, whose dtypes hold for all.

    Returns
    -------
    How many rows were written.

    Raises
    ------
    DataError : as `check_output`.
    StoreError : the disk is full. After this and any other error, nothing half-written is left.
    """
    path = check_output(path)
    rows = 0
    with aside(path) as file:
        writer = _WRITERS[path.suffix.lower()](file)
        for frame in frames:
            writer.write(frame)
            rows += frame.height
        writer.close()
    return rows


class _Csv:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._started = False

    def write(self, frame: pl.DataFrame) -> None:
        frame.write_csv(self._file, include_header=not self._started)
        self._started = True

    def close(self) -> None:
        """Nothing is held back."""


class _Parquet:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._schema: pl.Schema | None = None
        self._sink: _Writer | None = None

    def write(self, frame: pl.DataFrame) -> None:
        from pyarrow import parquet

        if self._schema is None:
            self._schema = pl.Schema({n: pl.String() if d == pl.Null else d for n, d in frame.schema.items()})
        table = frame.cast(self._schema).to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._sink is None:
            self._sink = parquet.ParquetWriter(self._file, table.schema, compression="zstd")
        self._sink.write(table)

    def close(self) -> None:
        if self._sink is not None:
            self._sink.close()


_WRITERS: dict[str, Callable[[BinaryIO], _Writer]] = {".csv": _Csv, ".parquet": _Parquet}

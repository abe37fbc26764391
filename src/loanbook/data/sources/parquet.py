"""Parquet files, streamed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from loanbook.data.sources.columns import pick
from loanbook.data.sources.dtypes import plain
from loanbook.errors import DataError

if TYPE_CHECKING:
    import pyarrow.parquet

MAGIC = b"PAR1"


def schema(path: Path) -> dict[str, pl.DataType]:
    """Columns and plain dtypes, from the file's last bytes alone.

    Raises
    ------
    DataError : cut off, or no Parquet.
    """
    with _opened(path) as file:
        names: list[str] = file.schema_arrow.names
        empty = pl.DataFrame(pl.from_arrow(file.schema_arrow.empty_table()))
    return {name: plain(dtype) for name, dtype in zip(names, empty.dtypes, strict=True)}


def rows(path: Path) -> int:
    """How many rows the file has, from its last bytes alone."""
    with _opened(path) as file:
        return int(file.metadata.num_rows)


def frames(path: Path, columns: Sequence[str], size: int) -> Iterator[pl.DataFrame]:
    """The table in batches of up to `size` rows, as stored."""
    with _opened(path) as file:
        for batch in file.iter_batches(batch_size=size, columns=list(columns), use_threads=False):
            yield pick(pl.DataFrame(pl.from_arrow(batch)), columns)


@contextmanager
def _opened(path: Path) -> Iterator[pyarrow.parquet.ParquetFile]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        # Column chunks are read piece by piece: a row group may be as large as the file.
        with parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"the Parquet file is cut off or damaged ({_short(error)})",
            where=str(path),
            todo="write it again",
        ) from None


def _short(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0].split(". ", maxsplit=1)[0][:120].rstrip(".")

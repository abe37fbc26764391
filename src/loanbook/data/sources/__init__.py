"""Where the rows come from: CSV, Parquet, a glob of either, SQL, or a bundled sample.

`read` gives the whole table, `batches` the same rows piece by piece in constant memory: the first is the
second put together, so a table scored in pieces is read exactly as it was for training.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from loanbook.book import Source
from loanbook.data.sources import csv, dtypes, parquet, sql
from loanbook.data.sources.columns import choose, require_same
from loanbook.data.sources.encoding import open_bytes
from loanbook.data.sources.files import locate
from loanbook.data.sources.layout import sniff
from loanbook.data.sources.write import check_output, write_batches
from loanbook.errors import DataError

__all__ = ["batches", "check_output", "count", "notes", "read", "require_apart", "write_batches"]

BATCH_ROWS = 50_000


def read(source: Source | str | Path, *, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Read a whole table.

    Parameters
    ----------
    source : what the book names, or a path, a glob or ``"sample:NAME"``.
    columns : which columns, in which order; all when None.

    Returns
    -------
    One row a loan. Columns of text tables are trimmed strings, null where the text means "no value"
    (``inference.MISSING``); others come as Int64, UInt64, Float64, Boolean, Date, Datetime (µs, UTC), String.

    Raises
    ------
    DataError : nothing there, nothing in it, not readable, or not of one shape; says where.

    >>> read("sample:sba_7a", columns=["loan_number", "status"]).columns
    ['loan_number', 'status']
    """
    return pl.concat(batches(source, columns=columns), rechunk=True)


def batches(
    source: Source | str | Path, *, columns: Sequence[str] | None = None, size: int = BATCH_ROWS
) -> Iterator[pl.DataFrame]:
    """Stream a table: the rows of `read` in order, `size` at a time (the last batch has the rest).

    Raises
    ------
    DataError : as `read`; for a text table some faults show only when their row is reached.
    """
    frames = _frames(source, columns, size)
    count = 0
    for frame in _resized(frames, size):
        count += frame.height
        yield frame
    if not count:
        raise DataError("the table has columns but no rows", where=_name(source), todo="export it again")


def count(source: Source | str | Path) -> int:
    """Rows of a table for a progress bar: exact for Parquet, the lines of text tables, 0 (not known) for a query.

    >>> count("sample:sba_7a")
    40185
    """
    if isinstance(source, Source) and source.paths is None:
        return 0
    return sum(
        parquet.rows(file) if _is_parquet(file) else (layout := sniff(file)).lines - bool(layout.header_width)
        for file in _files(source)
    )


def require_apart(output: str | Path, source: Source | str | Path) -> None:
    """Raise DataError when an output would replace a file that is read."""
    if isinstance(source, Source) and source.paths is None:
        return
    if Path(output).resolve() in [file.resolve() for file in _files(source)]:
        raise DataError(
            "is the table that is read, and would be replaced", where=str(output), todo="choose another name"
        )


def notes(source: Source | str | Path) -> tuple[str, ...]:
    """What a reader should know about how the files were understood: no header, an old encoding."""
    if isinstance(source, Source) and source.paths is None:
        return ()
    files = _files(source)
    return tuple(note for file in files if not _is_parquet(file) for note in sniff(file).notes())


def _name(source: Source | str | Path) -> str:
    if isinstance(source, Source):
        return source.paths or "the query"
    return str(source)


def _files(source: Source | str | Path) -> list[Path]:
    if isinstance(source, Source):
        return locate(str(source.paths), source.base)
    return locate(str(source))


def _frames(source: Source | str | Path, columns: Sequence[str] | None, size: int) -> Iterator[pl.DataFrame]:
    if isinstance(source, Source) and source.url is not None:
        if source.query is None:
            raise DataError("a database needs a query", where="url", todo='add query = "select …"')
        return sql.frames(source.url, source.query, base=source.base, columns=columns, size=size)
    files = _files(source)
    stored = [_is_parquet(file) for file in files]
    if all(stored):
        return _parquet_frames(files, columns, size)
    if any(stored):
        raise DataError("some files are Parquet and some are text", where=_name(source), todo="choose one kind")
    return _csv_frames(files, columns)


def _parquet_frames(files: list[Path], columns: Sequence[str] | None, size: int) -> Iterator[pl.DataFrame]:
    schemas = [(str(file), parquet.schema(file)) for file in files]
    for name, schema in schemas[1:]:
        require_same(list(schemas[0][1]), list(schema), name, schemas[0][0])
    shared = dtypes.common(schemas)
    wanted = choose(list(schemas[0][1]), columns, str(files[0]))
    chosen = {name: shared[name] for name in wanted}
    for file in files:
        for frame in parquet.frames(file, wanted, size):
            yield dtypes.fit(frame, chosen)


def _csv_frames(files: list[Path], columns: Sequence[str] | None) -> Iterator[pl.DataFrame]:
    layouts = [sniff(file) for file in files]
    first = layouts[0]
    for layout in layouts[1:]:
        require_same(first.columns, layout.columns, str(layout.path), str(first.path))
    wanted = choose(first.columns, columns, str(first.path))
    for layout in layouts:
        yield from csv.frames(layout, wanted)


def _is_parquet(path: Path) -> bool:
    with open_bytes(path) as file:
        return path.suffix.lower() in (".parquet", ".pq") or file.read(4) == parquet.MAGIC


def _resized(frames: Iterator[pl.DataFrame], size: int) -> Iterator[pl.DataFrame]:
    """The same rows, `size` in each frame."""
    held: list[pl.DataFrame] = []
    rows = 0
    for frame in frames:
        held.append(frame)
        rows += frame.height
        while rows >= size:
            joined = pl.concat(held)
            yield joined.head(size)
            held, rows = [joined.slice(size)], rows - size
    if rows:
        yield pl.concat(held)

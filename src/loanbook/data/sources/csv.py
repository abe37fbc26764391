"""Text tables, streamed: every column as trimmed text, no value where the text means none."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from loanbook.data.inference import MISSING
from loanbook.data.sources.columns import pick
from loanbook.data.sources.encoding import Utf8, open_bytes, squeeze_blanks, text_chunks, text_lines
from loanbook.data.sources.layout import BLANKS, Layout
from loanbook.errors import DataError

if TYPE_CHECKING:
    import pyarrow.csv

BLOCK = 4 << 20


def frames(layout: Layout, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
    """The table in blocks of about four megabytes of text.

    Parameters
    ----------
    layout : as `layout.sniff` found it.
    columns : which columns, in which order; all when None.

    Raises
    ------
    DataError : a row with too many or too few cells, by its line number.
    """
    import pyarrow as pa

    wanted = layout.columns if columns is None else tuple(columns)
    ragged = _Ragged(layout)
    rows = 0
    try:
        with open_bytes(layout.path) as file:
            for batch in _reader(_plain(layout, file), layout, wanted, ragged):
                frame = pl.DataFrame(pl.from_arrow(batch))
                if rows == 0 and layout.header_width == layout.width:
                    frame = frame.slice(1)
                rows += batch.num_rows
                yield _clean(_named(frame, layout, rows), wanted)
    except pa.ArrowInvalid:
        raise _explained(layout, ragged) from None


def _plain(layout: Layout, file: Any) -> Any:
    """UTF-8 for the parser; straight from the disk when it is that already."""
    if layout.delimiter == BLANKS:
        return Utf8(squeeze_blanks(line) for line in text_lines(layout.path, layout.encoding))
    if layout.encoding in ("utf-8", "utf-8-sig"):
        return file
    return Utf8(text_chunks(layout.path, layout.encoding))


def _reader(stream: Any, layout: Layout, wanted: Sequence[str], ragged: _Ragged) -> pyarrow.csv.CSVStreamingReader:
    import pyarrow as pa
    from pyarrow import csv as arrow

    places = [str(place) for place in range(layout.width)]
    kept = [place for place in places if layout.names[int(place)] in ("", *wanted)]
    return arrow.open_csv(
        stream,
        read_options=arrow.ReadOptions(column_names=places, block_size=BLOCK, use_threads=False),
        parse_options=arrow.ParseOptions(
            delimiter="\t" if layout.delimiter == BLANKS else layout.delimiter,
            newlines_in_values=True,
            invalid_row_handler=ragged,
        ),
        convert_options=arrow.ConvertOptions(
            column_types=dict.fromkeys(places, pa.string()), include_columns=kept, strings_can_be_null=False
        ),
    )


def _named(frame: pl.DataFrame, layout: Layout, rows: int) -> pl.DataFrame:
    for place in frame.columns:
        if layout.names[int(place)] == "":
            if (frame[place].str.strip_chars() != "").any():
                raise DataError(
                    f"a row has more than {len(layout.columns)} values",
                    where=f"{layout.path}, within the first {rows} rows",
                    todo="give the last column a name or take the value out",
                )
            frame = frame.drop(place)
    return frame.rename({place: layout.names[int(place)] for place in frame.columns})


def _clean(frame: pl.DataFrame, wanted: Sequence[str]) -> pl.DataFrame:
    frame = pick(frame, wanted)
    frame.columns = [str(place) for place in range(frame.width)]  # a header may look like a pattern to Polars
    untrimmed = frame.select(pl.all().str.contains(r"^\s|\s$").any()).row(0)
    missing = pl.Series(sorted(MISSING), dtype=pl.String)
    cells = [
        pl.col(place).str.strip_chars() if blanks else pl.col(place)
        for place, blanks in zip(frame.columns, untrimmed, strict=True)
    ]
    clean = frame.select(
        pl.when(cell.is_in(missing.implode())).then(None).otherwise(cell).name.keep() for cell in cells
    )
    clean.columns = list(wanted)
    return clean


class _Ragged:
    """Says what is to become of a row with the wrong number of cells, and remembers that there was one."""

    def __init__(self, layout: Layout) -> None:
        self._header_due = layout.header_width not in (0, layout.width)
        self.found = False

    def __call__(self, row: Any) -> str:
        if self._header_due:
            self._header_due = False
            return "skip"
        if not row.text.strip():
            return "skip"
        self.found = True
        return "error"


def _explained(layout: Layout, ragged: _Ragged) -> DataError:
    if not ragged.found:
        return DataError(
            "a line is longer than four megabytes, or a quotation mark is never closed",
            where=str(layout.path),
            todo="export it again",
        )
    line, count, last = _ragged_line(layout)
    where = f"{layout.path}, line {line}"
    if last and not layout.ended:
        return DataError("the last line is cut off", where=where, todo="the file is not whole: export it again")
    return DataError(
        f"this line has {count} values where the table has {layout.width} columns",
        where=where,
        todo="put values that contain the delimiter between quotation marks, or mend the line",
    )


def _ragged_line(layout: Layout) -> tuple[int, int, bool]:
    """Line number and number of values of the first ragged line, and whether it is the last of the file."""
    lines = text_lines(layout.path, layout.encoding)
    delimiter = layout.delimiter
    if delimiter == BLANKS:
        lines, delimiter = (squeeze_blanks(line) for line in lines), "\t"
    reader = csv.reader(lines, delimiter=delimiter)
    start, header_due = 1, bool(layout.header_width)
    for row in reader:
        blank = not any(cell.strip() for cell in row) and len(row) <= 1
        if not blank and not header_due and len(row) != layout.width:
            return start, len(row), next(reader, None) is None
        header_due = header_due and blank
        start = reader.line_num + 1
    return start, 0, True

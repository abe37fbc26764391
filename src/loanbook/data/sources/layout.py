"""How a text table is laid out: delimiter, header, column names; found on its first megabyte."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from loanbook.data.inference import MISSING
from loanbook.data.sources.encoding import Survey, squeeze_blanks, survey
from loanbook.errors import DataError

BLANKS = " "
"""Stands for "separated by runs of blanks"."""
# Most telling first: a comma may be a decimal sign in a table of semicolons, hardly ever the other way round.
_DELIMITERS = ("\t", ";", "|", ",", BLANKS)
_ROWS = 500
_NUMBER = re.compile(r"^[-+]?[$€£]?\d[\d.,]*([eE][-+]?\d+)?%?$|^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b")


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read one text table.

    `width` columns stand in each row; `names` has one entry each, "" for one that is dropped because it is
    only a trailing delimiter. `header_width` is 0 when the table has no header line. `lines` counts all lines of
    the file, `ended` is false when the last is cut or has no line end.
    """

    path: Path
    encoding: str
    delimiter: str
    width: int
    header_width: int
    names: tuple[str, ...]
    lines: int
    ended: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that are read."""
        return tuple(name for name in self.names if name)

    def notes(self) -> tuple[str, ...]:
        """What a reader should be told about how the file was understood."""
        said = []
        if not self.header_width:
            said.append(f"{self.path}: no header line, so columns are named column_1 to column_{self.width}")
        if self.encoding not in ("utf-8", "utf-8-sig"):
            said.append(f"{self.path}: read as {self.encoding}, since it is not UTF-8")
        return tuple(said)


def sniff(path: Path) -> Layout:
    """Find out how a text table is laid out.

    Raises
    ------
    DataError : empty, header only, binary, two columns of one name, or a quotation mark never closed.
    """
    seen = survey(path)
    if not seen.sample.strip():
        raise DataError("the file is empty", where=str(path), todo="export it again")
    if seen.odd_quotes:
        _refuse_open_quote(path, seen)
    delimiter, rows = _best_delimiter(seen)
    width, headed = _shape(rows)
    if len(rows) == 1:
        raise DataError("has one line and no rows", where=str(path), todo="give it a header and rows")
    header = [cell.strip() for cell in rows[0]] if headed else []
    names = _names(path, header, width, rows[1]) if headed else [f"column_{i + 1}" for i in range(width)]
    return Layout(path, seen.encoding, delimiter, width, len(header), tuple(names), seen.lines, seen.ended)


def records(lines: list[str], delimiter: str) -> list[list[str]]:
    r"""The first rows as cells; lines of nothing but blanks are no rows.

    >>> records(['a;b\n', ' \n', '1;"x;\n', 'y"\n'], ";")
    [['a', 'b'], ['1', 'x;\ny']]
    """
    if delimiter == BLANKS:
        lines, delimiter = [squeeze_blanks(line) for line in lines], "\t"
    rows = (row for row in csv.reader(lines, delimiter=delimiter) if any(cell.strip() for cell in row) or len(row) > 1)
    return list(islice(rows, _ROWS))


def _lines(seen: Survey) -> list[str]:
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", seen.sample)
    lines = [line for line in lines if line]
    return lines if seen.whole or len(lines) < 2 else lines[:-1]


def _best_delimiter(seen: Survey) -> tuple[str, list[list[str]]]:
    csv.field_size_limit(1 << 24)
    lines = _lines(seen)
    likely = (0.5, ",", records(lines, ","))
    for delimiter in _DELIMITERS:
        rows = records(lines, delimiter)
        share = _agreement(rows, delimiter)
        if share >= 0.9:
            return delimiter, rows
        if share > likely[0] and delimiter != BLANKS:
            likely = (share, delimiter, rows)
    return likely[1:]


def _agreement(rows: list[list[str]], delimiter: str) -> float:
    """Share of rows that have the same number of cells, 0 when that is no table."""
    if not rows:
        return 0.0
    body = rows[1:] or rows
    width, count = Counter(len(row) for row in body).most_common(1)[0]
    least = 2
    if delimiter == BLANKS and not all(_NUMBER.match(cell) for row in body for cell in row):
        least = 3  # "New York" is one value
    if width < least or abs(len(rows[0]) - width) > 1 or len(rows[0]) < 2:
        return 0.0
    return count / len(body)


def _shape(rows: list[list[str]]) -> tuple[int, bool]:
    """Cells in a row, and whether the first row is a header."""
    body = rows[1:]
    top = [cell.strip() for cell in rows[0]]
    modal = Counter(len(row) for row in body).most_common(1)[0][0] if body else len(top)
    width = modal if _only_ends_differ(top, body, modal) else len(top)
    return width, len(top) != width or _is_header(top, [row for row in body if len(row) == width])


def _only_ends_differ(top: list[str], body: list[list[str]], modal: int) -> bool:
    """A delimiter ends the header alone or the rows alone, or the rows start with their numbers."""
    if modal == len(top) - 1:
        return top[-1] == ""
    if modal != len(top) + 1:
        return False
    full = [row for row in body if len(row) == modal]
    return all(row[-1].strip() == "" for row in full) or _counts_rows(full)


def _counts_rows(body: list[list[str]]) -> bool:
    return all(row[0].strip() == str(number) for number, row in enumerate(body, 1))


def _is_header(top: list[str], body: list[list[str]]) -> bool:
    """The first row names columns when no number stands above numbers, or its cells do not come again."""
    numeric, named, again = 0, 0, 0
    for column, name in enumerate(top):
        below = [cell for row in body if (cell := row[column].strip()) not in MISSING]
        if name in MISSING or not below:
            continue
        if sum(bool(_NUMBER.match(cell)) for cell in below) >= 0.9 * len(below):
            numeric += bool(_NUMBER.match(name))
            named += not _NUMBER.match(name)
        again += name in below
    if numeric or named:
        return named > 0
    return again < max(1, len(top) / 2)


def _names(path: Path, header: list[str], width: int, first: list[str]) -> list[str]:
    names = header[:width]
    if len(names) < width:
        # R writes row numbers without a name for them; others end each row with a delimiter.
        names = [*names, ""] if first[-1].strip() == "" else ["column_1", *names]
    last_is_empty = names[-1] == "" and width > 1 and first[-1].strip() == ""
    named = [name or f"column_{number}" for number, name in enumerate(names, 1)]
    if last_is_empty:
        named[-1] = ""
    for name, count in Counter(filter(None, named)).items():
        if count > 1:
            places = " and ".join(str(i) for i, other in enumerate(named, 1) if other == name)
            raise DataError(
                f'two columns are named "{name}" (columns {places})',
                where=str(path),
                todo="rename one of them",
            )
    return named


def _refuse_open_quote(path: Path, seen: Survey) -> None:
    """An odd number of quotation marks may be inches (5" pipe); one that never closes swallows the rest."""
    from loanbook.data.sources.encoding import text_lines

    delimiter, _ = _best_delimiter(seen)
    if delimiter == BLANKS:
        return
    reader = csv.reader(text_lines(path, seen.encoding), delimiter=delimiter, strict=True)
    start = 1
    try:
        for _ in reader:
            start = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise DataError(
                "a quotation mark is opened and never closed",
                where=f"{path}, line {start}",
                todo="the file may be cut off: export it again",
            ) from None

"""From the bytes of a text file to UTF-8: compression, encodings, and files that are no text at all."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from loanbook.errors import DataError

CHUNK = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_FOREIGN = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"ARROW1", "an Arrow file"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"{", "JSON"),
    (b"[{", "JSON"),
    (b"<", "a web page or XML"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_BLANKS = re.compile(r'"[^"]*"|[ \t]+')


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over the bytes of a text file tells.

    `encoding` is a Python codec; `sample` the first megabyte as text; `whole` whether that is everything; `lines` how
    many there are; `odd_quotes` whether a quotation mark is left over; `ended` whether the last line is finished.
    """

    encoding: str
    sample: str
    whole: bool
    lines: int
    odd_quotes: bool
    ended: bool


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, gunzipped when they are gzip, with the faults of the disk told in one sentence."""
    try:
        with path.open("rb") as raw:
            squeezed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if squeezed:
                with gzip.open(raw) as plain:
                    yield plain  # type: ignore[misc]  # GzipFile reads like any binary file
            else:
                yield raw
    except EOFError as error:
        raise DataError("the compressed file is cut off", where=str(path), todo="fetch it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError("the compressed file is damaged", where=str(path), todo="fetch it again") from error
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or error})", where=str(path)) from error


def survey(path: Path) -> Survey:
    """Read the file once from end to end and find its encoding.

    A file is UTF-8 only if all of it is: one umlaut of an old code page in the last line counts.
    Without a byte order mark and when it is not UTF-8 it is taken for Windows-1252, as browsers do.
    """
    with open_bytes(path) as file:
        head = file.read(CHUNK)
        _refuse_foreign(path, head)
        for encoding in _candidates(head):
            file.seek(0)
            found = _try(file, encoding)
            if found is not None:
                _refuse_binary(path, found.sample)
                return found
    raise DataError("is in no encoding that loanbook knows", where=str(path), todo="save it as UTF-8")


def text_chunks(path: Path, encoding: str) -> Iterator[str]:
    """The decoded text, a megabyte at a time, line ends untouched."""
    with open_bytes(path) as file:
        text = io.TextIOWrapper(file, encoding=encoding, newline="")
        while chunk := text.read(CHUNK):
            yield chunk
        text.detach()


def text_lines(path: Path, encoding: str) -> Iterator[str]:
    """The decoded text, line by line, line ends kept."""
    with open_bytes(path) as file:
        text = io.TextIOWrapper(file, encoding=encoding, newline="")
        yield from text
        text.detach()


def squeeze_blanks(line: str) -> str:
    r"""One tab for each run of blanks outside quotation marks.

    >>> squeeze_blanks('A11  6 "new  car"   1\n')
    'A11\t6\t"new  car"\t1\n'
    """
    body = line.strip()
    return _BLANKS.sub(lambda run: run[0] if run[0][0] == '"' else "\t", body) + line[len(line.rstrip("\r\n")) :]


class Utf8(io.RawIOBase):
    """A readable binary stream of UTF-8 over pieces of text."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer; 0 at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece.encode("utf-8")
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _candidates(head: bytes) -> list[str]:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return [encoding]
    if head[1:4000:2].count(0) > 0.3 * len(head[1:4000:2]):
        return ["utf-16-le"]
    if head[:4000:2].count(0) > 0.3 * len(head[:4000:2]):
        return ["utf-16-be"]
    return ["utf-8", "cp1252", "latin-1"]


def _try(file: BinaryIO, encoding: str) -> Survey | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    sample, last, quotes, lines, pieces = "", "", 0, 0, 0
    while chunk := file.read(CHUNK):
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError:
            return None
        sample = sample or text
        last = text[-1:] or last
        quotes += text.count('"')
        lines += text.count("\n") or text.count("\r")
        pieces += 1
    # A character cut in two at the very end is a cut file, not another encoding: `ended` is false then.
    ended = last in ("\n", "\r")
    return Survey(encoding, sample, pieces <= 1, lines + (not ended), quotes % 2 == 1, ended)


def _refuse_foreign(path: Path, head: bytes) -> None:
    for magic, name in _FOREIGN:
        if head.startswith(magic):
            raise DataError(f"is {name}, not a CSV or Parquet table", where=str(path), todo="export it as one of them")


def _refuse_binary(path: Path, sample: str) -> None:
    odd = len(_CONTROL.findall(sample))
    if "\x00" in sample or odd > 0.01 * len(sample):
        raise DataError("is not a text table (binary data)", where=str(path), todo="give a CSV or Parquet file")

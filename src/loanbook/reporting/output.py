"""Where a page is written, and what may not be overwritten by it."""

from __future__ import annotations

from pathlib import Path

from loanbook.book import Source
from loanbook.data import sources
from loanbook.errors import DataError
from loanbook.files import write_whole

_SUFFIXES = (".html", ".htm")


def check_page(path: Path, source: Source | None = None) -> Path:
    """See that a page can be written there, before any work is done.

    Parameters
    ----------
    path : where to. source : the table that must not be replaced.

    Raises
    ------
    DataError : the suffix is not .html, there is no such folder, or something else is there.

    >>> check_page(Path("card.pdf"))
    Traceback (most recent call last):
    loanbook.errors.DataError: card.pdf: pages are written as .html, not as .pdf. Name it card.html.
    """
    if path.suffix.lower() not in _SUFFIXES:
        said = f"as {path.suffix}" if path.suffix else "without a suffix"
        todo = f"name it {path.with_suffix('.html').name}" if path.name else "name a file"
        raise DataError(f"pages are written as .html, not {said}", where=str(path), todo=todo)
    if not path.parent.is_dir():
        raise DataError(f"there is no folder {path.parent}", where=str(path), todo="make it first")
    if path.exists() and not path.is_file():
        raise DataError("is not a file that can be replaced", where=str(path), todo="choose another name")
    if source is not None:
        sources.require_apart(path, source)
    return path


def write_page(path: Path, content: bytes) -> None:
    """Write a page whole or not at all."""
    write_whole(path, content)

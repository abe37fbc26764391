"""Files that are there whole or not at all: written aside, forced to the disk, renamed into place."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from loanbook.errors import StoreError


@contextmanager
def aside(path: Path) -> Iterator[BinaryIO]:
    """Open a new file beside `path`; it takes its place if all goes well and is gone if anything does not.

    Raises
    ------
    StoreError : the disk is full, or the place may not be written to.

    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "note.txt"
    >>> with aside(place) as file:
    ...     _ = file.write(b"whole")
    >>> place.read_text()
    'whole'
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(
            f"cannot be written ({error.strerror or error})",
            where=str(path),
            todo="nothing was changed; make room or choose another place",
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; its folder is made when it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with aside(path) as file:
        file.write(content)


def sync_folder(folder: Path) -> None:
    """Force a folder's own entries (new names, renames) to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

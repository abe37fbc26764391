"""Heads of the chain, noted in a file where the store's writers cannot change it.

A line a head: the moment, a blank, `SEQ:LINK`. The file is only ever added to.
"""

from __future__ import annotations

import os
from pathlib import Path

from loanbook.errors import StoreError
from loanbook.registry import clock
from loanbook.registry.chain import Head
from loanbook.registry.verification import noted


def noted_in(path: Path) -> list[Head]:
    """The heads of a file, oldest first; none when it is not there yet.

    Raises
    ------
    StoreError : it cannot be read.
    LoanbookError : a line holds no head.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError("the noted heads cannot be read", where=str(path), todo="bring the file back") from error
    return [noted(line.rpartition(" ")[2]) for line in lines if line.strip()]


def note(path: Path, head: Head) -> None:
    """Add a head, forced to the disk; the one that stands last already is not repeated.

    Raises
    ------
    StoreError : it cannot be written.
    """
    known = noted_in(path)
    if known and known[-1] == head:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{clock.now()} {head}\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(
            f"the head cannot be noted ({error.strerror})", where=str(path), todo="make the file writable"
        ) from error

"""The C kernel, where it was built: `kernel.c` beside this file, compiled when loanbook was installed."""

from __future__ import annotations

import ctypes
import hashlib
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
LIBRARY = "kernel.bin"  # not .so: Python would take it for a module of its own
SOURCE = "kernel.c"
OFF = "LOANBOOK_KERNEL"
"""Environment variable: "off" computes with numpy, to compare, or to rule the kernel out."""

_POINTER, _COUNT = ctypes.c_void_p, ctypes.c_int64
_FUNCTIONS = {
    "loanbook_score": (_POINTER, _POINTER, _COUNT, _COUNT, _COUNT, *(_POINTER,) * 7),
    "loanbook_moved": (_POINTER, _POINTER, _POINTER, _COUNT, _POINTER, _POINTER),
    "loanbook_tables": (*(_POINTER,) * 6, _COUNT, _POINTER),
    "loanbook_row": (_POINTER,),
    "loanbook_row_moved": (_POINTER,),
    "loanbook_row_explained": (_POINTER,),
}


class Library(NamedTuple):
    """The same library twice.

    free : calls let other threads run meanwhile; for batches and for building.
    held : calls keep the interpreter's lock, which costs less than what one row takes.
    """

    free: ctypes.CDLL
    held: ctypes.PyDLL


@cache
def kernel() -> Library | None:
    """The compiled kernel, or None; `why_absent` says why."""
    return _opened()[0]


def why_absent() -> str | None:
    """Why decisions are computed by numpy, slower, to the same bits; None where the kernel is there."""
    return _opened()[1]


@cache
def _opened() -> tuple[Library | None, str | None]:
    if os.environ.get(OFF) == "off":
        return None, f"{OFF}=off"
    return open_library(FOLDER)


def open_library(folder: Path) -> tuple[Library | None, str | None]:
    """Open the library in a folder, or say why not: it is not there, or is not made of the source beside it."""
    path = folder / LIBRARY
    if not path.exists():
        return None, "loanbook was installed without a C compiler"
    try:
        library = Library(ctypes.CDLL(str(path)), ctypes.PyDLL(str(path)))
    except OSError as error:
        return None, f"the C kernel cannot be loaded: {error}"
    library.free.loanbook_source.restype = ctypes.c_char_p
    if library.free.loanbook_source().decode() != hashlib.sha256((folder / SOURCE).read_bytes()).hexdigest():
        return None, "the C kernel was built from another source; install loanbook again"
    for half in library:
        for name, arguments in _FUNCTIONS.items():
            function = getattr(half, name)
            function.argtypes, function.restype = arguments, None
    return library, None

"""What the pages need beyond the core of the package."""

from __future__ import annotations

from importlib.util import find_spec

from loanbook.errors import LoanbookError

EXTRA = "explore"


def require(*modules: str) -> None:
    """Raise LoanbookError where a package is missing, and say which extra brings it.

    >>> require("no_such_package")
    Traceback (most recent call last):
    loanbook.errors.LoanbookError: this needs the package 'no_such_package', which is not installed. Install it with:
    pip install 'loanbook[explore]'.
    """
    for module in modules:
        if find_spec(module) is None:
            todo = f"install it with: pip install 'loanbook[{EXTRA}]'"
            raise LoanbookError(f"this needs the package {module!r}, which is not installed", todo=todo)

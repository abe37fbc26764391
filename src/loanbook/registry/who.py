"""Who is at the keyboard, for records that name somebody."""

from __future__ import annotations

import getpass


def who_is(given: str = "") -> str:
    """The name that was given, or that of the account.

    >>> who_is("ann")
    'ann'
    """
    if given:
        return given
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no such user in a container
        return "unknown"

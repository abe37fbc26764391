"""Levels that are other levels in another spelling, and text in the wrong encoding."""

from __future__ import annotations

import re
from collections.abc import Iterable

# What UTF-8 looks like when it is read as Windows-1252, and what is left of a character that was lost.
GARBLED = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]|\ufffd"
)
_SPACE = re.compile(r"[\s_\-.]+")


def plain_spelling(level: str) -> str:
    """A level without what people and programs change about it.

    >>> [plain_spelling(level) for level in ("New  York", "NEW_YORK", "02134", "2134.0")]
    ['new york', 'new york', '2134', '2134']
    """
    text = level.removesuffix(".0").strip().casefold()
    return _SPACE.sub(" ", text).strip().lstrip("0") or "0"


def respelled(levels: Iterable[str], known: set[str]) -> dict[str, str]:
    """Which unknown levels are another spelling of a known one.

    >>> respelled(["ca", "TX", "NY"], {"CA", "NY"})
    {'ca': 'CA'}
    """
    plain = {plain_spelling(level): level for level in known}
    found = {level: plain.get(plain_spelling(level)) for level in levels if level not in known}
    return {level: other for level, other in found.items() if other is not None}

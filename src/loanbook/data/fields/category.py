"""Categories."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.data.fields.base import Breach, absent, as_text, by_level, common, is_missing, required_or_null, shown


@dataclass(frozen=True)
class CategoryField:
    """One of the levels that the training rows have.

    A *closed* field takes no other level. An open one (a town, a bank) takes any: what has no level of its own gets
    code -1, the pool of everything too rare to learn.

    >>> state = CategoryField("state", "category", required=False, levels=("CA", "NY"), closed=True)
    >>> state.code("NY"), state.code(None)
    (1.0, nan)
    >>> state.code("ny")
    Traceback (most recent call last):
    loanbook.data.fields.base.Breach: 'ny' is not one of the 2 known values; the nearest is 'NY'
    """

    name: str
    kind: str
    required: bool
    levels: tuple[str, ...]
    closed: bool

    @cached_property
    def _codes(self) -> dict[str, float]:
        return {level: float(code) for code, level in enumerate(self.levels)}

    def code(self, value: object) -> float:
        """Read one cell; raise Breach where it cannot be."""
        if is_missing(value):
            return absent(self.required)
        if not isinstance(value, str | int | float | Decimal):
            raise Breach(f"{shown(value)} is not text")
        text = as_text(value)
        code = self._codes.get(text, -1.0)
        if code < 0 and self.closed:
            raise Breach(f"{shown(text)} is not one of the {len(self.levels)} known values{self._nearest(text)}")
        return code

    def _nearest(self, text: str) -> str:
        from difflib import get_close_matches

        folded = {level.casefold(): level for level in self.levels}
        near = get_close_matches(text.casefold(), folded, n=1)
        return f"; the nearest is {folded[near[0]]!r}" if near else ""

    def codes(self, column: pl.Series) -> tuple[NDArray[np.float64], dict[int, str]]:
        """Read a column: (n,) codes with NaN for missing or wrong, and what is wrong by row."""
        return by_level(column, self.code)

    def show(self, code: float) -> str | None:
        """Give back the level a code stands for; a pooled level is shown as such."""
        if math.isnan(code):
            return None
        return self.levels[int(code)] if code >= 0 else "(rare or new)"

    def schema(self) -> dict[str, Any]:
        found = required_or_null("string", required=self.required)
        if self.closed:
            found["enum"] = list(self.levels) + ([] if self.required else [None])
        return found

    def to_json(self) -> dict[str, Any]:
        return {**common(self), "levels": list(self.levels), "closed": self.closed}

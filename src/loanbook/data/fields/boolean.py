"""Truths."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.data.fields.base import Breach, absent, as_text, by_level, common, is_missing, required_or_null, shown


@dataclass(frozen=True)
class BooleanField:
    """True or false, however it is written.

    >>> BooleanField("owns_home", "boolean", required=True).code("No")
    0.0
    """

    words: ClassVar[Mapping[str, float]] = {
        "true": 1.0,
        "yes": 1.0,
        "1": 1.0,
        "false": 0.0,
        "no": 0.0,
        "0": 0.0,
    }

    name: str
    kind: str
    required: bool

    def code(self, value: object) -> float:
        """Read one cell; raise Breach where it cannot be."""
        if is_missing(value):
            return absent(self.required)
        code = self.words.get(as_text(value).casefold())
        if code is None:
            raise Breach(f"{shown(value)} is neither true nor false")
        return code

    def codes(self, column: pl.Series) -> tuple[NDArray[np.float64], dict[int, str]]:
        """Read a column: (n,) codes with NaN for missing or wrong, and what is wrong by row."""
        return by_level(column, self.code)

    def show(self, code: float) -> bool | None:
        """Give back the value a code stands for."""
        return None if math.isnan(code) else code == 1.0

    def schema(self) -> dict[str, Any]:
        return required_or_null("boolean", required=self.required)

    def to_json(self) -> dict[str, Any]:
        return common(self)

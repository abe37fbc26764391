"""What is wrong with a table: one finding a fault."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

Severity = Literal["error", "warning", "note"]
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one column (or of the table, when `column` is empty).

    Parameters
    ----------
    check : name of the check that found it.
    column : where.
    what : the fault in words.
    advice : what to do about it.
    severity : "error" (these rows cannot be trusted), "warning" (look at it), "note" (good to know).
    count : how many rows it touches; 0 when it is about the column as a whole.
    rows : the first few of them; the first row below the header is 1.
    example : one wrong value.

    >>> print(Finding("range", "amount", "is below 0", "mend the values", "error", 2, (7, 9), "-5"))
    amount: is below 0 (2 rows, such as row 7: -5). Mend the values.
    """

    check: str
    column: str
    what: str
    advice: str
    severity: Severity = "error"
    count: int = 0
    rows: tuple[int, ...] = ()
    example: str = ""

    def __str__(self) -> str:
        where = f"{self.column}: " if self.column else ""
        return f"{where}{self.what}{self._where()}. {self.advice[:1].upper()}{self.advice[1:]}."

    def _where(self) -> str:
        example = "" if self.example in self.what else self.example
        if not self.count:
            return f" (such as {example})" if example else ""
        rows = "1 row" if self.count == 1 else f"{self.count:,} rows"
        which = f", such as row {self.rows[0]}" if self.rows else ""
        return f" ({rows}{which}{': ' + example if example else ''})"

    def to_json(self) -> dict[str, Any]:
        """Everything, in JSON's types."""
        return {**asdict(self), "rows": list(self.rows)}


def first_rows(places: ArrayLike) -> tuple[int, ...]:
    """Row numbers, counted from 1, of the first few places.

    >>> first_rows([0, 7])
    (1, 8)
    """
    return tuple(int(place) + 1 for place in np.asarray(places)[:_SHOWN])

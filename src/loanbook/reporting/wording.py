"""How figures are written on a page: thousands separated, a dash where there is nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

NOTHING = "–"


def is_figure(value: Any) -> bool:
    """Whether there is a finite number, of Python or of NumPy.

    >>> is_figure(0.5), is_figure(None), is_figure(float("nan")), is_figure(True)
    (True, False, False, False)
    """
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


def share(value: Any, digits: int = 1) -> str:
    """A share in percent.

    >>> share(0.1234), share(None)
    ('12.3%', '–')
    """
    return f"{value:.{digits}%}" if is_figure(value) else NOTHING


def figure(value: Any, digits: int = 3) -> str:
    """A figure such as an AUC.

    >>> figure(0.65021), figure(-0.0001), figure(float("nan"))
    ('0.650', '0.000', '–')
    """
    return f"{round(value, digits) + 0.0:.{digits}f}" if is_figure(value) else NOTHING


def whole(value: Any) -> str:
    """A count, or money to the unit.

    >>> whole(27451855.3), whole(-0.2)
    ('27,451,855', '0')
    """
    return f"{round(value):,}" if is_figure(value) else NOTHING


def number(value: Any) -> str:
    """A number of unknown size: as many digits as tell something.

    >>> number(1234567.0), number(12.3456), number(0.000123456), number(40)
    ('1,234,567', '12.35', '0.0001235', '40')
    """
    if not is_figure(value):
        return NOTHING
    if float(value).is_integer() or abs(value) >= 1e4:
        return whole(value) if abs(value) < 1e15 else f"{value:.4g}"
    return f"{value:,.4g}"


def money(value: Any, unit: str = "money") -> str:
    """Money in the currency of the book's amounts; a profit counted in loans keeps a digit.

    >>> money(1234.5), money(12.34, "loans")
    ('1,234', '12.3 loans')
    """
    if not is_figure(value):
        return NOTHING
    return whole(value) if unit == "money" else f"{value:,.1f} loans"


def between(estimate: Mapping[str, Any], write: Any = figure) -> str:
    """An interval.

    >>> between({"value": 0.5, "low": 0.4, "high": 0.6})
    '0.400 to 0.600'
    """
    low, high = estimate.get("low"), estimate.get("high")
    return f"{write(low)} to {write(high)}" if is_figure(low) and is_figure(high) else NOTHING


def compact(value: float, _: object = None) -> str:
    """A number beside an axis: short.

    >>> compact(1500000.0), compact(-20000.0), compact(0.25), compact(1800.0)
    ('1.5M', '-20k', '0.25', '1,800')
    """
    for size, letter in ((1e9, "bn"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            unit = 1e3 if letter == "k" else size
            return f"{value / unit:,.3g}{letter}"
    return f"{value:,.4g}"


def clipped(text: object, most: int = 60) -> str:
    r"""A name or a value of the lender's table on one line, without what cannot be printed.

    >>> clipped("a\nb"), clipped("x" * 9, 4)
    ('a b', 'xxx…')
    """
    line = "".join(sign if sign.isprintable() else " " for sign in str(text))
    return line if len(line) <= most else f"{line[: most - 1]}…"


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its word.

    >>> plural(1, "row"), plural(1200, "row"), plural(2, "copy", "copies")
    ('1 row', '1,200 rows', '2 copies')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(parts: list[str]) -> str:
    """Words in a row.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else "none"

"""The rows a plan is fitted on, and what in them stands for nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loanbook.data.contract import Contract
from loanbook.data.fields import Field
from loanbook.features.encodings import Matrix

_NEGATIVE_CODES = (-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0)
_FAR = 3.0  # 9999 stands for "nothing" when it is this many times the 99.9% quantile of the rest


@dataclass(frozen=True)
class Training:
    """What a plan is fitted on: codes of training rows with special codes taken out, and their outcomes."""

    contract: Contract
    codes: Matrix
    bad: NDArray[np.float64]
    time: str | None
    amount: str | None

    def of_kind(self, *kinds: str) -> list[int]:
        """Positions of the fields of these kinds that vary over the training rows."""
        return [
            position
            for position, field in enumerate(self.contract.fields)
            if field.kind in kinds and field.name != self.time and varies(self.codes[:, position])
        ]

    def field(self, position: int) -> Field:
        return self.contract.fields[position]

    def position(self, name: str) -> int:
        return self.contract.names.index(name)


def varies(column: Matrix) -> bool:
    """Say whether a column can tell rows apart."""
    seen = column[~np.isnan(column)]
    return len(seen) > 0 and (len(seen) < len(column) or seen.min() < seen.max())


def special_codes(column: Matrix) -> tuple[float, ...]:
    """Find the numbers that stand for "nothing": a lone negative, or a far-off row of nines.

    >>> special_codes(np.array([5.0, 7.0, 6.0, 9999.0])), special_codes(np.array([-2.0, -1.0, 0.0, 3.0]))
    ((9999.0,), ())
    """
    seen = column[~np.isnan(column)]
    found = []
    if len(seen) > 1:
        least, most = float(seen.min()), float(seen.max())
        rest = seen[seen != least]
        if least in _NEGATIVE_CODES and len(rest) and rest.min() >= 0:
            found.append(least)
        rest = seen[seen != most]
        nines = most >= 99 and most.is_integer() and set(str(int(most))) == {"9"}
        if nines and len(rest) and most > _FAR * float(np.quantile(rest, 0.999)):
            found.append(most)
    return tuple(found)

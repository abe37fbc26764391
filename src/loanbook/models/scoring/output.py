"""From a scorer's margin to the answer that is shown, with an interval around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from loanbook.errors import RegistryError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is shown for n rows; NaN where the margin is.

    level : (n,) where contributions add up: calibrated log-odds, or money.
    value, lower, upper : (n,) the answer and its interval: a probability, or money.
    """

    level: Floats
    value: Floats
    lower: Floats
    upper: Floats


class Output(Protocol):
    """What turns margins into answers, learned from rows that the model was not fitted on."""

    kind: ClassVar[str]

    def level(self, margin: Floats) -> Floats:
        """(n,) the scale on which contributions add up."""

    def scale(self, margin: Floats, base: float) -> Floats:
        """(n,) factors that make contributions to the margin add up to level(margin) - level(base)."""

    def answer(self, margin: Floats) -> Answer:
        """Answers for (n,) margins."""

    def to_json(self) -> dict[str, Any]: ...


def output_from_json(saved: Mapping[str, Any]) -> Output:
    """Rebuild what `to_json` wrote.

    Raises
    ------
    RegistryError : the kind is not known to this release.
    """
    from loanbook.models.scoring.amounts import Amounts
    from loanbook.models.scoring.calibration import Calibration

    kind = saved.get("kind", Calibration.kind)  # the first release wrote nothing else
    if kind == Calibration.kind:
        return Calibration.from_json(saved)
    if kind == Amounts.kind:
        return Amounts.from_json(saved)
    raise RegistryError(f"the artefact holds an output of kind {kind!r}", todo="Upgrade loanbook to read it")

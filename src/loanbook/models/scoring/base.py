"""What every scorer can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from loanbook.errors import RegistryError

Arrays = dict[str, NDArray[Any]]


class Scorer(Protocol):
    """Log-odds of a bad loan, and how each column moved them.

    `base` is the mean margin of the training rows (a network's the margin of their mean, see `Network`), and
    `base + contributions(x).sum(axis=1)` is `margin(x)`.
    """

    kind: ClassVar[str]

    @property
    def base(self) -> float: ...

    def margin(self, x: NDArray[np.float64]) -> NDArray[np.float64]: ...

    def contributions(self, x: NDArray[np.float64]) -> NDArray[np.float64]: ...

    def to_arrays(self) -> Arrays: ...

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Scorer: ...


def scorer_from_arrays(kind: str, arrays: Mapping[str, NDArray[Any]]) -> Scorer:
    """Rebuild a scorer from what `to_arrays` gave.

    Raises
    ------
    RegistryError : the kind is not known to this release.
    """
    from loanbook.models.scoring.additive import Additive
    from loanbook.models.scoring.blend import Blend
    from loanbook.models.scoring.network import Network
    from loanbook.models.scoring.pairs import Pairs
    from loanbook.models.scoring.trees import TreeEnsemble

    kinds: dict[str, type[Scorer]] = {scorer.kind: scorer for scorer in (Additive, Pairs, TreeEnsemble, Network, Blend)}
    if kind not in kinds:
        raise RegistryError(f"the artefact holds a scorer of kind {kind!r}", todo="Upgrade loanbook to read it")
    return kinds[kind].from_arrays(arrays)


def additivity_error(scorer: Scorer, x: NDArray[np.float64]) -> float:
    """By how much, in log-odds, base and contributions miss the margin of these rows at most.

    >>> from loanbook.models.scoring import Additive
    >>> line = Additive(-1.0, np.array([0]), np.array([[0.0, 8.0]]), np.array([[0.0, 2.0]]), np.array([0.5]),
    ...                 np.array([1.0]), width=1)
    >>> additivity_error(line, np.array([[3.0]]))
    0.0
    """
    if not len(x):
        return 0.0
    return float(np.abs(scorer.base + scorer.contributions(x).sum(axis=1) - scorer.margin(x)).max())

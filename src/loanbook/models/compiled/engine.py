"""Many rows through the kernel; other threads run meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loanbook.features.plan import Plan
from loanbook.models.compiled.layout import Layout, Unknown
from loanbook.models.compiled.library import Library, kernel
from loanbook.models.scoring import Output, Scorer
from loanbook.models.scoring.grouped import Grouped

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Engine:
    """A model that the kernel can read; may be used by many threads.

    library : the kernel. layout : the model in memory.
    """

    library: Library
    layout: Layout

    def score(self, codes: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
        """x, margin, level, value, lower and upper as `Scored` has them, for (n, fields) codes."""
        count, codes = len(codes), codes.astype(np.float64, copy=False)
        x, work = np.empty((count, self.layout.width)), np.empty(self.layout.work)
        figures = np.empty((5, count))
        row_step, step = (stride // 8 for stride in codes.strides)
        places = (array.ctypes.data for array in (x, *figures, work))
        self.library.free.loanbook_score(self.layout.address, codes.ctypes.data, row_step, step, count, *places)
        margin, level, value, lower, upper = figures
        return x, margin, level, value, lower, upper

    def moved(self, x: Floats, margin: Floats) -> Floats:
        """Contributions, (n, groups), for model rows and their margins."""
        x, margin = np.ascontiguousarray(x, np.float64), np.ascontiguousarray(margin, np.float64)
        out, work = np.empty((len(x), self.layout.groups)), np.empty(self.layout.work)
        places = (array.ctypes.data for array in (x, margin))
        self.library.free.loanbook_moved(self.layout.address, *places, len(x), out.ctypes.data, work.ctypes.data)
        return out


def engine(plan: Plan, scorer: Scorer, output: Output, moved: Grouped | None) -> Engine | None:
    """A model for the kernel; None where the kernel is absent, or does not know a part of the model.

    Parameters
    ----------
    moved : how contributions are found by group; None where only figures will be asked for, which takes no tables.
    """
    library = kernel()
    if library is None:
        return None
    try:
        return Engine(library, Layout(library, plan, scorer, output, moved))
    except Unknown:
        return None

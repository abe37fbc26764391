"""One application at a time, as fast as it goes."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from loanbook.models.compiled.engine import Engine

if TYPE_CHECKING:
    from loanbook.models.trained import TrainedModel

Codes: TypeAlias = Sequence[float] | NDArray[np.float64]

_FIGURES = Struct("5d")


class Figures(msgspec.Struct, frozen=True, gc=False):
    """What a model says of one application.

    Parameters
    ----------
    margin : what the scorer says.
    level : what the output makes of it, where contributions add up: calibrated log-odds of bad, or money.
    value, lower, upper : the answer and its interval: a probability of default, or money.
    """

    margin: float
    level: float
    value: float
    lower: float
    upper: float


class Compiled:
    """A trained model, ready for one row at a time; its figures are those of `TrainedModel` to the last bit.

    One object serves one thread at a time: it writes each row into memory of its own. Objects of one model share its
    tables. Without the kernel (`why_absent`), and for a part of a model that it does not know, `TrainedModel` answers.

    Parameters
    ----------
    model : the trained model.
    """

    def __init__(self, model: TrainedModel) -> None:
        self.model = model
        self._row = None if model.engine is None else _Row(model.engine, len(model.plan.fields))

    def figures(self, codes: Codes) -> Figures:
        """Score one application.

        Parameters
        ----------
        codes : (fields,) what the contract read; NaN where missing.
        """
        row = self._row
        if row is None:
            scored = self.model.score_codes(np.array([codes], np.float64))
            return Figures(*(float(getattr(scored, name)[0]) for name in Figures.__struct_fields__))
        row.put(codes)
        row.score(row.address)
        return Figures(*_FIGURES.unpack_from(row.figures))

    def moved(self, codes: Codes, figures: Figures) -> list[float]:
        """What each group of columns added to the model's `base_level`: they add up to `figures.level`.

        Parameters
        ----------
        codes : (fields,) of the row that `figures` were made of.
        figures : what `figures` said of it.
        """
        row = self._row
        if row is None:
            x = self.model.plan.transform(np.array([codes], np.float64))
            alone: list[float] = self.model.contributions(x, np.array([figures.margin]))[0].tolist()
            return alone
        row.put(codes)
        row.move(row.address)
        moved: list[float] = row.moved.tolist()
        return moved

    def explained(self, codes: Codes) -> tuple[Figures, list[float], list[int]]:
        """Figures, what each group added, and the places of the four that added most, in one call of the kernel.

        Cheaper than `figures` and `moved` one after the other, where reasons are wanted anyway. Of equal ones the first
        comes first; fewer than four where there are fewer groups.
        """
        row = self._row
        if row is None:
            figures = self.figures(codes)
            moved = self.moved(codes, figures)
            return figures, moved, np.argsort(-np.array(moved), kind="stable")[:4].tolist()
        row.put(codes)
        row.explain(row.address)
        return Figures(*_FIGURES.unpack_from(row.figures)), row.moved.tolist(), row.order.tolist()


class _Row:
    """Memory for one row, and the kernel's functions for it."""

    def __init__(self, engine: Engine, fields: int) -> None:
        layout, held = engine.layout, engine.library.held
        self.score, self.move, self.explain = held.loanbook_row, held.loanbook_row_moved, held.loanbook_row_explained
        sizes = (fields, fields, layout.width, 5, layout.groups, layout.work)
        self._memory = np.zeros(sum(sizes))
        parts = np.split(self._memory, np.cumsum(sizes)[:-1])
        self.codes, self._codes, self._pack = parts[0], parts[0].data.cast("B"), Struct(f"{fields}d").pack_into
        self.figures = parts[3].data.cast("B")
        self.moved: Any = parts[4].data  # memory of float64, which typeshed takes for bytes
        order = np.zeros(min(4, layout.groups), np.int64)
        self.order: Any = order.data
        addresses = [layout.address, *(part.ctypes.data for part in parts), order.ctypes.data, 0]
        self._struct, self._engine = np.array(addresses, np.int64), engine
        self.address = int(self._struct.ctypes.data)

    def put(self, codes: Codes) -> None:
        """Write the codes down."""
        if isinstance(codes, np.ndarray):
            self.codes[:] = codes
        else:
            self._pack(self._codes, 0, *codes)

"""The decision path of one model, compiled: one row in microseconds, the same bits as `TrainedModel`."""

from loanbook.models.compiled.library import why_absent
from loanbook.models.compiled.row import Compiled, Figures

__all__ = ["Compiled", "Figures", "why_absent"]

"""The decision path of one model, compiled: one row in microseconds, the same bits as `TrainedModel`."""

from loanbook.models.compiled.row import Compiled, Figures

__all__ = ["Compiled", "Figures"]

"""Tuning: what a rung can still gain from other settings, searched inside a budget and resumable after a kill."""

from loanbook.evaluation.tuning.budget import trials_within
from loanbook.evaluation.tuning.search import Trial, Tuned, tune

__all__ = ["Trial", "Tuned", "trials_within", "tune"]

"""Treatments of training rows, each measured against none by `loanbook study preparation`; one treatment a file.

A treatment is fitted on training rows alone. To add one, write its file and add its line.
"""

from loanbook.models.preparation.balance import COPULA, SMOTE, ClassWeights
from loanbook.models.preparation.base import DoesNotApply, Prepared, Rows, Treatment, kinds_of
from loanbook.models.preparation.categories import InSample, RareLevels, Without
from loanbook.models.preparation.iterative import Iterative
from loanbook.models.preparation.missing import Median
from loanbook.models.preparation.outliers import Capped, adjusted_boxplot, median_deviation
from loanbook.models.preparation.signs import Monotone

__all__ = ["TREATMENTS", "DoesNotApply", "Prepared", "Rows", "Treatment", "kinds_of"]

TREATMENTS: tuple[Treatment, ...] = (
    Median(),
    Median(flags=True),
    Iterative(),
    Capped("cap_boxplot", "Capped, adjusted boxplot", adjusted_boxplot),
    Capped("cap_mad", "Capped, median deviation", median_deviation),
    Without("one_hot_alone", "One-hot alone", ("weight", "count")),
    Without("weights_alone", "Weights of evidence alone", ("level", "count")),
    Without("no_counts", "No counts of levels", ("count",)),
    RareLevels(),
    InSample(),
    ClassWeights(),
    SMOTE,
    COPULA,
    Monotone(),
)
"""What there is to measure, by family. Without treatment: missing stays missing with a flag, nothing is capped, one-hot
columns, out-of-fold weights of evidence and counts stand side by side, every loan weighs the same."""

"""What runs when a decision is made: numpy, and only arithmetic that IEEE 754 fixes to the last bit.

Every rung of a ladder ends as one of two scorers, an `Additive` table or a `TreeEnsemble`. Neither needs the library
that trained it, and neither calls a function whose last bit depends on the machine.
"""

from loanbook.models.scoring.additive import Additive
from loanbook.models.scoring.base import Scorer, scorer_from_arrays
from loanbook.models.scoring.blend import Blend
from loanbook.models.scoring.calibration import Calibration
from loanbook.models.scoring.network import Network
from loanbook.models.scoring.output import Answer, Output, output_from_json
from loanbook.models.scoring.pairs import Pairs
from loanbook.models.scoring.sigmoid import sigmoid
from loanbook.models.scoring.trees import TreeEnsemble

__all__ = [
    "Additive",
    "Answer",
    "Blend",
    "Calibration",
    "Network",
    "Output",
    "Pairs",
    "Scorer",
    "TreeEnsemble",
    "output_from_json",
    "scorer_from_arrays",
    "sigmoid",
]

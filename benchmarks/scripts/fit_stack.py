"""Read a book, train the stack on the rows that teach, score those that test: what an AutoML library does, by us.

python -m benchmarks.scripts.fit_stack BOOK SEED RUNG OUTPUT
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.scripts.fit_trial import part, read
from loanbook.evaluation.benchmark import missing
from loanbook.models.risk import LADDER
from loanbook.models.training import fit_model

THREADS = 2


def main(book: str, seed: str, name: str, output: str) -> None:
    """Write the probabilities of the test rows."""
    loans, setting = read(book)
    setting = replace(setting, seed=int(seed), jobs=THREADS)
    train, test = part(loans, setting.seed)
    rung = next(rung for rung in LADDER if rung.name == name)
    members = [one for one in LADDER if one.name in rung.members and not missing(one)]
    model = fit_model(rung, loans.take(train), setting, usecase="risk", card={}, members=members)
    margin = model.scorer.margin(model.plan.transform(loans.codes[test]))
    np.save(Path(output), model.output.answer(margin).value)


if __name__ == "__main__":
    main(*sys.argv[1:])

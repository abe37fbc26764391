"""A training on a table that holds applicants twice says so, and is not flattered by it."""

import numpy as np
import polars as pl

from loanbook.book import Book
from loanbook.lifecycle import train
from loanbook.usecases import find


def test_near_copies_are_told_and_stay_on_one_side(tmp_path):
    """Every loan comes a second time, each figure a little higher. Whoever learns rows by heart would know half of
    the test rows; here nothing but chance can be learned.
    """
    draw = np.random.default_rng(0)
    names = ["income", "debt", "savings", "amount", "limit", "rent"]
    table = pl.DataFrame(draw.lognormal(9, 1, (800, 6)).round(2), schema=names)
    table = table.with_columns(pl.Series("status", draw.choice(["good", "bad"], 800, p=[0.7, 0.3])))
    copies = table.with_columns((pl.col(name) * 1.01).round(2) for name in names)
    pl.concat([table, copies]).write_csv(tmp_path / "loans.csv")
    (tmp_path / "loanbook.toml").write_text('[risk]\ndata = "loans.csv"\ntarget = "status"\nbad = "bad"\n')
    run = train(Book.load(tmp_path / "loanbook.toml"), find("risk"), only=["forest"])
    assert "100% of the loans have a near-copy; they stay on one side of every split" in run.warnings
    forest = next(result for result in run.results if result.name == "forest")
    assert abs(forest.mean - 0.5) < 0.08

"""Rows that a rung must get right: real loans, rows full of holes, rows on the borders of a tree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from loanbook.book import Book
from loanbook.data import samples
from loanbook.data.inference import infer_table
from loanbook.data.loans import Loans
from loanbook.models.scoring import TreeEnsemble
from loanbook.models.training import Setting, fit_plan
from loanbook.testing import example

Rows = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="session")
def model_rows(small_sample: pl.DataFrame) -> Rows:
    """Model rows of 3,000 bundled loans, with real missing values, and which went bad."""
    section = Book.parse(samples.path("sba_7a").with_suffix(".toml").read_text(encoding="utf-8")).section("risk")
    loans = Loans.learn(small_sample, section, infer_table(small_sample, section.types))
    part = loans.take(np.arange(3000))
    _, x = fit_plan(part, Setting(time=section.time, amount=section.amount))
    return x, part.bad


@pytest.fixture(scope="session")
def riddled() -> Callable[[int, int], Rows]:
    """`riddled(rows, seed)`: the example with half of everything missing, and one column that is known or not."""

    def make(rows: int, seed: int) -> Rows:
        table, draw = example(rows, seed), np.random.default_rng(seed)
        x = table.x.copy()
        x[draw.random(x.shape) < 0.5] = np.nan
        x[:, 7] = np.where(table.y == draw.integers(0, 3, rows), np.nan, 1e30)
        return singles(x), table.y

    return make


@pytest.fixture(scope="session")
def probes() -> Callable[[TreeEnsemble], np.ndarray]:
    """`probes(ensemble)`: fresh rows, rows on, just below and just above its thresholds, an empty row and one of 0."""

    def make(ensemble: TreeEnsemble, most: int = 300) -> np.ndarray:
        fresh = example(200, seed=1).x
        nodes = np.flatnonzero((ensemble.feature >= 0) & np.isfinite(ensemble.threshold))[:most]
        cuts, high = ensemble.threshold[nodes], np.float32(np.inf)
        rows = []
        for cut in (np.nextafter(cuts, -high), cuts, np.nextafter(cuts, high)):
            near = fresh[np.arange(len(nodes)) % len(fresh)]
            near[np.arange(len(nodes)), ensemble.feature[nodes]] = cut
            rows.append(near)
        width = fresh.shape[1]
        return singles(np.vstack([fresh, *rows, np.full((1, width), np.nan), np.zeros((1, width))]))

    return make


def singles(x: np.ndarray) -> np.ndarray:
    """The rows as the scorer sees them: numbers that are float32."""
    return x.astype(np.float32).astype(np.float64)

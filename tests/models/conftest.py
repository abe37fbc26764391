"""Real loans as a rung sees them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from loanbook.book import Book
from loanbook.data import samples
from loanbook.data.inference import infer_table
from loanbook.data.loans import Loans
from loanbook.models.training import Setting, fit_plan


@pytest.fixture(scope="session")
def model_rows(small_sample: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Model rows of 3,000 bundled loans, with real missing values, and which went bad."""
    section = Book.parse(samples.path("sba_7a").with_suffix(".toml").read_text(encoding="utf-8")).section("risk")
    loans = Loans.learn(small_sample, section, infer_table(small_sample, section.types))
    part = loans.take(np.arange(3000))
    _, x = fit_plan(part, Setting(time=section.time, amount=section.amount))
    return x, part.bad

"""Flags of missing values: found for what they are, and left aside by the forests."""

from __future__ import annotations

import numpy as np
import pytest

from loanbook.models.risk import LADDER
from loanbook.models.risk.flags import mere_flags
from loanbook.testing import example


def test_the_flag_of_the_example_is_found_and_nothing_else() -> None:
    rows = example()
    assert [name for name, flag in zip(rows.names, mere_flags(rows.x), strict=True) if flag] == ["income_missing"]


def test_a_binary_column_that_differs_in_one_row_is_kept() -> None:
    x = np.array([[np.nan, 1.0], [1.0, 0.0], [np.nan, 1.0], [2.0, 1.0]])
    assert not mere_flags(x).any()


def test_constants_are_no_flags() -> None:
    x = np.column_stack([np.full(4, np.nan), np.arange(4.0), np.ones(4), np.zeros(4)])
    assert not mere_flags(x).any()


@pytest.mark.parametrize("name", ["forest", "extra_trees"])
def test_forests_ask_the_column_instead(name: str) -> None:
    rows = example(800)
    rung = next(rung for rung in LADDER if rung.name == name).make(0, 1).set_params(trees=20, trials=5)
    rung.fit(rows.x, rows.y)
    at = rows.names.index("income_missing")
    assert rung.importances_[at] == 0.0
    assert not (rung.scorer_.feature == at).any()
    changed = rows.x.copy()
    changed[:, at] = 0.0
    assert np.array_equal(rung.scorer_.margin(changed), rung.scorer_.margin(rows.x))
    assert rung.scorer_.width == len(rows.names)

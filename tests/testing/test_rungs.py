"""The ladder of `risk` keeps its contract, and the contract can be broken."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from loanbook.models.risk import LADDER
from loanbook.models.risk.approve_all import ApproveAll
from loanbook.models.scoring import Additive
from loanbook.testing import RungSuite, check_rung, example


class TestLadder(RungSuite):
    pass


def broken(rung: type[ApproveAll]) -> dict[str, str]:
    """Names of the checks that a broken rung fails, with what they say."""
    failures = {}
    for name, run in check_rung(replace(LADDER[0], make=lambda seed, jobs: rung())):
        try:
            run()
        except (AssertionError, IndexError, ValueError) as failure:
            failures[name] = str(failure)
    return failures


class Upside(ApproveAll):
    def _learn(self, x, y, weight):
        table = super()._learn(x, y, weight)
        line = {"columns": np.array([5]), "knots": np.array([[0.0, 40.0]]), "values": np.array([[0.0, 4.0]])}
        return replace(table, **line, missing=np.zeros(1), means=np.zeros(1))


class Boastful(ApproveAll):
    title = "The best model"


class Certain(ApproveAll):
    def predict_proba(self, x):
        return np.round(super().predict_proba(x))


class Greedy(ApproveAll):
    def fit(self, x, y, sample_weight=None):
        np.asarray(x)[0, 0] = 0.0
        return super().fit(x, y, sample_weight)


class Leaky(Additive):
    def contributions(self, x):
        return np.full(x.shape, 0.1)


class Unexplained(ApproveAll):
    def _learn(self, x, y, weight):
        table = super()._learn(x, y, weight)
        return Leaky(**{field.name: getattr(table, field.name) for field in fields(table)})


@pytest.mark.parametrize(
    ("rung", "check", "says"),
    [
        (Upside, "order", "lower than the others"),
        (Boastful, "title", "The best model"),
        (Certain, "probabilities", "inside"),
        (Certain, "served_as_measured", "differ"),
        (Greedy, "input_kept", "read-only"),
        (Unexplained, "contributions", "miss the margin"),
        (Unexplained, "constant_column", "contributes"),
        (Unexplained, "description", "no column that was used"),
    ],
)
def test_a_broken_promise_is_named(rung: type[ApproveAll], check: str, says: str) -> None:
    assert says in broken(rung)[check]


def test_a_sound_rung_breaks_nothing() -> None:
    assert not broken(ApproveAll)


def test_example_is_the_same_each_time_and_has_both_outcomes() -> None:
    for rows in (3, 30, 400):
        made = example(rows, seed=4)
        assert set(made.y) == {0.0, 1.0}
        assert np.array_equal(made.x, example(rows, seed=4).x, equal_nan=True)
        assert made.x.shape == (rows, len(made.names))

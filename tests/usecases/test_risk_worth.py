"""What a rung is worth to a lender, told beside every policy that the lender might have instead."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from loanbook.book import Book
from loanbook.evaluation.benchmark import Result
from loanbook.evaluation.impact import BASELINES
from loanbook.usecases.risk import Risk

BOOK = '[risk]\ndata = "sample:sba_7a"\ntarget = "status"\nbad = "charged_off"\n[risk.policy]\napproval_rate = {rate}\n'


class Rows(SimpleNamespace):
    """Test rows, as far as `worth` looks at them."""

    def __len__(self) -> int:
        return len(self.bad)


@pytest.fixture(scope="module")
def tested():
    draw = np.random.default_rng(0)
    risk = draw.beta(1.5, 5.0, 2000)
    return Rows(bad=(draw.random(2000) < risk).astype(np.float64), amount=np.exp(draw.normal(10, 1, 2000)), risk=risk)


@pytest.fixture(scope="module")
def results(tested):
    draw = np.random.default_rng(1)

    def result(name: str, noise: float) -> Result:
        blurred = np.clip(tested.risk + draw.normal(0, noise, 2000), 0.001, 0.999)
        return Result(name, name.title(), 1, predictions=blurred)

    return [
        result("one_rule", 0.3),
        result("logistic", 0.1),
        result("xgboost", 0.01),
        Result("ebm", "EBM", 6, skipped="no"),
    ]


def worth(tested, results, chosen, rate=0.8):
    section = Book.parse(BOOK.format(rate=rate)).section("risk")
    return Risk().worth(section, tested, results, next(one for one in results if one.name == chosen))


def test_every_baseline_is_named_with_its_interval_at_the_book_s_rate(tested, results):
    found = worth(tested, results, "xgboost", 0.7)
    assert list(found["avoided"]) == ["everyone", "random", "one_rule", "logistic"]
    sentence = found["sentence"]
    assert sentence.startswith("Approving 70% of 2,000 loans, the model lets through ")
    for name, called in BASELINES.items():
        share = found["avoided"][name]
        assert share["low"] <= share["value"] <= share["high"]
        assert f" fewer bad loans than {called} ({share['low']:.0%} to {share['high']:.0%})" in sentence


def test_without_a_logistic_rung_the_others_remain(tested, results):
    found = worth(tested, [one for one in results if one.name != "logistic"], "xgboost")
    assert list(found["avoided"]) == ["everyone", "random", "one_rule"]
    assert "logistic" not in found["sentence"]


def test_the_logistic_rung_is_not_compared_with_itself(tested, results):
    found = worth(tested, results, "logistic")
    assert list(found["avoided"]) == ["everyone", "random", "one_rule"]


def test_where_nobody_names_a_rate_four_fifths_are_approved(tested, results):
    section = Book.parse(BOOK.split("[risk.policy]", maxsplit=1)[0]).section("risk")
    found = Risk().worth(section, tested, results, results[2])
    assert found["approval_rate"] == 0.8

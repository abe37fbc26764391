"""What tuning may change: real parameters, ranges around what a rung does by itself, and both ends can be fitted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from loanbook.models.risk import LADDER, Rung
from loanbook.models.risk.logistic import Logistic
from loanbook.testing import example

FAST = {"most_trees": 20, "most_rounds": 20, "trees": 10}


def spaces(rung: Rung) -> dict:
    return dict(getattr(rung.make(0, 1), "space", {}))


@pytest.mark.parametrize(
    "name", ["logistic", "tree", "ebm", "xgboost", "lightgbm", "catboost", "forest", "extra_trees"]
)
@pytest.mark.parametrize("end", ["low", "high"])
def test_both_ends_of_every_range_can_be_fitted(name: str, end: str, need: Callable[[str], None]) -> None:
    rung = next(one for one in LADDER if one.name == name)
    if rung.needs:
        need(rung.needs)
    space = spaces(rung)
    assert space
    config = {at: int(getattr(one, end)) if one.whole else getattr(one, end) for at, one in space.items()}
    made = rung.make(0, 1)
    fast = {at: value for at, value in FAST.items() if at in made.get_params()}
    rows = example(300)
    found = made.set_params(**{**config, **fast}).fit(rows.x, rows.y).predict_proba(rows.x)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("rung", LADDER, ids=lambda rung: rung.name)
def test_what_a_rung_does_by_itself_lies_within_its_ranges(rung: Rung) -> None:
    settings = rung.make(0, 1).get_params()
    for name, one in spaces(rung).items():
        assert name in settings
        if settings[name]:  # None and 0 leave the choice to the rung
            assert one.low <= settings[name] <= one.high


def test_a_given_strength_is_used_and_none_is_chosen() -> None:
    rows = example(300)
    given = Logistic(strength=0.02).fit(rows.x, rows.y)
    assert given.strength_ == 0.02
    assert Logistic().fit(rows.x, rows.y).strength_ != 0.02

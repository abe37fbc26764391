"""The feature plan in the kernel: every block, on every value that a contract lets through."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loanbook.features.encodings import (
    BLOCKS,
    Ages,
    Block,
    Calendar,
    Feature,
    Lookup,
    Numbers,
    OneHot,
    Ratios,
    SameLevel,
)
from loanbook.features.groups import Group
from loanbook.features.plan import Plan
from loanbook.models.compiled.engine import Engine, engine
from loanbook.models.scoring import Additive, Calibration
from loanbook.models.scoring.polyline import Polyline

FIELDS = ("amount", "income", "day", "born", "zip", "state", "bank")


def features(*names: str) -> tuple[Feature, ...]:
    return tuple(Feature(name, "all") for name in names)


TABLES = (0.1, 0.2, 1.0, 2.0, 3.0), (0.3, 0.4, 5.0, 6.0)
BLOCKS_TRIED: tuple[Block, ...] = (
    Numbers(features("amount", "income", "amount_missing"), (0, 1), (0,)),
    Ratios(features("ratio", "upside_down"), (0, 1), (1, 0)),
    Calendar(features("month", "weekday"), 2),
    Ages(features("age"), (3,), 2),
    Lookup(features("zip", "state"), (4, 5), (100, 0), ((7, 9, 928), ()), TABLES, True),
    OneHot(features("state=0", "state=1"), (5, 5), (0, 1)),
    SameLevel(features("same"), (5,), (6,), ((2, -2),)),
)


def kernel() -> tuple[Plan, Engine]:
    width = sum(len(block.features) for block in BLOCKS_TRIED)
    specials = ((9999.0, -1.0), (), (), (), (0.0,), (), ())
    plan = Plan(FIELDS, specials, BLOCKS_TRIED, (Group("all", "ALL", "All", "number", ("amount",), 0, None),))
    nothing = np.empty((0, 2))
    scorer = Additive(0.0, np.empty(0, np.int64), nothing, nothing, np.empty(0), np.empty(0), width)
    line = Calibration("none", Polyline.straight(1.0, 0.0), np.empty(0), np.zeros(1), np.ones(1))
    made = engine(plan, scorer, line, None)
    assert made is not None
    return plan, made


numbers = st.one_of(st.sampled_from((np.nan, 0.0, -0.0, 1e-7, -1e-7, 9999.0, -1.0, 1e30)), st.floats(-1e9, 1e9))
days = st.one_of(st.just(np.nan), st.integers(-200_000, 200_000).map(float))
zips = st.one_of(st.sampled_from((np.nan, 0.0, 700.0, 799.99, 92801.0, -5.0, 99999.0)), st.floats(-2000, 100_000))
levels = st.sampled_from((np.nan, -1.0, 0.0, 1.0))
banks = st.sampled_from((np.nan, -1.0, 0.0, 1.0, 2.0))


def test_every_kind_of_block_is_tried():
    assert {type(block).__name__ for block in BLOCKS_TRIED} == set(BLOCKS)


@given(st.lists(st.tuples(numbers, numbers, days, days, zips, levels, banks), min_size=1, max_size=5))
def test_blocks_give_the_bits_of_numpy(rows):
    plan, made = kernel()
    codes = np.array(rows)
    assert np.array_equal(made.score(codes)[0], plan.transform(codes), equal_nan=True)


def test_every_day_of_five_centuries_has_its_month_and_weekday():
    _, made = kernel()
    first = date(1600, 1, 1)
    found = [first + timedelta(days=at) for at in range(0, 500 * 366, 3)]
    codes = np.zeros((len(found), len(FIELDS)))
    codes[:, 2] = [(day - date(1970, 1, 1)).days for day in found]
    x = made.score(codes)[0]
    assert x[:, 5].tolist() == [day.month for day in found]
    assert x[:, 6].tolist() == [day.weekday() for day in found]

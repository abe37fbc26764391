"""The scorecard: what is printed adds up to what decides, to the last bit, and says what a card should."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit

from loanbook.models.risk.binning import Bins
from loanbook.models.risk.card import Band
from loanbook.models.risk.points import Part, Scale, write_card
from loanbook.models.risk.scorecard import Scorecard
from loanbook.models.risk.three_rules import ThreeRules
from loanbook.testing import example

ROWS = example(3000)
RUNGS = {
    "scorecard": Scorecard().fit(ROWS.x, ROWS.y),
    "three_rules": ThreeRules().fit(ROWS.x, ROWS.y),
    "coarse": Scorecard(points=500, odds=19.0, doubling=7.3).fit(ROWS.x, ROWS.y),
}
CUTS = [cut for rung in RUNGS.values() for item in rung.card_.items for cut in item.cuts]
VALUES = st.one_of(
    st.sampled_from([*CUTS, *np.nextafter(CUTS, -np.inf), *np.nextafter(CUTS, np.inf), np.nan, 0.0]),
    st.floats(-1e30, 1e30, allow_subnormal=False),
)


@dataclass(frozen=True)
class Printed:
    """A card as a person reads it from the text: what every loan gets, and the lines of each column."""

    base: int
    lines: dict[str, list[tuple[str, int]]]

    @classmethod
    def read(cls, text: str) -> Printed:
        base, lines, column = 0, {}, ""
        for line in text.splitlines()[1:-1]:
            if line.startswith("every loan"):
                base = int(line.split()[-1])
            elif line.startswith("    "):
                label, points = re.match(r"    (.*?)  +(\d+)  ", line).groups()
                lines[column].append((label, int(points)))
            else:
                column = line.split("  ")[0]
                lines[column] = []
        return cls(base, lines)

    def add_up(self, row: dict[str, float]) -> int:
        return self.base + sum(self._points(lines, row[name]) for name, lines in self.lines.items())

    @staticmethod
    def _points(lines: list[tuple[str, int]], value: float) -> int:
        fitting = [points for label, points in lines if _fits(label, value)]
        assert len(fitting) == 1, (lines, value)
        return fitting[0]


def _fits(label: str, value: float) -> bool:
    if label == "missing" or math.isnan(value):
        return label == "missing" and math.isnan(value)
    low = re.search(r"from ([^ )]+)", label)
    high = re.search(r"(?:to|below) ([^ )]+)", label)
    return (not low or value >= float(low[1])) and (not high or value < float(high[1]))


@pytest.mark.parametrize("name", RUNGS)
@given(row=arrays(np.float64, (1, ROWS.x.shape[1]), elements=VALUES))
def test_the_printed_points_add_up_to_the_decision(name: str, row: np.ndarray) -> None:
    rung = RUNGS[name]
    printed = Printed.read(rung.describe(ROWS.names))
    total = printed.add_up(dict(zip(ROWS.names, row[0], strict=True)))
    assert rung.card_.score(row).tolist() == [total]
    assert rung.decision_function(row)[0] == rung.card_.none - total * rung.card_.per_point


@pytest.mark.parametrize("name", RUNGS)
def test_loans_with_the_same_points_have_the_same_odds_to_the_last_bit(name: str) -> None:
    rung = RUNGS[name]
    score, margin = rung.card_.score(ROWS.x), rung.decision_function(ROWS.x)
    assert len(np.unique(margin)) == len(np.unique(score)) > 5
    assert (np.diff(margin[np.argsort(score, kind="stable")]) <= 0).all()


def test_points_are_on_the_scale_that_was_asked_for() -> None:
    card = RUNGS["scorecard"].card_
    assert card.log_odds(np.array([600, 620])) == pytest.approx([-math.log(50), -math.log(100)], abs=1e-6)
    card = RUNGS["coarse"].card_
    assert card.log_odds(np.array([500])) == pytest.approx([-math.log(19)], abs=1e-6)
    assert card.per_point * 7.3 == pytest.approx(math.log(2), abs=1e-6)


def test_lines_say_how_many_loans_and_how_bad_they_were() -> None:
    table = RUNGS["scorecard"].table(ROWS.names)
    for item in table.items:
        column = ROWS.x[:, ROWS.names.index(item.name)]
        assert math.fsum(band.share for band in item.bands) == pytest.approx(1.0)
        for band in item.bands:
            there = np.isnan(column) if band.label == "missing" else (column >= band.low) & (column < band.high)
            assert band.share == pytest.approx(there.mean())
            if there.any():
                assert band.bad_rate == pytest.approx(ROWS.y[there].mean())
            else:
                assert math.isnan(band.bad_rate)
        assert item.information == pytest.approx(math.fsum(band.information for band in item.bands))


def test_more_points_are_given_to_the_safer() -> None:
    for item in RUNGS["scorecard"].card_.items:
        seen = [band for band in item.bands if band.share > 0]
        by_points = sorted(seen, key=lambda band: band.points)
        assert by_points[0].points == 0
        assert by_points[-1].points >= 3
        woes = [band.woe for band in by_points]
        assert woes == sorted(woes, reverse=True)


def test_the_share_of_bad_loans_comes_out_right() -> None:
    for name, rung in RUNGS.items():
        assert rung.predict_proba(ROWS.x)[:, 1].mean() == pytest.approx(ROWS.y.mean(), abs=0.02), name


def test_a_trend_is_monotone_in_points() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(4000, 1))
    (item,) = Scorecard().fit(x, draw.random(4000) < expit(1.2 * x[:, 0])).card_.items
    points = [band.points for band in item.bands[:-1]]
    assert len(points) >= 5
    assert points == sorted(points, reverse=True)


def test_copies_and_noise_are_left_out() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(3000, 6))
    x[:, 3] = 5 - 2 * x[:, 1]
    y = draw.random(3000) < expit(1.5 * x[:, 1] - x[:, 5])
    columns = {item.column for item in Scorecard().fit(x, y).card_.items}
    assert len(columns & {1, 3}) == 1
    assert 5 in columns
    assert not columns & {0, 2, 4}


def test_without_anything_to_tell_the_card_has_no_columns() -> None:
    y = np.arange(300) % 3 == 0
    for rung in (Scorecard(), ThreeRules()):
        text = rung.fit(np.ones((300, 2)), y).describe(["a", "b"])
        assert not rung.card_.items
        assert len(text.splitlines()) == 3
        assert rung.predict_proba([[1.0, 1.0]])[0, 1] == pytest.approx(1 / 3, abs=0.01)


def test_ranges_that_get_the_same_points_are_one_line() -> None:
    bins = Bins(np.array([1.0, 2.0, 3.0]), np.full(5, 30.0), np.array([30.0, 20.0, 20.5, 10.0, 0.0]), 5.0)
    effect = np.array([0.5, 0.001, 0.002, -0.7, 0.0])
    x, y = np.repeat([0.0, 1.0, 2.0, 3.0], 30)[:, None], np.arange(120.0) % 3 == 0
    card = write_card([Part(0, bins, effect)], Scale(20.0), x, y.astype(float), np.ones(120))
    assert [band.label for band in card.items[0].bands] == ["below 1", "from 1 to 3", "from 3", "missing"]
    assert card.items[0].bands[1].bad_rate == pytest.approx(40.5 / 100.5)
    assert not write_card([Part(0, bins, effect / 100)], Scale(20.0), x, y.astype(float), np.ones(120)).items


@pytest.mark.parametrize(
    ("low", "high", "label"),
    [
        (-math.inf, 0.1, "below 0.1"),
        (0.1, 0.30000000000000004, "from 0.1 to 0.30000000000000004"),
        (2.0, math.inf, "from 2"),
        (-math.inf, math.inf, "known"),
        (math.nan, math.nan, "missing"),
    ],
)
def test_a_range_is_printed_with_every_digit_that_decides(low: float, high: float, label: str) -> None:
    assert Band(low, high, 1, 0.5, 0.5, 0.0, 0.0).label == label


def test_a_flag_is_a_yes_or_a_no() -> None:
    x = np.column_stack([np.arange(400) % 2, np.arange(400) % 3])
    card = Scorecard().fit(x, (x[:, 0] + x[:, 1] + np.arange(400) % 5) > 4).table(["flag", "grade"])
    labels = {item.name: [band.label for band in item.bands] for item in card.items}
    assert labels["flag"] == ["no (below 1)", "yes (from 1)", "missing"]
    assert not {label for label in labels["grade"] if "yes" in label}


def test_a_table_wants_a_name_for_each_column() -> None:
    for rung in RUNGS.values():
        with pytest.raises(ValueError, match="one entry for each of the 9 columns"):
            rung.table(ROWS.names[:-1])

"""Nothing known later teaches, and nobody stands on both sides."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loanbook.data.splits import folds, split
from loanbook.errors import TrainingError


def loans(seed: int, count: int = 2000):
    draw = np.random.default_rng(seed)
    time = draw.integers(0, 2000, count).astype(float)
    bad = (draw.random(count) < 0.3).astype(float)
    known = np.where(bad == 1, time + draw.integers(30, 700, count), np.nan)
    groups = draw.integers(0, count // 2, count)
    return bad, time, known, groups


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_out_of_time_keeps_the_order_of_time_and_what_could_be_known(seed):
    bad, time, known, groups = loans(seed)
    parts = split(bad, time=time, known=known, groups=groups)
    assert parts.kind == "out_of_time"
    assert time[parts.train].max() < time[parts.calibrate].min()
    assert time[parts.calibrate].max() < time[parts.test].min()
    early = parts.development
    assert not (known[early][bad[early] == 1] >= parts.test_from).any()
    assert abs(bad[early].mean() - bad.mean()) < 0.12, "dropping only the late bad ones would flatter young loans"
    sides = [set(groups[part]) for part in (parts.train, parts.calibrate, parts.test)]
    assert all(not first & second for first, second in combinations(sides, 2))
    assert len(parts.train) + len(parts.calibrate) + len(parts.test) + parts.unknowable + parts.repeated == len(bad)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_without_a_time_every_part_has_the_same_share_of_bad_loans(seed):
    bad, _, _, groups = loans(seed)
    for grouping in (groups, np.arange(len(bad))):
        parts = split(bad, groups=grouping, seed=seed)
        assert sorted(np.concatenate([parts.train, parts.calibrate, parts.test])) == list(range(len(bad)))
        sides = [set(grouping[part]) for part in (parts.train, parts.calibrate, parts.test)]
        assert all(not first & second for first, second in combinations(sides, 2))
    shares = [bad[part].mean() for part in (parts.train, parts.calibrate, parts.test)]
    assert max(shares) - min(shares) < 0.02


def test_one_day_for_all_falls_back_to_a_stratified_split():
    bad, _, _, _ = loans(0)
    parts = split(bad, time=np.zeros(len(bad)))
    assert parts.kind == "stratified"
    assert "on one day" in parts.note


def test_ids_that_come_back_too_often_fall_back_and_are_named_as_the_reason():
    bad, time, _, _ = loans(0)
    parts = split(bad, time=time, groups=np.arange(len(bad)) % 20)
    assert parts.kind == "stratified"
    assert "id of an older one" in parts.note


def test_outcomes_known_too_late_fall_back_and_are_named_as_the_reason():
    bad, time, _, _ = loans(0)
    parts = split(bad, time=time, known=time + 5000)
    assert parts.kind == "stratified"
    assert "too few outcomes were known" in parts.note


def test_too_few_bad_loans_is_a_training_error_that_says_how_many_there_are():
    bad = np.zeros(500)
    bad[:4] = 1.0
    with pytest.raises(TrainingError, match="496 good and 4 bad"):
        split(bad)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_folds_cover_every_row_once_and_keep_groups_together(seed, count):
    bad, _, _, groups = loans(seed)
    seen = np.zeros(len(bad))
    for train, test in folds(bad, groups, count=count, seed=seed):
        seen[test] += 1
        assert not set(groups[train]) & set(groups[test])
        assert len(train) + len(test) == len(bad)
    assert (seen == 1).all()

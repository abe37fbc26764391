"""What the scenarios of quality rest on: data sets and their books, peers, trials, paired differences."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest

from benchmarks import datasets
from benchmarks.datasets import DATA_SETS, SBA_CASE
from benchmarks.invented import TARGET, large_table
from benchmarks.paired import Difference
from benchmarks.peers import PEERS, SERVERS, Environment, environment
from benchmarks.peers.__main__ import main as install
from benchmarks.processes import Failed
from benchmarks.scenarios.sets import _shares
from benchmarks.scripts.automl import LIBRARIES, shared_categories
from benchmarks.scripts.fit_trial import part
from loanbook.book import Book

LEAKS = {
    "MIS_Status", "ChgOffDate", "ChgOffPrinGr", "BalanceGross", "DisbursementDate", "DisbursementGross", "Term",
    "daysterm", "xx",
}  # fmt: skip


class Grouped:
    """As much of the loans as parting them needs."""

    def __init__(self, bad, groups):
        self.bad, self.groups = bad, groups

    def __len__(self):
        return len(self.bad)


@pytest.mark.parametrize("data", [data for data in DATA_SETS if data.file], ids=lambda data: data.name)
def test_a_book_of_a_data_set_can_be_read(data):
    section = Book.parse(data.book()).section("risk")
    assert section.target == data.section["target"]
    assert data.must < data.ambitious < 1


def test_no_leak_of_the_sba_case_is_seen():
    assert set(Book.parse(SBA_CASE.book()).section("risk").ignore) >= LEAKS


def test_data_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv(datasets.FOLDER, str(tmp_path))
    assert [data.name for data in DATA_SETS if not data.absent] == ["sba"]
    assert "hmeq.csv is not there" in datasets.HMEQ.absent
    assert datasets.FOLDER in datasets.HMEQ.absent


def test_peers_are_locked_with_hashes_and_name_no_registry():
    assert {peer.name for peer in PEERS} == LIBRARIES.keys()
    for peer in (*PEERS, *SERVERS):
        text = peer.locked.read_text(encoding="utf-8")
        assert "://" not in text
        assert peer.version().startswith(peer.package)
        pinned = re.findall(r"^[A-Za-z0-9_.-]+==\S+(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
        assert pinned
        assert all("--hash=sha256:" in one for one in pinned)


def test_a_peer_that_is_not_installed_says_how_to(monkeypatch, tmp_path):
    monkeypatch.setenv("LOANBOOK_PEERS", str(tmp_path))
    assert all(f"benchmarks.peers install {peer.name}" in peer.absent for peer in (*PEERS, *SERVERS))


def test_a_peer_that_cannot_be_installed_is_named_and_the_others_go_on(monkeypatch, capsys):
    tried = []

    def fail(peer):
        tried.append(peer.name)
        if peer.name == "flaml":
            raise Failed("no such wheel")

    monkeypatch.setattr(Environment, "install", fail)
    assert install(["install"]) == 1
    assert tried == [peer.name for peer in (*PEERS, *SERVERS)]
    assert "no such wheel" in capsys.readouterr().err
    assert install(["install", "mljar"]) == 0
    with pytest.raises(SystemExit):
        install(["install", "nobody"])


def test_a_peer_is_installed_from_hashes_alone(monkeypatch):
    said = []
    monkeypatch.setattr(environment, "_run", said.append)
    PEERS[0].install()
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(said[-1])


def test_both_sides_have_the_same_categories():
    train = pd.DataFrame({"home": ["rent", "own", None], "age": [1.0, 2.0, 3.0]})
    test = pd.DataFrame({"home": ["boat", "own", "own"], "age": [1.0, 2.0, 3.0]})
    shared_categories(train, test)
    assert list(train["home"].cat.categories) == list(test["home"].cat.categories) == ["boat", "own", "rent"]
    assert train["home"].isna().tolist() == [False, False, True]
    assert train["age"].tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("seed", [0, 1])
def test_groups_stand_on_one_side_of_a_trial(seed):
    groups = np.repeat(np.arange(250), 4)
    bad = (groups % 3 == 0).astype(float)
    train, test = part(Grouped(bad, groups), seed)
    assert not set(groups[train]) & set(groups[test])
    assert len(test) == pytest.approx(300, abs=40)
    assert bad[test].mean() == pytest.approx(bad.mean(), abs=0.03)
    assert sorted([*train, *test]) == list(range(1000))


def test_differences_of_one_split_have_no_error():
    one = Difference.over_splits([0.01])
    assert math.isnan(one.error)
    assert str(one) == "+0.0100"
    assert str(Difference.over_splits([0.0, 0.02])) == "+0.0100 ± 0.0136"


def test_sets_are_counted_among_the_bad_and_among_the_good():
    bad, good = np.array([True, False, True, False]), np.array([False, True, True, False])
    found = _shares(bad, good, np.array([True, True, False, False]))
    assert found["of the bad"] == 0.5
    assert found["of the good"] == 0.5
    assert (found["sets of one outcome"], found["of both"], found["of neither"]) == (0.5, 0.25, 0.25)


def test_the_large_table_is_drawn_anew_alike():
    one, other = large_table(3000), large_table(3000)
    assert one.equals(other)
    assert not one.equals(large_table(3000, seed=1))
    assert 0.05 < one[TARGET].mean() < 0.09
    assert one["monthly_income"].null_count() / 3000 == pytest.approx(0.198, abs=0.03)

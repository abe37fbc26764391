"""A search is a function of its seed: interrupted or not, fast machine or slow, it ends at the same configuration."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from loanbook.evaluation.tuning import budget
from loanbook.evaluation.tuning.journal import Journal, digest
from loanbook.evaluation.tuning.sampling import rounded, suggest
from loanbook.evaluation.tuning.search import tune
from loanbook.evaluation.tuning.trial import Trial
from loanbook.models.risk.space import Range

SPACE = {"depth": Range(1, 8, whole=True), "rate": Range(0.001, 1.0, log=True), "share": Range(0.2, 1.0)}
START = {"depth": 8, "rate": 1.0, "share": 1.0}


def score(config):
    """Best at depth 3, rate 0.05, share 0.6; two folds that disagree a little."""
    off = (config["depth"] - 3) ** 2 / 25 + np.log10(config["rate"] / 0.05) ** 2 / 4 + (config["share"] - 0.6) ** 2
    return [0.8 - off / 10, 0.79 - off / 10]


@pytest.fixture(autouse=True)
def optuna(need):
    need("optuna")


def test_a_search_comes_near_the_best_and_beats_drawing_blindly():
    found = tune(SPACE, score, start=START, trials=30)
    assert found.best.mean > 0.79
    assert found.best.mean == max(trial.mean for trial in found.trials)
    assert found.gained == found.best.mean - found.trials[0].mean > 0
    late = np.mean([trial.mean for trial in found.trials[-10:]])
    early = np.mean([trial.mean for trial in found.trials[1:6]])
    assert late > early, "what was learned must steer what is tried"


def test_the_first_trial_is_the_rung_as_it_comes_and_a_known_score_is_not_measured_again():
    asked = []

    def counted(config):
        asked.append(config)
        return score(config)

    found = tune(SPACE, counted, start=START, trials=3, known=(0.7, 0.71))
    assert found.trials[0] == Trial(0, START, (0.7, 0.71))
    assert START not in asked
    assert len(asked) == 2


def test_when_nothing_is_better_the_rung_stays_as_it_comes():
    found = tune(SPACE, lambda config: [0.5, 0.5], start=START, trials=6)
    assert found.best.number == 0
    assert found.gained == 0.0


def test_configurations_stay_within_their_ranges_and_are_whole_where_they_must():
    found = tune(SPACE, score, start=START, trials=25)
    for trial in found.trials:
        assert isinstance(trial.config["depth"], int)
        for name, one in SPACE.items():
            assert one.low <= trial.config[name] <= one.high
            assert rounded(trial.config[name], one) == trial.config[name]


def test_the_seed_decides_everything():
    first, again, other = (tune(SPACE, score, start=START, trials=12, seed=seed) for seed in (4, 4, 5))
    assert first == again
    assert [trial.config for trial in first.trials[1:]] != [trial.config for trial in other.trials[1:]]


def test_a_default_outside_its_range_is_tried_as_it_is():
    found = tune({"x": Range(0.0, 1.0)}, lambda config: [-abs(config["x"] - 2.0)], start={"x": 2.0}, trials=4)
    assert found.best.config == {"x": 2.0}


def test_a_default_that_lets_the_rung_choose_is_tried_as_it_is():
    def measured(config):
        return [0.5 if config["x"] is None else 1.0 - abs(config["x"] - 0.5)]

    found = tune({"x": Range(0.0, 1.0)}, measured, start={"x": None}, trials=8)
    assert found.trials[0].config == {"x": None}
    assert found.best.config["x"] == pytest.approx(0.5, abs=0.3)


@pytest.mark.parametrize("stop", range(1, 10))
def test_an_interrupted_search_goes_on_as_if_it_had_not_been(stop, tmp_path):
    whole = tune(SPACE, score, start=START, trials=10, seed=3)
    journal = Journal(tmp_path / "search.json")

    class Killed(Exception):
        pass

    def heard(done, total, best):
        if done == stop:
            raise Killed

    with pytest.raises(Killed):
        tune(SPACE, score, start=START, trials=10, seed=3, journal=journal, heard=heard)
    asked = []

    def counted(config):
        asked.append(config)
        return score(config)

    assert tune(SPACE, counted, start=START, trials=10, seed=3, journal=journal) == whole
    assert len(asked) == 10 - stop, "finished trials are not made again"


def test_a_search_survives_kill_9(tmp_path):
    """A real process, killed in the middle of a trial, and started again."""
    program = tmp_path / "search.py"
    program.write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "from loanbook.evaluation.tuning.journal import Journal\n"
        "from loanbook.evaluation.tuning.search import tune\n"
        "from loanbook.models.risk.space import Range\n"
        "def score(config):\n"
        "    time.sleep(float(sys.argv[2]))\n"
        "    return [config['x'] * (1 - config['x'])]\n"
        "found = tune({'x': Range(0.0, 1.0)}, score, start={'x': 0.9}, trials=9, journal=Journal(Path(sys.argv[1])))\n"
        "print(found.to_json())\n"
    )
    kept, path = tmp_path / "kept.json", str(tmp_path / "whole.json")
    whole = subprocess.run([sys.executable, program, path, "0"], check=True, capture_output=True, text=True)

    victim = subprocess.Popen([sys.executable, program, str(kept), "0.15"])
    deadline = time.monotonic() + 60
    while not (kept.exists() and len(json.loads(kept.read_text())["trials"]) >= 3) and time.monotonic() < deadline:
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    assert victim.wait() == -signal.SIGKILL
    left = json.loads(kept.read_text())["trials"]
    assert 3 <= len(left) < 9
    again = subprocess.run([sys.executable, program, str(kept), "0"], check=True, capture_output=True, text=True)
    assert again.stdout == whole.stdout
    assert kept.read_text() == Path(path).read_text()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"trials": [{"number": 1, "config": {}, "scores": [1.0]}]}', '{"trials": [3]}']
)
def test_a_journal_that_is_not_what_was_written_is_begun_anew(content, tmp_path):
    journal = Journal(tmp_path / "search.json")
    journal.path.write_text(content)
    assert journal.read() == []
    tune(SPACE, score, start=START, trials=2, journal=journal)
    assert len(journal.read()) == 2


def test_a_longer_search_begins_like_a_shorter_one(tmp_path):
    journal = Journal(tmp_path / "search.json")
    short = tune(SPACE, score, start=START, trials=4, journal=journal)
    long = tune(SPACE, score, start=START, trials=8, journal=journal)
    assert long.trials[:4] == short.trials
    assert tune(SPACE, score, start=START, trials=4, journal=journal) == short


def test_a_machine_that_is_far_too_slow_stops_but_tries_once():
    found = tune(SPACE, score, start=START, trials=10, late=lambda: True)
    assert (len(found.trials), found.wanted) == (1, 10)


def test_progress_tells_the_best_so_far():
    heard = []
    found = tune(SPACE, score, start=START, trials=8, heard=lambda *told: heard.append(told))
    assert [done for done, _, _ in heard] == list(range(1, 9))
    assert {total for _, total, _ in heard} == {8}
    best = [mean for _, _, mean in heard]
    assert best == sorted(best)
    assert best[-1] == found.best.mean


def test_a_digest_names_rows_and_words():
    rows = np.arange(6.0).reshape(2, 3)
    same = digest(["xgboost", 0], [rows])
    assert same == digest(["xgboost", 0], [rows.copy()])
    assert len({same, digest(["xgboost", 1], [rows]), digest(["xgboost", 0], [rows.T]), digest([], [rows])}) == 4


def test_a_suggestion_needs_nothing_but_seed_and_trials():
    trials = tune(SPACE, score, start=START, trials=7, seed=2).trials
    np.random.seed(0)  # noqa: NPY002 (the global generator must not matter)
    assert suggest(SPACE, trials[:6], seed=2) == trials[6].config


def test_a_budget_pays_for_more_trials_of_a_cheaper_rung_on_fewer_rows():
    def count(seconds, rung, rows):
        return budget.trials_within(seconds, rung, rows, 40, folds=5)[0]

    assert count(120, "xgboost", 10_000) > count(120, "network", 10_000) > 0
    assert count(120, "network", 5_000) > count(120, "network", 10_000)
    assert count(1e9, "xgboost", 10_000) == budget.MOST
    assert count(0, "xgboost", 10_000) == 0
    assert count(-5, "xgboost", 10_000) == 0


def test_what_a_search_leaves_pays_for_the_next():
    trials, left = budget.trials_within(50.0, "xgboost", 5_000, 40, folds=5)
    one = (50.0 - left) / trials
    assert trials >= budget.LEAST
    assert 0 <= left < 50.0
    assert one == pytest.approx(1.5 * 5 * budget.fit_seconds("xgboost", 5_000, 40))

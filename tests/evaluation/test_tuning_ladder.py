"""Tuning inside a training: what the budget pays for, test rows untouched, the same champion after a kill."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from loanbook import lifecycle
from loanbook.book import Book
from loanbook.data import samples
from loanbook.evaluation.benchmark import Result
from loanbook.evaluation.tuning import budget, ladder
from loanbook.evaluation.tuning.bench import rung_of, unfinished
from loanbook.evaluation.tuning.budget import LEAST, MOST, Purse
from loanbook.evaluation.tuning.ladder import Measured, Tuner, tuned_rung
from loanbook.models.risk import LADDER
from loanbook.models.training import Setting
from loanbook.usecases import find

ONLY, BUDGET = ["xgboost"], 12.0


@pytest.fixture(autouse=True)
def optuna(need):
    need("optuna")


def rung(name):
    return next(one for one in LADDER if one.name == name)


def folder_with_book(folder: Path, small_sample: pl.DataFrame) -> Book:
    folder.mkdir(exist_ok=True)
    small_sample.write_parquet(folder / "loans.parquet")
    text = samples.path("sba_7a").with_suffix(".toml").read_text(encoding="utf-8")
    (folder / "loanbook.toml").write_text(text.replace("sample:sba_7a", "loans.parquet"), encoding="utf-8")
    return Book.load(folder / "loanbook.toml")


@pytest.fixture(scope="module")
def tuned(tmp_path_factory, small_sample):
    """A training with a budget, and what it told while it ran."""
    book, told = folder_with_book(tmp_path_factory.mktemp("tuned"), small_sample), []
    run = lifecycle.train(book, find("risk"), only=ONLY, budget=BUDGET, progress=lambda *one: told.append(one))
    return book, run, told


def result(run, name) -> Result:
    return next(one for one in run.results if one.name == name)


def test_a_tuned_rung_stands_behind_itself_untuned_and_is_no_worse_over_the_folds(tuned):
    _, run, _ = tuned
    names = [one.name for one in run.results]
    plain = result(run, "xgboost")
    assert LEAST <= len(plain.tuning["trials"]) <= MOST
    assert len(plain.tuning["trials"]) == plain.tuning["wanted"]
    assert plain.tuning["trials"][0]["scores"] == list(plain.folds), "the first trial is the rung as it comes"
    assert plain.tuning["gained"] > 0
    assert names[names.index("xgboost") + 1] == "xgboost_tuned"
    best = result(run, "xgboost_tuned")
    assert best.title == "XGBoost, early stopped, tuned"
    assert best.mean == pytest.approx(plain.tuning["best"]["scores"] and np.mean(plain.tuning["best"]["scores"]))
    assert best.mean > plain.mean
    assert best.config == plain.tuning["best"]["config"]
    assert run.choice.name == "xgboost_tuned", "of equally easy rungs the better one"


def test_the_tuned_rung_is_what_is_registered(tuned):
    _, run, _ = tuned
    champion = run.champion
    config = result(run, "xgboost_tuned").config
    assert run.card["rung"] == "xgboost_tuned"
    plain = rung("xgboost").make(0, 1).get_params()
    assert any(config[name] != plain[name] for name in config)
    assert champion.model.card["title"] == "XGBoost, early stopped, tuned"


def test_progress_tells_the_best_so_far(tuned):
    _, run, told = tuned
    lines = [what for what, _, _ in told if "trial" in what]
    wanted = result(run, "xgboost").tuning["wanted"]
    assert len(lines) == wanted
    assert lines[-1].startswith(f"XGBoost, early stopped, trial {wanted} of {wanted}, best AUC .")
    behind = [done / total for _, done, total in told]
    assert behind == sorted(behind)
    assert behind[-1] == 1.0


def test_the_report_shows_the_search_and_json_holds_it(tuned, capsys):
    from loanbook.cli.leaderboard import show

    book, run, _ = tuned
    show(run.report())
    said = capsys.readouterr().out
    assert "XGBoost, early stopped was tuned with" in said
    assert "learning rate" in said
    assert json.loads(json.dumps(run.report()))["ladder"][-1]["tuned_from"] == "xgboost"
    assert lifecycle.last_report(book, find("risk"))["rung"] == "xgboost_tuned"


def test_a_search_never_sees_the_test_rows(tuned, small_sample, monkeypatch, tmp_path):
    """With other outcomes in the test rows, every trial is the same."""
    _, run, _ = tuned
    book = folder_with_book(tmp_path / "other", small_sample)
    learn = find("risk").learn

    def turned(*asked):
        loans = learn(*asked)
        test = find("risk").split(loans, 0).test
        y = loans.y.copy()
        y[test[::2]] = 1.0 - y[test[::2]]
        return replace(loans, y=y)

    risk = find("risk")
    monkeypatch.setattr(risk, "learn", turned, raising=False)
    again = lifecycle.train(book, risk, only=ONLY, budget=BUDGET)
    first, second = result(run, "xgboost"), result(again, "xgboost")
    assert first.test["auc"] != second.test["auc"]
    assert first.tuning == second.tuning


def test_a_training_that_was_killed_goes_on_and_ends_with_the_same_model(tuned, small_sample, tmp_path):
    _, run, _ = tuned
    book = folder_with_book(tmp_path / "killed", small_sample)
    program = (
        "from loanbook import lifecycle\n"
        "from loanbook.book import Book\n"
        "from loanbook.usecases import find\n"
        f"lifecycle.train(Book.load({str(book.path)!r}), find('risk'), only={ONLY!r}, budget={BUDGET})\n"
    )
    victim = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path)
    deadline = time.monotonic() + 120

    def trials() -> int:
        kept = list((book.home / "tuning").glob("xgboost-*.json"))
        return len(json.loads(kept[0].read_text())["trials"]) if kept else 0

    while trials() < 2 and time.monotonic() < deadline and victim.poll() is None:
        time.sleep(0.01)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    before = trials()
    wanted = result(run, "xgboost").tuning["wanted"]
    assert 2 <= before <= wanted
    told = []
    again = lifecycle.train(book, find("risk"), only=ONLY, budget=BUDGET, progress=lambda *one: told.append(one[0]))
    assert sum("trial" in what for what in told) == wanted - before, "finished trials are not made again"
    assert again.version.digest == run.version.digest, "byte for byte the same model"


def test_without_optuna_a_budget_tunes_nothing(monkeypatch, tmp_path, small_sample):
    monkeypatch.setattr(ladder, "find_spec", lambda name: None)
    book = folder_with_book(tmp_path, small_sample.gather_every(3))
    run = lifecycle.train(book, find("risk"), only=ONLY, budget=60.0)
    assert [one.name for one in run.results if one.tuning or one.tuned_from] == []
    assert not (book.home / "tuning").exists()


def searches(budget, *, measured=("approve_all", "xgboost", "lightgbm"), rows=10_000, best="xgboost"):
    folds = {name: (0.8 if name == best else 0.7,) * 5 for name in measured}
    known = [Measured(rung(name), folds[name]) for name in measured]
    purse = Purse(budget, rows, 40, fits=8)
    for name in measured:
        purse.pay(name)
    return [(one.rung.name, one.trials) for one in Tuner(Path("nowhere"), Setting()).searches(known, purse)]


def test_the_best_rung_is_tuned_first_and_the_others_with_what_is_left(need):
    need("lightgbm")
    assert searches(10.0) == []
    few, more, plenty = searches(60.0), searches(200.0), searches(10_000.0)
    assert [name for name, _ in few] == ["xgboost"]
    assert [name for name, _ in more] == ["xgboost", "lightgbm"]
    assert plenty == [("xgboost", MOST), ("lightgbm", MOST)]
    assert searches(60.0, best="lightgbm")[0][0] == "lightgbm"
    assert searches(60.0, rows=2_000)[0][1] > few[0][1], "smaller tables get more trials"
    assert searches(None) == [], "without a budget nothing is tuned"


def test_the_clock_counts_only_on_a_machine_that_is_far_too_slow(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(budget, "perf_counter", lambda: now[0])
    purse = Purse(100.0, 1000, 10, fits=8)
    now[0] = 299.0
    assert purse.empty() == ""
    now[0] = 301.0
    assert purse.empty() == "this machine took far longer than the budget"
    assert purse.late()
    nothing = Purse(0.0, 1000, 10, fits=8)
    assert nothing.empty() == "the budget of 0 seconds was used up"
    assert Purse(None, 1000, 10, fits=8).empty() == ""


def test_a_tuned_rung_is_made_again_from_its_result():
    plain = Result("xgboost", "XGBoost", 7)
    best = replace(plain, name="xgboost_tuned", tuned_from="xgboost", config={"depth": 5})
    assert rung_of(plain, LADDER) is rung("xgboost")
    made = rung_of(best, LADDER)
    assert (made.name, made.make(3, 1).depth, made.make(3, 1).seed) == ("xgboost_tuned", 5, 3)
    assert made.interpretability == tuned_rung(rung("xgboost"), {}).interpretability == rung("xgboost").interpretability


def test_a_search_that_the_clock_ended_is_told():
    trials = [{"number": 0, "config": {}, "scores": [0.7]}]
    stopped = Result("xgboost", "XGBoost", 7, tuning={"trials": trials, "wanted": 9})
    (told,) = unfinished([stopped, Result("tree", "Tree", 5)])
    assert told.startswith("XGBoost was tuned with 1 of 9 trials, because this machine")


def test_a_far_too_slow_machine_stops_the_search(tmp_path):
    tuner, purse = Tuner(tmp_path, Setting()), Purse(60.0, 5000, 40, fits=8)
    search = next(tuner.searches([Measured(rung("xgboost"), (0.7,) * 5)], purse))
    found = tuner.run(search, lambda made: [0.7] * 5, [], lambda done, of, best: None, late=lambda: True)
    assert len(found.trials) == 1 < found.wanted

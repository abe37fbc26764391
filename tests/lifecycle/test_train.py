"""From a table to a registered model: the figures are real, the floor is there, nothing leaks, nothing is lost."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loanbook as lb
from loanbook import lifecycle
from loanbook.errors import BookError, RegistryError, TrainingError
from loanbook.evaluation.benchmark import Result
from loanbook.evaluation.metrics import auc
from loanbook.evaluation.selection import choose
from loanbook.models.risk import LADDER
from loanbook.registry.versions import Registry
from loanbook.usecases import find

LEAKS = {"term_months", "charge_off_date", "charged_off", "balance", "disbursed", "disbursement_date"}


def write_book(folder: Path, table: pl.DataFrame, **changes: object) -> lb.Book:
    """A book over a table beside it; `changes` replace keys of [risk], None leaves one out."""
    table.write_parquet(folder / "loans.parquet")
    keys: dict[str, object] = {
        "data": "loans.parquet",
        "target": "status",
        "bad": "charged_off",
        "id": "loan_number",
        "time": "approval_date",
        "outcome_time": "charge_off_date",
        "amount": "amount",
        "ignore": sorted(LEAKS),
        **changes,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items() if value is not None]
    path = folder / "loanbook.toml"
    path.write_text("\n".join(["[risk]", *lines]))
    return lb.Book.load(path)


@pytest.fixture(scope="module")
def run(tmp_path_factory, small_sample) -> lb.Run:
    book = write_book(tmp_path_factory.mktemp("lifecycle"), small_sample)
    return lb.train(book, "risk")


def test_the_whole_ladder_is_measured_floor_first(run):
    names = [rung["name"] for rung in run.leaderboard]
    assert names == [rung.name for rung in LADDER]
    measured = {rung["name"]: rung for rung in run.leaderboard if "skipped" not in rung}
    assert set(measured) == {rung.name for rung in LADDER if rung.standard}
    assert measured["approve_all"]["test"]["auc"]["value"] == 0.5
    for rung in measured.values():
        for figure in rung["test"].values():
            assert figure["low"] <= figure["value"] <= figure["high"]
        assert rung["manners"]["additivity_error"] < 1e-9
        assert rung["profit"] is not None
    assert measured["xgboost"]["test"]["auc"]["value"] > 0.58
    assert measured["xgboost"]["random_split_auc"] > 0.66
    assert max(rung["random_split_auc"] for rung in measured.values()) < 0.82, "above that, suspect a leak"


def test_rungs_of_the_full_ladder_say_how_they_are_measured(run):
    for rung in run.leaderboard:
        if "skipped" in rung:
            assert rung["skipped"] == "not of the usual ladder; `loanbook train risk --full` measures it"


def test_the_test_rows_are_kept_as_every_rung_saw_them(run):
    kept = lifecycle.last_test(run.book, find("risk"))
    table = pl.read_parquet(run.book.path.parent / "loans.parquet")
    assert kept.height == run.card["split"]["test"]
    bad = (table["status"][kept["row"].to_list()] == "charged_off").cast(pl.Float64)
    assert bad.to_list() == kept["y"].to_list()
    for rung in run.leaderboard:
        if "skipped" not in rung:
            found = auc(kept["y"].to_numpy(), kept[f"p_{rung['name']}"].to_numpy())
            assert found == pytest.approx(rung["test"]["auc"]["value"])


def test_a_blend_is_chosen_with_its_members_and_answers_alike_everywhere(tmp_path, small_sample):
    book = write_book(tmp_path, small_sample.gather_every(4))
    run = lb.train(book, "risk", only=["stack"])
    assert run.choice.name == "stack"
    members = next(rung.members for rung in LADDER if rung.name == "stack")
    measured = {rung["name"] for rung in run.leaderboard if "skipped" not in rung}
    assert measured == {"approve_all", "one_rule", "stack", *members}
    rows = small_sample.tail(20).drop("status", "loan_number", *LEAKS)
    batch = run.champion.decide_table(rows)["probability_of_default"].to_list()
    assert [run.champion.decide_row(row).probability for row in rows.to_dicts()] == batch
    again = lifecycle.champion(lb.Book.load(book.path), find("risk"))
    assert again.decide_table(rows)["probability_of_default"].to_list() == batch


def test_no_leaked_column_reaches_the_model(run):
    seen = {name for group in run.champion.model.groups for name in group.fields}
    assert not seen & LEAKS
    assert "amount" in seen


def test_test_rows_come_after_the_others_and_are_as_reported(run):
    split = run.card["split"]
    assert split["kind"] == "out_of_time"
    assert split["calibrate_from"] < split["test_from"]
    assert split["unknowable"] > 0
    assert split["train"] + split["calibrate"] + split["test"] + split["unknowable"] == run.card["rows"]


def test_the_choice_is_within_one_standard_error_and_says_why(run):
    chosen = next(rung for rung in run.leaderboard if rung["name"] == run.choice.name)
    best = max(run.leaderboard, key=lambda rung: rung.get("fold_auc_mean", 0.0))
    assert chosen["fold_auc_mean"] >= best["fold_auc_mean"] - best["fold_auc_error"]
    assert chosen["title"] in run.choice.why


def test_the_first_version_decides_and_the_same_training_is_not_a_second_one(run):
    assert run.version.role == "champion"
    again = lb.train(run.book, "risk")
    assert again.version.version == run.version.version
    assert len(Registry(run.book).versions("risk")) == 1


def test_another_training_becomes_challenger_and_the_champion_stays(run, tmp_path, small_sample):
    book = write_book(tmp_path, small_sample)
    first = lb.train(book, "risk", only=["logistic"])
    second = lb.train(book, "risk", only=["tree"])
    assert (first.version.role, second.version.role) == ("champion", "challenger")
    assert second.champion.version == first.version.version


def test_the_report_can_be_read_again(run):
    report = lifecycle.last_report(run.book, find("risk"))
    assert [rung["name"] for rung in report["ladder"]] == [rung.name for rung in LADDER]
    assert all(rung["fit_seconds"] >= 0 for rung in report["ladder"] if "skipped" not in rung)
    assert "bad loans" in report["worth"]["sentence"]


def test_the_candidate_was_calibrated_out_of_fold(run):
    """Probabilities of rows it was fitted on still average to the share that went bad."""
    table = pl.read_parquet(run.book.path.parent / "loans.parquet")
    scored = run.champion.decide_table(table)
    p, bad = scored["probability_of_default"].to_numpy(), (table["status"] == "charged_off").to_numpy()
    assert p.mean() == pytest.approx(bad.mean(), abs=0.03)
    assert auc(bad.astype(float), p) > 0.7


def test_a_batch_file_a_frame_and_a_row_agree_to_the_last_bit(run, tmp_path, small_sample):
    table = small_sample.tail(300).drop("status", *LEAKS)
    table.write_parquet(tmp_path / "new.parquet")
    table.write_csv(tmp_path / "new.csv")
    done = lb.predict(run.book, "risk", tmp_path / "new.parquet", tmp_path / "out.parquet", reasons=True)
    assert (done.rows, done.refused) == (300, 0)
    lb.predict(run.book, "risk", tmp_path / "new.csv", tmp_path / "out.csv")
    batch = pl.read_parquet(tmp_path / "out.parquet")
    assert batch.columns == [
        "loan_number", "probability_of_default", "decision", "lower", "upper", "model_version",
        "reason_1", "reason_2", "reason_3", "reason_4", "error",
    ]  # fmt: skip
    assert batch["loan_number"].to_list() == table["loan_number"].to_list()
    p = batch["probability_of_default"].to_numpy()
    assert run.champion.predict(table)["probability_of_default"].to_numpy().tobytes() == p.tobytes()
    assert pl.read_csv(tmp_path / "out.csv")["probability_of_default"].to_numpy().tobytes() == p.tobytes()
    rows = table.drop("loan_number").to_dicts()
    alone = np.array([run.champion.decide_row(row).probability for row in rows])
    assert alone.tobytes() == p.tobytes()


def test_a_bad_row_has_no_prediction_but_a_reason(run, tmp_path, small_sample):
    table = small_sample.tail(3).with_columns(amount=pl.Series([-5.0, 50_000.0, None]))
    table.write_parquet(tmp_path / "new.parquet")
    done = lb.predict(run.book, "risk", tmp_path / "new.parquet", tmp_path / "out.csv")
    assert done.refused == 2
    out = pl.read_csv(tmp_path / "out.csv")
    assert out["probability_of_default"].is_null().to_list() == [True, False, True]
    assert "amount: -5.0 is below 0" in out["error"][0]
    assert "amount: must not be missing" in out["error"][2]


def test_without_a_time_the_split_is_stratified(tmp_path, small_sample):
    book = write_book(tmp_path, small_sample, time=None, outcome_time=None)
    run = lb.train(book, "risk", only=["logistic"])
    assert run.card["split"]["kind"] == "stratified"


def test_a_leak_that_the_book_lets_through_is_named(tmp_path, small_sample):
    book = write_book(tmp_path, small_sample, ignore=["charge_off_date"], outcome_time=None)
    run = lb.train(book, "risk", only=["approve_all"])
    assert any("charged_off" in warning for warning in run.warnings)


def test_loans_without_an_outcome_are_set_aside_and_counted(tmp_path, small_sample):
    table = small_sample.with_columns(status=pl.when(pl.int_range(pl.len()) % 10 == 0).then(None).otherwise("status"))
    run = lb.train(write_book(tmp_path, table), "risk", only=["approve_all"])
    assert run.card["set_aside"] == {"no outcome yet": 402}
    assert run.card["rows"] == small_sample.height - 402


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"bad": "chraged_off"}, BookError, "never holds 'chraged_off'"),
        ({"target": "state", "bad": None}, BookError, "does not say which are bad"),
        ({"target": "statsu"}, BookError, "status"),
        ({"bad": ["charged_off", "paid"]}, TrainingError, "nothing to tell apart"),
    ],
)
def test_mistakes_are_named(tmp_path, small_sample, changes, error, said):
    with pytest.raises(error, match=said):
        lb.train(write_book(tmp_path, small_sample, **changes), "risk")
    assert not (tmp_path / ".loanbook" / "reports").exists()


def test_an_unknown_rung_is_named(run):
    with pytest.raises(BookError, match=r"[Cc]hoose among"):
        lb.train(run.book, "risk", only=["xgbost"])


def test_before_the_first_training_there_is_nothing_to_show(sample_book):
    with pytest.raises(RegistryError, match="loanbook train risk"):
        lb.champion(sample_book)
    with pytest.raises(RegistryError, match="loanbook train risk"):
        lifecycle.last_report(sample_book, find("risk"))


def test_a_budget_skips_rungs_but_never_the_floor(sample_book, small_sample, tmp_path):
    run = lb.train(write_book(tmp_path, small_sample), "risk", budget=0.0)
    assert [bool(result.skipped) for result in run.results] == [False, False, *[True] * (len(LADDER) - 2)]
    assert run.choice.name in find("risk").floor


def test_progress_reaches_its_end(tmp_path, small_sample):
    told: list[tuple[str, int, int]] = []
    book = write_book(tmp_path, small_sample)
    lb.train(book, "risk", only=["tree"], progress=lambda what, done, total: told.append((what, done, total)))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1] == told[-1][2]


def test_selection_prefers_the_simple_only_when_it_is_not_clearly_worse():
    best = Result("best", "Best", 5, (0.80, 0.82, 0.81))
    near, far = Result("near", "Near", 1, (0.80, 0.81, 0.81)), Result("far", "Far", 0, (0.70, 0.71, 0.72))
    assert choose([far, near, best]).name == "near"
    assert choose([far, best]).name == "best"


def test_a_rung_that_is_not_installed_says_what_to_install(tmp_path, small_sample, monkeypatch):
    monkeypatch.setattr("loanbook.evaluation.benchmark.find_spec", lambda name: None)
    book = write_book(tmp_path, small_sample.gather_every(4))
    with pytest.raises(TrainingError, match=r"network is not installed: pip install 'loanbook\[neural\]'"):
        lb.train(book, "risk", only=["network"])
    run = lb.train(book, "risk", only=["logistic", "lightgbm"])
    skipped = {rung["name"]: rung.get("skipped") for rung in run.leaderboard}
    assert skipped["lightgbm"] == "not installed: pip install 'loanbook[models]'"
    assert run.choice.name == "logistic"


def test_when_nothing_was_measured_there_is_nothing_to_choose():
    with pytest.raises(TrainingError, match=r"none of the rungs .* \(Tree: too late\)"):
        choose([Result("tree", "Tree", 5, skipped="too late")])

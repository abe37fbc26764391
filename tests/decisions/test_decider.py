from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from loanbook.decisions.decider import Decider, open_decider
from loanbook.decisions.policy import Policy
from loanbook.errors import BookError, RowRefused, TamperedArtefact

POLICY = Policy(0.12, 0.30, 7)


@pytest.fixture(params=["logistic", "xgboost"])
def decider(request, trained_models):
    """One without a registry: these tests are about deciding."""
    return Decider(trained_models[request.param], POLICY, 3)


@pytest.fixture(scope="module")
def rows(small_sample):
    return small_sample.gather_every(9).head(400)


def test_a_row_and_a_table_are_decided_alike_to_the_last_bit(decider, rows):
    table = decider.decide_table(rows, reasons=True)
    for row, made in zip(rows.iter_rows(named=True), table.iter_rows(named=True), strict=True):
        if made["error"] is not None:
            with pytest.raises(RowRefused) as refused:
                decider.decide_row(row)
            assert "; ".join(map(str, refused.value.problems)) == made["error"]
            continue
        one = decider.decide_row(row)
        assert (one.probability, one.lower, one.upper, one.decision) == (
            made["probability_of_default"],
            made["lower"],
            made["upper"],
            made["decision"],
        )
        texts = [reason.text for reason in one.reasons] + [None] * (4 - len(one.reasons))
        assert texts == [made[f"reason_{place}"] for place in (1, 2, 3, 4)]


def test_reasons_are_exact_parts_of_the_log_odds(decider, applications):
    for row in applications[:60]:
        one = decider.decide_row(row)
        base, parts = decider.explain_row(row)
        assert base + sum(part["contribution"] for part in parts) == pytest.approx(one.log_odds, abs=1e-9)
        ranked = [part["contribution"] for part in parts if part["contribution"] > 0]
        assert [reason.contribution for reason in one.reasons] == (
            [] if one.decision == "approve" else ranked[: len(one.reasons)]
        )


def test_approvals_have_no_reasons_and_the_others_have_some(decider, applications):
    made = [decider.decide_row(row) for row in applications]
    assert {one.decision for one in made} == {"approve", "refer", "decline"}
    for one in made:
        assert (len(one.reasons) == 0) == (one.decision == "approve")
        assert one.lower <= one.probability <= one.upper
        assert one.confidence == max(one.probability, 1 - one.probability)


def test_the_table_has_the_promised_columns_in_the_promised_order(decider, rows):
    figures = ["probability_of_default", "decision", "lower", "upper", "model_version"]
    assert decider.decide_table(rows).columns == ["loan_number", *figures, "error"]
    reasons = [f"reason_{place}" for place in (1, 2, 3, 4)]
    assert decider.decide_table(rows.drop("loan_number"), reasons=True).columns == [*figures, *reasons, "error"]
    assert decider.decide_table(rows)["loan_number"].to_list() == rows["loan_number"].to_list()


def test_target_and_ignored_columns_are_not_needed(decider, rows):
    apart = rows.drop("status", "term_months", "charge_off_date", "charged_off", "balance")
    assert_frame_equal(decider.decide_table(apart, reasons=True), decider.decide_table(rows, reasons=True))


def test_a_row_that_breaks_the_contract_keeps_its_place_and_says_why(decider, rows):
    broken = rows.head(5).with_columns(amount=pl.when(pl.int_range(5) == 2).then(-5.0).otherwise(pl.col("amount")))
    made = decider.decide_table(broken)
    assert made["error"].is_null().to_list() == [True, True, False, True, True]
    assert "amount: -5" in made["error"][2]
    assert made["probability_of_default"].is_null().to_list() == [False, False, True, False, False]
    assert made["decision"][2] is None
    assert made["lower"][2] is None
    sound = decider.decide_table(rows.head(5))
    assert made.row(3) == sound.row(3)


def test_an_empty_table_gives_an_empty_table(decider, rows):
    assert decider.decide_table(rows.clear(), reasons=True).height == 0


def test_predict_gives_back_the_kind_it_was_given(decider, rows):
    wanted = decider.decide_table(rows)
    assert_frame_equal(decider.predict(rows), wanted)
    arrow = decider.predict(rows.to_arrow())
    assert isinstance(arrow, pa.Table)
    assert_frame_equal(pl.from_arrow(arrow), wanted)
    given = rows.to_pandas().set_index(np.arange(100, 100 + rows.height))
    made = decider.predict(given)
    assert isinstance(made, pd.DataFrame)
    assert made.index.tolist() == given.index.tolist()
    assert made["probability_of_default"].dropna().tolist() == wanted["probability_of_default"].drop_nulls().to_list()
    assert made["decision"].fillna("").tolist() == wanted["decision"].fill_null("").to_list()


def test_a_version_is_opened_under_the_policy_of_the_book(sample_book, registry):
    opened = open_decider(sample_book, registry, registry.version("risk", 2))
    assert (opened.version, opened.usecase) == (2, "risk")
    assert opened.policy.approve_below == pytest.approx(0.08 / 0.68)
    assert open_decider(sample_book, registry, registry.version("risk", 2)).policy == opened.policy


def careful(book, level):
    section = book.section("risk")
    return replace(book, sections={"risk": replace(section, policy=replace(section.policy, refer_when_unsure=level))})


def test_where_the_model_is_unsure_a_person_looks(sample_book, registry, rows):
    version = registry.version("risk", 1)
    plain = open_decider(sample_book, registry, version)
    unsure = open_decider(careful(sample_book, 0.9), registry, version)
    low, high = unsure.model.output.sets.unsure(0.9)
    was, now = plain.decide_table(rows), unsure.decide_table(rows)
    p = now["probability_of_default"].to_numpy()
    assert 0.05 < low < high < 0.9
    assert set(now["decision"].to_numpy()[(p >= low) & (p < high)]) == {"refer"}
    changed = was["decision"].ne_missing(now["decision"]).to_numpy()
    assert set(now["decision"].to_numpy()[changed]) == {"refer"}
    assert "unsure at 0.9" in unsure.policy.source
    assert unsure.policy.version != plain.policy.version


def test_a_model_without_sets_cannot_refer_when_unsure(sample_book, registry, trained_models, monkeypatch):
    old = trained_models["logistic"]
    old = replace(old, output=replace(old.output, sets=None))
    monkeypatch.setattr(type(registry), "load", lambda *_: old)
    assert open_decider(sample_book, registry, registry.version("risk", 1)).model is old
    with pytest.raises(BookError, match=r"refer_when_unsure: to refer when unsure .* Train again"):
        open_decider(careful(sample_book, 0.9), registry, registry.version("risk", 1))


def test_a_changed_artefact_does_not_decide(sample_book, registry):
    version = registry.version("risk", 1)
    (registry.folder / version.folder / "plan.json").write_bytes(b"{}")
    with pytest.raises(TamperedArtefact):
        open_decider(sample_book, registry, version)


def test_deciding_needs_no_training_library():
    code = (
        "import sys, loanbook.decisions.decider, loanbook.decisions.audit\n"
        "print([name for name in ('sklearn', 'xgboost', 'pandas', 'scipy', 'fastapi') if name in sys.modules])"
    )
    import subprocess

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

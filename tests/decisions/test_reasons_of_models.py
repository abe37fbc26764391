"""Reasons of real models for real applications: specific, used, and the applicant's own."""

from __future__ import annotations

import json
import re

import numpy as np
import polars as pl
import pytest

from loanbook.book import Book
from loanbook.data import samples
from loanbook.data.fields import as_text
from loanbook.data.inference import infer_table
from loanbook.data.loans import Loans
from loanbook.decisions.decider import Decider
from loanbook.decisions.policy import Policy
from loanbook.decisions.reasons import _SENTENCES, CATALOGUE, LEAST, MOST
from loanbook.models.risk import LADDER
from loanbook.models.training import Setting, fit_model

RUNGS = ("one_rule", "logistic", "tree", "xgboost", "lightgbm", "forest")
SMALL = ("one_rule", "tree")  # too few columns for four reasons, or for every case
DECLINED = Policy(0.0, 0.0)  # everyone is, so that everyone is owed reasons


@pytest.fixture(scope="module", params=RUNGS)
def decider(request, need, small_sample, trained_models):
    """A model that declines whomever it sees."""
    if request.param in trained_models:
        return Decider(trained_models[request.param], DECLINED, 1)
    rung = next(rung for rung in LADDER if rung.name == request.param)
    if rung.needs:
        need(rung.needs)
    section = Book.parse(samples.path("sba_7a").with_suffix(".toml").read_text(encoding="utf-8")).section("risk")
    table = small_sample.gather_every(3)
    loans = Loans.learn(table, section, infer_table(table, section.types))
    setting = Setting(time=section.time, amount=section.amount)
    return Decider(fit_model(rung, loans, setting, usecase="risk", card={"rung": request.param}), DECLINED, 1)


@pytest.fixture(scope="module")
def decided(decider, applications):
    return [(row, decider.decide_row(row).reasons) for row in applications[:80]]


def group_of(decider, reason):
    return next(group for group in decider.model.groups if group.name == reason.feature)


def test_every_reason_moved_the_score_towards_bad_or_is_the_only_one_there_is(decider, decided):
    for _, reasons in decided:
        assert 1 <= len(reasons) <= MOST
        if reasons[0].code.endswith("_WEAK"):
            assert len(reasons) == 1
        else:
            assert all(reason.contribution > LEAST for reason in reasons)
            assert not [reason for reason in reasons if reason.code.endswith("_WEAK")]
        assert [one.contribution for one in reasons] == sorted((one.contribution for one in reasons), reverse=True)
        assert len({reason.feature for reason in reasons}) == len(reasons)
    four = sum(len(reasons) == MOST for _, reasons in decided)
    assert four > len(decided) // 2 or decider.model.card["rung"] in SMALL


def test_contributions_are_the_model_s_own(decider, decided):
    for row, reasons in decided[:40]:
        _, parts = decider.explain_row(row)
        moved = {part["feature"]: part["contribution"] for part in parts}
        assert all(reason.contribution == moved[reason.feature] for reason in reasons)


def test_every_reason_names_fields_of_the_application_that_the_model_reads(decider, decided):
    for row, reasons in decided:
        for reason in reasons:
            fields = group_of(decider, reason).fields
            assert set(fields) <= set(decider.model.contract.names)
            assert set(fields) <= set(row)


def test_a_value_is_the_applicant_s_own_or_made_from_it(decider, decided):
    for row, reasons in decided:
        for reason in reasons:
            group = group_of(decider, reason)
            given = [row[name] for name in group.fields]
            if len(given) == 1:
                special = reason.value is None and reason.code.endswith(("_MISSING", "_WEAK"))
                assert special or as_text(reason.value) == as_text(given[0])
            elif group.kind == "ratio":
                assert reason.value is None or reason.value == pytest.approx(given[0] / given[1])
            else:
                assert reason.value is None or reason.value == (given[0] == given[1])


def test_every_text_says_which_way_the_value_lies_or_what_it_is(decided):
    for _, reasons in decided:
        for reason in reasons:
            stem, ending = reason.code.rsplit("_", 1)
            assert stem
            assert ending in _SENTENCES
            assert reason.text
            if reason.code in CATALOGUE:
                assert reason.text == CATALOGUE[reason.code]
            elif ending in ("RISKY", "RARE", "VALUE", "SEASON") and reason.value is not None:
                assert as_text(reason.value) in reason.text
            else:
                said = r"higher|lower|later|earlier|not given|not known|: yes|: no|the same|differ|does not speak for"
                assert re.search(said, reason.text), reason.text


def test_the_lender_can_put_every_one_of_them_in_its_own_words(decider, decided):
    codes = {reason.code for _, reasons in decided for reason in reasons}
    own = Decider(decider.model, DECLINED, 1, {code: f"In our words: {code}" for code in codes})
    for row, reasons in decided[:40]:
        assert [one.text for one in own.decide_row(row).reasons] == [f"In our words: {one.code}" for one in reasons]


def test_what_was_not_sent_is_not_made_up(decider, applications):
    draw = np.random.default_rng(0)
    optional = [field.name for field in decider.model.contract.fields if not field.required]
    assert len(optional) >= 2
    for row in applications[:60]:
        dropped = set(draw.choice(optional, size=2, replace=False))
        sent = {name: value for name, value in row.items() if name not in dropped}
        for reason in decider.decide_row(sent).reasons:
            if dropped & set(group_of(decider, reason).fields):
                assert reason.value is None
                assert reason.code.endswith(("_MISSING", "_WEAK"))


def test_what_nobody_has_seen_is_named_as_the_applicant_wrote_it(decider, applications):
    seen, names = 0, decider.reasoner.open_fields
    assert {"bank", "city"} <= set(names)
    for row in applications[:60]:
        new = {**row, **{name: f"Nowhere {name}" for name in names}}
        for reason in decider.decide_row(new).reasons:
            assert "rare or new" not in json.dumps(reason.to_json())
            if reason.feature in names:
                seen += 1
                assert reason.value == f"Nowhere {reason.feature}"
                assert reason.code.endswith(("_RARE", "_WEAK"))
                assert reason.value in reason.text
        _, parts = decider.explain_row(new)
        for part in parts:
            assert part["feature"] not in names or part["value"] == f"Nowhere {part['feature']}"
    assert seen or decider.model.card["rung"] in SMALL


def test_a_table_gets_the_texts_that_its_rows_get_one_by_one(decider, applications):
    rows = [
        {**row, "bank": "First Bank of Nowhere"} if place % 2 else row for place, row in enumerate(applications[:60])
    ]
    table = decider.decide_table(pl.DataFrame(rows, infer_schema_length=None), reasons=True)
    for row, made in zip(rows, table.iter_rows(named=True), strict=True):
        texts = [reason.text for reason in decider.decide_row(row).reasons]
        assert [made[f"reason_{place + 1}"] for place in range(len(texts))] == texts

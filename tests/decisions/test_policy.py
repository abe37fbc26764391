from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from loanbook.book import Economics, PolicySettings
from loanbook.decisions.policy import Policies, Policy
from loanbook.errors import BookError, RegistryError
from loanbook.registry.tables import policies

ECONOMICS = Economics(loss_given_default=0.6, margin=0.08)
probabilities = st.floats(0.0, 1.0)


@given(cuts=st.tuples(probabilities, probabilities), p=st.lists(probabilities, max_size=30))
def test_one_and_many_are_decided_alike(cuts, p):
    policy = Policy(min(cuts), max(cuts))
    assert policy.decide_many(p).tolist() == [policy.decide(one) for one in p]


@given(cuts=st.tuples(probabilities, probabilities), p=st.tuples(probabilities, probabilities))
def test_a_safer_loan_is_never_treated_worse(cuts, p):
    policy = Policy(min(cuts), max(cuts))
    rank = {"approve": 0, "refer": 1, "decline": 2}
    assert rank[policy.decide(min(p))] <= rank[policy.decide(max(p))]


def test_the_cut_offs_themselves_belong_to_the_stricter_side():
    policy = Policy(0.1, 0.3)
    assert [policy.decide(p) for p in (0.0999, 0.1, 0.2999, 0.3, 1.0)] == [
        "approve",
        "refer",
        "refer",
        "decline",
        "decline",
    ]


def test_a_row_without_a_probability_has_no_decision():
    assert Policy(0.1, 0.3).decide_many([0.05, np.nan]).tolist() == ["approve", None]


@pytest.mark.parametrize("cuts", [(0.4, 0.3), (-0.1, 0.3), (0.1, 1.1)])
def test_cut_offs_that_contradict_each_other_are_refused(cuts):
    with pytest.raises(BookError, match="approve_below <= decline_from"):
        Policy(*cuts)


def test_cut_offs_of_the_book_stand():
    settled = Policy.settle(PolicySettings(approve_below=0.1, decline_from=0.3), ECONOMICS)
    assert (settled.approve_below, settled.decline_from) == (0.1, 0.3)
    alone = Policy.settle(PolicySettings(approve_below=0.1), ECONOMICS)
    assert (alone.approve_below, alone.decline_from) == (0.1, 0.1)


@given(
    share=st.floats(0.01, 1.0),
    p=st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5]), min_size=1, max_size=50),
)
def test_an_approval_rate_is_never_exceeded_and_missed_only_by_ties(share, p):
    policy = Policy.settle(PolicySettings(approval_rate=share), ECONOMICS, p)
    approved = sum(one < policy.approve_below for one in p)
    assert approved <= share * len(p) + 1e-6
    tied = sum(one == policy.approve_below for one in p)
    assert approved + tied >= np.floor(share * len(p))


def test_an_approval_rate_of_one_approves_everyone():
    policy = Policy.settle(PolicySettings(approval_rate=1.0), ECONOMICS, [0.2, 0.9])
    assert policy.decide(0.999) == "approve"


def test_an_approval_rate_needs_the_probabilities_of_the_training():
    with pytest.raises(BookError, match=r"approval_rate.*keeps none"):
        Policy.settle(PolicySettings(approval_rate=0.7), ECONOMICS)


def test_profit_approves_while_the_expected_gain_is_positive():
    policy = Policy.settle(PolicySettings(objective="profit"), ECONOMICS)
    cut = policy.approve_below
    assert cut == pytest.approx(0.08 / 0.68)
    for p in np.linspace(0.0, 1.0, 101):
        gain = (1 - p) * ECONOMICS.margin - p * ECONOMICS.loss_given_default
        assert (policy.decide(p) == "approve") == (gain > 0)
    banded = Policy.settle(PolicySettings(objective="profit", decline_from=0.3), ECONOMICS)
    assert (banded.approve_below, banded.decline_from) == (cut, 0.3)
    late = Policy.settle(PolicySettings(objective="profit", decline_from=0.01), ECONOMICS)
    assert late.decline_from == late.approve_below


def test_identical_policies_share_a_number_and_others_get_the_next(registry):
    kept = Policies(registry.store, "risk")
    settings = PolicySettings(objective="profit")
    policy = Policy.settle(settings, ECONOMICS)

    def keep(settings=settings, economics=ECONOMICS, model_version=1):
        made = kept.keep(policy, settings=settings, economics=economics, model_version=model_version)
        return made.version

    assert [keep(), keep()] == [1, 1]
    assert keep(model_version=2) == 2
    assert keep(economics=Economics(loss_given_default=0.6, margin=0.08, review_cost=1.0)) == 3
    assert keep() == 1
    assert kept.load(1) == Policy(policy.approve_below, policy.decline_from, 1, policy.source)


@given(cuts=st.tuples(probabilities, probabilities), band=st.tuples(probabilities, probabilities), p=probabilities)
def test_in_the_band_a_person_looks_and_outside_only_what_the_policy_says_is_done(cuts, band, p):
    policy, (low, high) = Policy(min(cuts), max(cuts)), (min(band), max(band))
    careful = policy.refer_between(low, high, "unsure")
    if low <= p < high:
        assert careful.decide(p) == "refer"
    approves, declines = p < low and policy.decide(p) == "approve", p >= high and policy.decide(p) == "decline"
    assert careful.decide(p) == ("approve" if approves else "decline" if declines else "refer")


def test_a_band_beside_the_cut_off_leaves_no_gap_in_which_a_safer_loan_is_declined():
    """The policy declines from 15%, the model is unsure from 30% on: what lies between is not declined either."""
    careful = Policy(0.15, 0.15).refer_between(0.30, 0.50, "unsure")
    assert [careful.decide(p) for p in (0.1, 0.2, 0.4, 0.5)] == ["approve", "refer", "refer", "decline"]


def test_a_policy_of_a_store_that_never_heard_of_bands_keeps_its_number(registry):
    """The settings are part of its digest, so a key that is not used must not be written."""
    kept = Policies(registry.store, "risk")
    settings = PolicySettings(objective="profit")
    kept.keep(Policy.settle(settings, ECONOMICS), settings=settings, economics=ECONOMICS, model_version=1)
    careful = replace(settings, refer_when_unsure=0.9)
    other = kept.keep(Policy.settle(settings, ECONOMICS), settings=careful, economics=ECONOMICS, model_version=1)
    with registry.store.reading() as connection:
        written = [row.settings for row in connection.execute(select(policies).order_by(policies.c.version))]
    assert "refer_when_unsure" not in written[0]
    assert '"refer_when_unsure": 0.9' in written[1]
    assert other.version == 2


def test_a_policy_that_was_changed_in_the_store_is_refused(registry):
    kept = Policies(registry.store, "risk")
    settings = PolicySettings(approve_below=0.1, decline_from=0.3)
    made = kept.keep(Policy.settle(settings, ECONOMICS), settings=settings, economics=ECONOMICS, model_version=1)
    with registry.store.writing() as connection:
        connection.execute(update(policies).values(approve_below=0.2))
    with pytest.raises(RegistryError, match="not what was written"):
        kept.load(made.version)
    with pytest.raises(RegistryError, match="has no policy 9"):
        kept.load(9)

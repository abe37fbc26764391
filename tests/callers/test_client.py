from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
import sys

import numpy as np
import pytest

import loanbook as lb
from loanbook.client import (
    AccessRefused,
    Amount,
    Contradiction,
    Decision,
    Refused,
    ServiceError,
    ServiceRefused,
    ServiceUnavailable,
)
from loanbook.client.attempts import Attempts
from loanbook.client.calls import Call
from loanbook.errors import DataError, LoanbookError


@pytest.fixture
def client(lender):
    with lb.Client(lender.address) as client:
        yield client


@pytest.fixture
def shaky(between):
    """A client whose way to the service is unreliable."""
    with lb.Client(between.address, timeout=10.0) as client:
        yield client


def stored(client, since):
    return [one.decision_id for one in client.decisions(since=since)]


def test_a_decision_comes_as_an_object(client, applications):
    kinds = set()
    for row in applications[:30]:
        made = client.decide(row)
        kinds.add(made.decision)
        assert isinstance(made, Decision)
        assert (made.model.usecase, made.model.version, made.policy.version) == ("risk", 1, 1)
        assert made.decided_at.tzinfo is not None
        assert bool(made.reasons) == (made.decision != "approve")
        if made.reasons:
            assert made.reasons[0].contribution > 0
            assert made.reasons[0].text
    assert kinds == {"approve", "refer", "decline"}
    assert client.decide(applications[0], explain=False).reasons is None


def test_what_python_has_is_sent_as_the_service_reads_it(client, application):
    day = dt.date.fromisoformat(application["approval_date"])
    made = client.decide({**application, "approval_date": day, "amount": np.float64(application["amount"])})
    assert made.probability_of_default == client.decide(application).probability_of_default
    with pytest.raises(DataError, match="cannot be written as JSON"):
        client.decide({**application, "amount": object()})


def test_the_same_key_is_the_same_decision(client, application):
    first = client.decide(application, idempotency_key="order 77")
    assert client.decide(application, idempotency_key="order 77") == first
    with pytest.raises(Contradiction, match="Idempotency-Key") as found:
        client.decide({**application, "amount": 77_000}, idempotency_key="order 77")
    assert found.value.status == 409
    assert isinstance(found.value, lb.LoanbookError)
    assert client.decide(application).decision_id != client.decide(application).decision_id


def test_each_wrong_field_is_named(client, application):
    with pytest.raises(ServiceRefused) as found:
        client.decide({**application, "amount": "plenty", "amuont": 1, "employees": float("nan")})
    said = {one.field: one.message for one in found.value.problems}
    assert said["amount"] == "'plenty' is not a number"
    assert "'amount'" in said["amuont"]
    assert found.value.status == 422
    assert "plenty" in str(found.value)


def test_many_are_decided_in_their_places(client, applications):
    rows = [*applications[:20], {"amount": 1}, *applications[20:30]]
    answers = client.decide_many(rows, idempotency_key="night 1")
    assert [type(one) for one in answers] == [Decision] * 20 + [Refused] + [Decision] * 10
    assert "city" in {one.field for one in answers[20].errors}
    assert client.decide_many(rows, idempotency_key="night 1") == answers
    assert client.decide_many([]) == []


def test_more_than_the_service_takes_go_in_parcels(client, application):
    since = dt.datetime.now(dt.UTC)
    rows = [{**application, "amount": 1_000.0 + place} for place in range(1_203)]
    answers = client.decide_many(rows, explain=False, idempotency_key="parcels")
    assert len({one.decision_id for one in answers}) == 1_203
    again = client.decide_many(rows, explain=False, idempotency_key="parcels")
    assert [one.decision_id for one in again] == [one.decision_id for one in answers]
    assert len(stored(client, since)) == 1_203


def test_the_log_is_walked_and_one_decision_is_explained(client, applications):
    since = dt.datetime.now(dt.UTC)
    made = client.decide_many(applications[:25])
    found = list(client.decisions(since=since, page=10))
    assert [one.decision_id for one in found] == [one.decision_id for one in made[::-1]]
    assert [one.inputs for one in found] == applications[24::-1]
    declined = list(client.decisions(since=since, decision="decline"))
    assert {one.decision for one in declined} == {"decline"}
    assert list(client.decisions(until=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))) == []
    one = client.decision(declined[0].decision_id)
    total = one.base_log_odds + sum(part.contribution for part in one.contributions)
    assert total == pytest.approx(one.log_odds, abs=1e-9)
    with pytest.raises(ServiceError, match="no decision with this id") as missing:
        client.decision("0" * 36)
    assert missing.value.status == 404


def test_outcomes_are_told(client, application):
    made = client.decide(application)
    told = [{"decision_id": made.decision_id, "outcome": "bad", "observed_at": dt.date(2026, 11, 1)}]
    assert (client.outcomes(told).recorded, client.outcomes(told).recorded) == (1, 0)
    kept = client.decision(made.decision_id).outcome
    assert (kept.outcome, kept.observed_at.date()) == ("bad", dt.date(2026, 11, 1))
    with pytest.raises(Contradiction):
        client.outcomes([{**told[0], "outcome": "good"}])


def test_amounts_are_asked(client, to_ask):
    said = client.predict("amount", to_ask[0])
    assert isinstance(said, Amount)
    assert said.lower < said.amount < said.upper
    assert said.reasons[0].text
    answers = client.predict_many("amount", [*to_ask[:5], {}])
    assert [type(one) for one in answers] == [Amount] * 5 + [Refused]
    assert answers[0] == said
    with pytest.raises(ServiceError) as found:
        client.predict("fraud", to_ask[0])
    assert found.value.status == 404


def test_what_answers_is_described(client, application):
    assert [(one.usecase, one.version) for one in client.models()] == [("risk", 1), ("amount", 1)]
    assert [one.role for one in client.models("risk")] == ["champion"]
    champion = client.champion()
    assert set(champion.input_schema["properties"]) == set(application)
    assert champion.policy.decline_from == 0.25
    assert client.champion("amount").policy is None
    assert client.ready()


@pytest.mark.parametrize("fates", [["drop"], ["drop", "drop"], [503], [429, "drop"], [502, "drop", 500]])
def test_nothing_is_decided_twice_whatever_becomes_of_the_answer(client, shaky, between, application, fates):
    since = dt.datetime.now(dt.UTC)
    between.plan.extend(fates)
    made = shaky.decide(application)
    assert stored(client, since) == [made.decision_id]
    assert len(between.keys) == len(fates) + 1
    assert len(set(between.keys)) == 1
    assert between.keys[0]


def test_an_attempt_that_takes_too_long_is_made_again(client, between, application):
    since = dt.datetime.now(dt.UTC)
    between.plan.extend(["hang"])
    with lb.Client(between.address, timeout=0.4) as hurried:
        made = hurried.decide(application)
    assert stored(client, since) == [made.decision_id]


def test_a_batch_is_not_decided_twice_either(client, shaky, between, applications):
    since = dt.datetime.now(dt.UTC)
    between.plan.extend(["drop"])
    made = shaky.decide_many(applications[:7])
    assert stored(client, since) == [one.decision_id for one in made[::-1]]


def test_retry_after_is_waited_for(shaky, between, application):
    between.seconds = 1
    between.plan.extend([503])
    shaky.decide(application)
    assert between.times[1] - between.times[0] >= 1.0


def test_the_key_of_a_call_that_failed_finishes_it_later(client, between, application):
    since = dt.datetime.now(dt.UTC)
    between.plan.extend(["drop"] * 3)
    with (
        lb.Client(between.address, retries=2) as impatient,
        pytest.raises(ServiceUnavailable, match="3 times") as found,
    ):
        impatient.decide(application)
    made = client.decide(application, idempotency_key=found.value.idempotency_key)
    assert stored(client, since) == [made.decision_id]


def test_the_deadline_ends_all_attempts(between, application):
    between.seconds = 1
    between.plan.extend([503] * 10)
    with lb.Client(between.address, deadline=2.0, retries=100) as client, pytest.raises(ServiceUnavailable) as found:
        client.decide(application)
    assert found.value.status == 503
    assert 2 <= len(between.times) <= 3


def test_a_review_is_stored_once_and_counted(client, shaky, between, applications):
    referred = next(made for made in map(client.decide, applications) if made.decision == "refer")
    before = client.reviews()
    between.plan.extend(["drop"])
    said = shaky.review(referred.decision_id, "approve", reviewer="j.doe", reason="known for years")
    assert (said.decision, said.reviewer, said.override) == ("approve", "j.doe", False)
    assert client.decision(referred.decision_id).review == said
    after = client.reviews(since=referred.decided_at)
    assert (client.reviews().reviewed, after.reviewed, after.waiting) == (before.reviewed + 1, 1, 0)
    assert after.overrides.decline_to_approve == 0
    with pytest.raises(Contradiction):
        client.review(referred.decision_id, "decline", reason="not known at all")
    own = next(made for made in map(client.decide, applications) if made.decision == "refer")
    assert client.review(own.decision_id, "decline", reason="not known").reviewer == "this machine"


def test_nobody_there(free_port):
    with lb.Client(f"http://127.0.0.1:{free_port}", retries=1) as client:
        assert not client.ready()
        with pytest.raises(ServiceUnavailable, match="no answer"):
            client.models()


def test_something_else_is_there(between, application):
    between.plan.extend([418, 200])
    with lb.Client(between.address) as client:
        with pytest.raises(ServiceError) as found:
            client.decide(application)
        assert found.value.status == 418
        with pytest.raises(ServiceError, match="not a loanbook service"):
            client.decide(application)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_does_not_fit(between, application, status):
    between.plan.extend([status])
    with lb.Client(between.address, key="lb_nobody") as client, pytest.raises(AccessRefused) as found:
        client.decide(application)
    assert found.value.status == status
    assert "lb_nobody" not in str(found.value) + repr(client)


@pytest.mark.parametrize(("arguments", "said"), [(("loans.example",), "http://"), (("http://x", None), "retries")])
def test_what_a_client_is_made_with(arguments, said):
    with pytest.raises(LoanbookError, match=said):
        lb.Client(*arguments, retries=-1)


def test_the_asynchronous_client_does_the_same(lender, between, applications, to_ask):
    async def ask():
        since = dt.datetime.now(dt.UTC)
        between.plan.extend(["drop"])
        async with lb.AsyncClient(lender.address) as client, lb.AsyncClient(between.address) as shaky:
            made = [await shaky.decide(applications[0])]
            made += await asyncio.gather(*(client.decide(row) for row in applications[1:6]))
            made += await client.decide_many(applications[6:9])
            found = [one.decision_id async for one in client.decisions(since=since, page=4)]
            assert sorted(found) == sorted(one.decision_id for one in made)
            assert (await client.decision(found[0])).contributions
            assert (await client.predict("amount", to_ask[0])).amount > 0
            assert len(await client.predict_many("amount", to_ask[:3])) == 3
            told = [{"decision_id": found[0], "outcome": "good"}]
            assert (await client.outcomes(told)).recorded == 1
            assert len(await client.models()) == 2
            assert (await client.champion()).version == 1
            assert await client.ready()
            assert (await client.reviews()).referred >= 0
            with pytest.raises(ServiceError):
                await client.review("0" * 36, "approve", reviewer="j.doe", reason="known for years")
            with pytest.raises(ServiceRefused):
                await client.decide({})
        between.plan.extend([401])
        async with lb.AsyncClient(between.address) as client:
            with pytest.raises(AccessRefused):
                await client.models()

    asyncio.run(ask())


def test_both_clients_offer_the_same():
    def public(kind):
        return {name for name in vars(kind) if not name.startswith("_")}

    assert public(lb.Client) == public(lb.AsyncClient)


def test_waits_double_at_most_and_end(monkeypatch):
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    attempts = Attempts(Call("GET", "/", bytes.decode), "http://x", timeout=5.0, deadline=1e9, retries=8)
    waits = [attempts.refused(503, {"retry-after": "3"}, b"") for _ in range(8)]
    assert waits == pytest.approx([3.05, 3.1, 3.2, 3.4, 3.8, 4.6, 5.0, 5.0])
    with pytest.raises(ServiceUnavailable):
        attempts.refused(503, {}, b"<html>")


def test_importing_loanbook_does_not_import_the_client():
    code = "import loanbook, sys; print([n for n in sys.modules if n.startswith(('httpx', 'loanbook.client'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

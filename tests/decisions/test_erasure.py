from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from loanbook.decisions.audit import verify
from loanbook.decisions.decider import open_decider
from loanbook.decisions.erasure import ERASED, Eraser, sources
from loanbook.decisions.log import DecisionLog, Draft, body_digest
from loanbook.decisions.reasons import Reason
from loanbook.errors import BookError, Conflict, DataError
from loanbook.registry import chain

PERSONAL = ("city", "zip", "bank")


@pytest.fixture
def section(book):
    return replace(book.section("risk"), personal=PERSONAL)


@pytest.fixture
def eraser(registry, section):
    return Eraser(registry.store, section, sources(registry))


@pytest.fixture
def log(registry):
    return DecisionLog(registry.store, "risk")


@pytest.fixture
def stored(log, decider, applications):
    """A declined application of a bank that nobody had heard of, under a key, among others."""
    row = {**applications[0], "city": "Xanadu-on-Sea", "bank": "Kubla & Sons"}
    made = decider.decide_row(row)
    reasons = (
        Reason("BANK_RARE", "bank", "Kubla & Sons", "Bank Kubla & Sons: seldom seen before", 0.5),
        Reason("AMOUNT_LOW", "amount", 12.0, "The amount is lower than usual", 0.25),
    )
    draft = Draft(msgspec.structs.replace(made, decision="decline", reasons=reasons), row, "key", body_digest(row))
    log.record([Draft(decider.decide_row(one), one) for one in applications[1:4]])
    return log.record([draft])[0]


def raw(log, decision_id):
    return next(dict(row) for row in log.rows() if row["decision_id"] == decision_id)


def test_what_is_personal_is_blanked_and_the_rest_stays(log, eraser, stored):
    made = eraser.erase(stored.decision_id, reason="asked for", who="ann")
    assert made.fields == PERSONAL
    found = log.find(stored.decision_id)
    assert found.erased
    assert {name: found.inputs[name] for name in PERSONAL} == dict.fromkeys(PERSONAL)
    others = [name for name in stored.inputs if name not in PERSONAL]
    assert {name: found.inputs[name] for name in others} == {name: stored.inputs[name] for name in others}
    first, second = found.decision.reasons
    assert (first.code, first.value, first.text, first.contribution) == ("BANK_RARE", None, ERASED, 0.5)
    assert second == stored.decision.reasons[1]
    figures = ("probability", "log_odds", "lower", "upper", "decision")
    assert [getattr(found.decision, name) for name in figures] == [getattr(stored.decision, name) for name in figures]


def test_the_chain_stays_whole_and_the_audit_says_what_cannot_be_made_again(book, log, eraser, stored):
    before = verify(book)
    eraser.erase(stored.decision_id)
    after = verify(book, heads=[before.chain.head])
    assert after.chain.whole
    assert (after.erased, after.checked, after.chain.records) == (1, before.checked, before.chain.records + 1)
    assert [one for one in after.differences if one.decision_id == stored.decision_id] == []


def test_only_the_erased_decision_is_taken_as_erased(log, eraser, stored):
    eraser.erase(stored.decision_id)
    assert [one.decision_id for one in log.search() if one.erased] == [stored.decision_id]


@pytest.mark.parametrize(("column", "value"), [("inputs", '{"city":null}'), ("reasons", "[]"), ("salt", "0" * 32)])
def test_a_later_change_of_what_is_left_is_found(book, registry, eraser, stored, column, value):
    eraser.erase(stored.decision_id)
    with registry.store.writing() as connection:
        here = {"value": value, "id": stored.decision_id}
        connection.execute(text(f"UPDATE decisions SET {column} = :value WHERE decision_id = :id"), here)
    found = [one.column for one in verify(book).differences if one.decision_id == stored.decision_id]
    assert found == ["inputs_digest"]


def test_a_change_before_the_erasure_is_still_found_after_it(book, registry, eraser, stored):
    with registry.store.writing() as connection:
        more = {"before": '"amount":', "after": '"amount":1'}
        connection.execute(text("UPDATE decisions SET inputs = replace(inputs, :before, :after)"), more)
    eraser.erase(stored.decision_id)
    assert stored.decision_id in {one.decision_id for one in verify(book).differences}


def test_the_old_values_cannot_be_tried_out_against_any_digest(log, eraser, stored):
    """Whoever knows all but one field, and has the whole store, learns nothing about it."""
    before = raw(log, stored.decision_id)
    eraser.erase(stored.decision_id)
    after = raw(log, stored.decision_id)
    assert after["body_digest"] is None
    assert after["salt"] != before["salt"]
    kept = {after[name] for name in ("inputs_digest", "link", "erased_digest", "salt")}
    salts = ("", after["salt"])
    contents = itertools.product(
        salts, (before["inputs"],), (before["reasons"], after["reasons"]), (None, before["body_digest"])
    )
    for private in contents:
        assert chain.digest(private) not in kept
    assert hashlib.sha256(before["inputs"].encode()).hexdigest() not in kept
    assert chain.digest([before[name] for name in chain.PRIVATE]) in kept  # it is the salt that keeps them out


@pytest.mark.parametrize("book", ["sqlite"], indirect=True)
def test_no_byte_of_a_value_is_left_in_the_files(registry, log, eraser, stored):
    path = Path(registry.store.engine.url.database)

    def found(word):
        return [one.name for one in path.parent.glob(f"{path.name}*") if word in one.read_bytes()]

    assert found(b"Xanadu") != []
    assert eraser.erase(stored.decision_id).settled
    assert found(b"Xanadu") == []
    assert found(b"Kubla") == []
    assert found(b"AMOUNT_LOW") != []


@pytest.mark.parametrize("book", ["sqlite"], indirect=True)
def test_a_reader_that_holds_the_old_page_is_told_about(registry, eraser, stored, monkeypatch):
    with registry.store.reading() as reader:
        assert reader.execute(text("SELECT count(*) FROM decisions")).scalar() == 4
        monkeypatch.setattr("loanbook.registry.store.SETTLE_SECONDS", 0.01)
        assert not eraser.erase(stored.decision_id).settled
    assert eraser.erase(stored.decision_id).settled


def test_again_changes_nothing(book, log, eraser, stored):
    eraser.erase(stored.decision_id)
    before, head = raw(log, stored.decision_id), verify(book).chain.head
    assert eraser.erase(stored.decision_id).fields == ()
    assert raw(log, stored.decision_id) == before
    assert verify(book).chain.head == head


def test_more_can_be_personal_later(book, registry, section, log, eraser, stored):
    eraser.erase(stored.decision_id)
    more = Eraser(registry.store, replace(section, personal=(*PERSONAL, "state")), sources(registry))
    assert more.erase(stored.decision_id).fields == ("state",)
    report = verify(book)
    assert (report.chain.whole, report.erased) == (True, 1)
    assert log.find(stored.decision_id).inputs["state"] is None


def test_a_feature_made_from_a_personal_field_is_bare_too(book, registry, log, applications):
    decider = open_decider(book, registry, registry.champion("risk"))
    group = next(group for group in decider.model.groups if len(group.fields) > 1)
    reason = Reason("X_HIGH", group.name, 7.0, "seven", 0.5)
    made = msgspec.structs.replace(decider.decide_row(applications[0]), reasons=(reason,))
    stored = log.record([Draft(made, applications[0])])[0]
    section = replace(book.section("risk"), personal=(group.fields[1],))
    Eraser(registry.store, section, sources(registry)).erase(stored.decision_id)
    assert log.find(stored.decision_id).decision.reasons[0].text == ERASED


def test_where_the_version_cannot_be_read_every_reason_is_bare(registry, log, eraser, stored):
    for path in registry.folder.rglob("plan.json"):
        path.unlink()
    eraser.erase(stored.decision_id)
    assert {one.text for one in log.find(stored.decision_id).decision.reasons} == {ERASED}


def test_a_retry_of_an_erased_application_is_a_conflict(log, eraser, stored):
    digest = body_digest(dict(stored.inputs))
    assert log.known("key", digest) is not None
    eraser.erase(stored.decision_id)
    with pytest.raises(Conflict):
        log.known("key", digest)
    with pytest.raises(Conflict):
        log.record([Draft(stored.decision, stored.inputs, "key", digest)])


def test_what_cannot_be_erased_is_refused(registry, section, eraser, stored):
    with pytest.raises(DataError, match="there is no decision"):
        eraser.erase("0199")
    with pytest.raises(BookError, match="no field is personal"):
        Eraser(registry.store, replace(section, personal=()), sources(registry))


def test_an_erasure_says_who_when_and_why(registry, eraser, stored):
    made = eraser.erase(stored.decision_id, reason="asked for by letter", who="ann")
    with registry.store.reading() as connection:
        row = connection.execute(text("SELECT * FROM erasures")).mappings().one()
    assert (row["who"], row["reason"], row["at"]) == ("ann", "asked for by letter", made.at)
    assert json.loads(row["fields"]) == list(PERSONAL)

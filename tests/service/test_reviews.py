from __future__ import annotations

import json
import re

import pytest

from loanbook.decisions.audit import verify
from loanbook.registry.keys import Keys

UNKNOWN = "0199a3c8-5f10-7c3a-9d41-3f0c5b1e7a22"
SAID = {"decision": "approve", "reviewer": "j.doe", "reason": "A second property is pledged."}


@pytest.fixture
def cases(client, applications):
    """Ids of decisions by what was decided."""
    found = {"approve": [], "refer": [], "decline": []}
    for start in range(0, 320, 80):
        for one in client.post("/v1/decisions:batch", json=applications[start : start + 80]).json()["decisions"]:
            found[one["decision"]].append(one["decision_id"])
    assert all(len(ids) >= 3 for ids in found.values())
    return found


def review(client, decision_id, **more):
    return client.post(f"/v1/decisions/{decision_id}/review", json={**SAID, **more})


def test_a_review_stands_beside_its_case_and_in_the_chain(client, cases, book):
    made = review(client, cases["refer"][0])
    assert made.status_code == 200
    assert {name: value for name, value in made.json().items() if name != "at"} == {
        **SAID,
        "decision_id": cases["refer"][0],
        "override": False,
    }
    assert client.get(f"/v1/decisions/{cases['refer'][0]}").json()["review"] == made.json()
    assert client.get(f"/v1/decisions/{cases['refer'][1]}").json()["review"] is None
    assert verify(book).equal


def test_the_work_list_is_what_was_referred_and_not_reviewed(client, cases):
    def listed(query):
        page = client.get(f"/v1/decisions?limit=1000&{query}").json()["decisions"]
        return {one["decision_id"] for one in page}

    first, *others = cases["refer"]
    review(client, first)
    review(client, cases["decline"][0])
    assert listed("decision=refer&reviewed=false") == set(others)
    assert listed("reviewed=true") == {first, cases["decline"][0]}
    assert len(listed("")) == sum(len(ids) for ids in cases.values())
    assert client.get("/v1/decisions?reviewed=perhaps").status_code == 422


def test_the_same_again_changes_nothing_and_another_is_a_conflict(client, cases):
    first = review(client, cases["refer"][0]).json()
    assert review(client, cases["refer"][0]).json() == first
    for other in ({"decision": "decline"}, {"reason": "Another."}, {"reviewer": "r.roe"}):
        answer = review(client, cases["refer"][0], **other)
        assert answer.status_code == 409
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.get(f"/v1/decisions/{cases['refer'][0]}").json()["review"] == first


def test_overrides_are_counted_by_direction(client, cases):
    for decision_id, said in [
        (cases["refer"][0], "approve"),
        (cases["refer"][1], "decline"),
        (cases["approve"][0], "decline"),
        (cases["approve"][1], "approve"),
        (cases["decline"][0], "approve"),
        (cases["decline"][1], "approve"),
    ]:
        review(client, decision_id, decision=said)
    counted = client.get("/v1/reviews/summary").json()
    referred = len(cases["refer"])
    assert counted == {
        "referred": referred,
        "waiting": referred - 2,
        "reviewed": 6,
        "overrides": {"approve_to_decline": 1, "decline_to_approve": 2},
    }
    assert client.get("/v1/reviews/summary?since=2020-01-01").json() == counted
    assert client.get("/v1/reviews/summary?since=2999-01-01").json()["referred"] == 0
    assert client.get("/v1/reviews/summary?since=soon").status_code == 422
    shown = dict(re.findall(r"^loanbook_reviews_total\{(.*)\} (.*)$", client.get("/metrics").text, re.MULTILINE))
    assert shown == {
        'decision="approve",override="false"': "2.0",
        'decision="decline",override="false"': "1.0",
        'decision="decline",override="true"': "1.0",
        'decision="approve",override="true"': "2.0",
    }


@pytest.mark.parametrize("name", [UNKNOWN, "nothing", "%00" * 36, "x" * 36])
def test_a_case_that_is_not_there_is_404(client, name):
    assert review(client, name).status_code == 404


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"decision", "reason"}),
        ([], {"body"}),
        ("approve", {"body"}),
        ({**SAID, "decision": "refer"}, {"decision"}),
        ({**SAID, "decision": ["approve"]}, {"decision"}),
        ({**SAID, "reason": " \n"}, {"reason"}),
        ({**SAID, "reason": "x" * 2001}, {"reason"}),
        ({**SAID, "reason": "nul \x00"}, {"reason"}),
        ({**SAID, "reason": "half \ud800"}, {"reason"}),
        ({**SAID, "reviewer": ""}, {"reviewer"}),
        ({**SAID, "reviewer": 7}, {"reviewer"}),
        ({**SAID, "reviewer": "x" * 81}, {"reviewer"}),
        ({**SAID, "because": "so"}, {"because"}),
    ],
)
def test_wrong_bodies_name_what_is_wrong_and_store_nothing(client, cases, body, fields):
    answer = client.post(
        f"/v1/decisions/{cases['refer'][0]}/review",
        content=json.dumps(body),
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == fields
    assert client.get(f"/v1/decisions/{cases['refer'][0]}").json()["review"] is None


def test_who_has_a_key_need_not_name_himself_and_who_may_not_review_does_not(client, cases):
    keys = Keys(client.app.state.desk.store)
    tokens = {role: keys.create(f"the {role} key", role)[1] for role in ("review", "decide", "read")}
    client.app.state.gate.refresh()
    body = {"decision": "decline", "reason": "Seen."}

    def ask(role):
        headers = {"authorization": f"Bearer {tokens[role]}"}
        return client.post(f"/v1/decisions/{cases['refer'][0]}/review", json=body, headers=headers)

    assert ask("decide").status_code == 403
    assert ask("read").status_code == 403
    assert ask("review").json()["reviewer"] == "the review key"


def test_without_keys_the_reviewer_who_names_nobody_is_this_machine(client, cases):
    body = {"decision": "decline", "reason": "Seen.", "reviewer": None}
    made = client.post(f"/v1/decisions/{cases['refer'][0]}/review", json=body)
    assert made.json()["reviewer"] == "this machine"


def test_what_is_said_fits_its_schema(client, cases):
    found = client.get("/openapi.json").json()["components"]["schemas"]["Verdict"]
    said = re.compile(found["properties"]["reason"]["pattern"])
    for text in ("x", " x ", "two\nlines", "\N{SNOWMAN}", "", " ", "\n", "nul \x00"):
        answer = review(client, cases["refer"].pop(), reason=text)
        assert (answer.status_code == 200) == bool(said.search(text)), text

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from loanbook.dashboard import render, view
from loanbook.decisions.decider import Decider
from loanbook.decisions.policy import Policy

VOID = {"meta", "link", "rect", "br", "path"}


class Outline(HTMLParser):
    """Tags that open and close, and what they carry."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag in VOID or self.open.pop() == tag


def outline(text):
    found = Outline()
    found.feed(text)
    assert found.open == []
    return found


def test_an_untrained_book_says_what_to_run(untrained):
    answer = untrained.get("/")
    assert answer.status_code == 200
    assert "loanbook train risk" in answer.text
    outline(answer.text)


def test_the_page_says_what_decides_how_well_and_what_it_decided(client, applications):
    made = [client.post("/v1/decisions", json=row).json() for row in applications[:12]]
    page = html.unescape(client.get("/").text)
    assert "Logistic regression" in page
    assert "version 1" in page
    assert "Approves below 10.0%, declines from 25.0%" in page
    assert "0.700" in page
    assert "0.600 to 0.800" in page
    shown = re.findall(r"v1/decisions/([0-9a-f-]{36})", page)
    assert shown == [one["decision_id"] for one in made[::-1]][:10]


def test_it_is_accessible_and_asks_nobody_else(client, application):
    client.post("/v1/decisions", json=application)
    answer = client.get("/")
    found = outline(answer.text)
    assert not {"script", "iframe", "form"} & set(found.tags)
    assert found.tags.count("h1") == 1
    for tag, attributes in found.attributes:
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        for name in ("href", "src"):
            assert "//" not in attributes.get(name, ""), (tag, attributes)
    assert ("html", {"lang": "en"}) in found.attributes
    assert any(tag == "meta" and one.get("name") == "viewport" for tag, one in found.attributes)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    style = client.get("/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in style.text
    assert "url(" not in style.text


def test_its_example_can_be_sent(client):
    page = html.unescape(client.get("/").text)
    body = re.search(r"-d '(\{.*?\})'", page, re.DOTALL)[1].replace("'\\''", "'")
    assert client.post("/v1/decisions", json=json.loads(body)).status_code == 200


@pytest.fixture
def decider(trained_models):
    return Decider(trained_models["logistic"], Policy(0.1, 0.1, 1, "highest expected profit"), 3)


def page_of(decider, **card):
    known = replace(decider, model=replace(decider.model, card={**decider.model.card, **card}))
    return view.build("book", known, address="http://here", since="", recent=(), example={})


def test_everything_is_escaped(decider):
    page = page_of(decider, title="<script>alert(1)</script>", warnings=["<b>&"], worth={"sentence": "<i>"})
    text = render.html(replace(page, book="<u>"))
    assert not {"script", "b", "i", "u"} & set(outline(text).tags)


def test_floor_and_interval_stand_beside_every_figure(decider):
    floor = {"name": "approve_all", "title": "Approve all", "test": {"auc": {"value": 0.5, "low": 0.5, "high": 0.5}}}
    best = {"name": "logistic", "title": "Logistic", "test": {"auc": {"value": 0.75, "low": 0.7, "high": 0.8}}}
    late = {"name": "forest", "title": "Forest", "skipped": "the budget was used up"}
    page = page_of(decider, ladder=[floor, best, late])
    (auc,) = page.figures
    assert (auc.title, auc.value, auc.interval, auc.floor) == ("AUC", "0.700", "0.600 to 0.800", "0.500")
    assert [(step.title, step.bar, step.chosen) for step in page.ladder] == [
        ("Approve all", 0.0, False),
        ("Logistic", 50.0, True),
        ("Forest", 0.0, False),
    ]
    assert "the budget was used up" in render.html(page)


@pytest.mark.parametrize(
    "card",
    [
        {"metrics": None, "ladder": None, "worth": None, "warnings": None},
        {"metrics": {"auc": None}, "ladder": [None, {"test": {"auc": {"value": None}}}], "worth": "x"},
        {"rows": 10, "bad_rate": 0.1, "question": "Will it?", "why": "simplest"},
    ],
)
def test_a_card_with_gaps_still_makes_a_page(decider, card):
    outline(render.html(page_of(decider, **card)))


def test_one_cut_off_is_said_as_one(decider):
    assert "Approves below 10.0% probability of default and declines the rest" in page_of(decider).policy

"""A small book that was trained, and its two pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from loanbook import lifecycle
from loanbook.book import Book
from loanbook.data import samples
from loanbook.reporting.card import model_card
from loanbook.reporting.page import html
from loanbook.usecases import find

HOSTILE = "<b>\"x\"</b> & $a_1$ 'y' --> 金額"
AFTER = ("term_months", "disbursement_date", "disbursed", "charged_off", "balance")
BOOK = """
[book]
name = "Smith & <Sons>"

[risk]
data = "loans.parquet"
target = "status"
bad = "charged_off"
id = "loan_number"
time = "approval_date"
outcome_time = "charge_off_date"
amount = "amount"
ignore = [{ignored}]
protected = ["urban_rural_code"]

[amount]
data = "loans.parquet"
target = "amount"
id = "loan_number"
time = "approval_date"
ignore = ["status", "charge_off_date", "guaranteed_amount", {ignored}]
"""


@dataclass
class Element:
    """A tag with what is in it."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    inside: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str) -> list[Element]:
        found = [one for one in self.inside if one.tag == tag]
        return found + [each for one in self.inside for each in one.all(tag)]


VOID = ("meta", "link", "use", "path", "rect")


class Tree(HTMLParser):
    """Reads a page strictly: what is opened must be closed, in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("root")
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        one = Element(tag, dict(attrs))
        self.open[-1].inside.append(one)
        if tag not in ("meta", "link"):
            self.open.append(one)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].inside.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data):
        for one in self.open:
            one.text += data


def parsed(page: bytes) -> Element:
    tree = Tree()
    tree.feed(page.decode())
    assert tree.open == [tree.root]
    return tree.root


@pytest.fixture(scope="session")
def parse():
    """`parse(page)`: the page as a tree."""
    return parsed


def written(folder: Path, loans: pl.DataFrame) -> Book:
    loans.write_parquet(folder / "loans.parquet")
    ignored = ", ".join(f'"{name}"' for name in AFTER)
    (folder / "loanbook.toml").write_text(BOOK.format(ignored=ignored), encoding="utf-8")
    return Book.load(folder / "loanbook.toml")


@pytest.fixture(scope="session")
def loans() -> pl.DataFrame:
    """2,010 of the bundled loans, with a column whose name and values are out to break a page."""
    table = pl.read_parquet(samples.path("sba_7a")).gather_every(20)
    values = [f"</script><script>alert({number % 3})</script>" for number in range(table.height)]
    return table.with_columns(pl.Series(HOSTILE, values))


@pytest.fixture(scope="session")
def trained(tmp_path_factory, loans) -> Book:
    """A book after a training of both of its questions."""
    book = written(tmp_path_factory.mktemp("reporting"), loans)
    lifecycle.train(book, find("risk"), only=["three_rules", "scorecard", "logistic_l1", "tree"])
    lifecycle.train(book, find("amount"), only=["forest"])
    return book


@pytest.fixture(scope="session")
def card(trained):
    return model_card(trained, find("risk"))


@pytest.fixture(scope="session")
def card_html(card) -> bytes:
    return html(card)

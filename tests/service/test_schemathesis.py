"""Every operation of the document, tried with what it allows and what it does not, all checks on.

A few examples of each here; `python -m benchmarks.scripts.conformance` tries thousands.
"""

from __future__ import annotations

import re

import pytest

from benchmarks.scripts.conformance import conform
from benchmarks.scripts.fuzz import Seen, fuzz, still_decides
from loanbook.book import Book
from loanbook.data import samples
from loanbook.registry.versions import Registry
from tests.servers import Server
from tests.service.conftest import AMOUNT


@pytest.fixture(scope="module")
def tried(tmp_path_factory, trained_models, amount_models):
    """A running service of two use cases."""
    folder = tmp_path_factory.mktemp("tried")
    text = samples.path("sba_7a").with_suffix(".toml").read_text(encoding="utf-8")
    (folder / "loanbook.toml").write_text(text + AMOUNT, encoding="utf-8")
    registry = Registry(Book.load(folder / "loanbook.toml"))
    registry.register("risk", trained_models["logistic"])
    registry.register("amount", amount_models["linear"])
    registry.close()
    server = Server(folder)
    yield server
    server.stop()


def test_no_operation_fails_or_answers_what_is_not_in_the_document(tried, tmp_path):
    found = conform(tried.address, examples=3, folder=tmp_path)
    assert found.failures == [], found.said
    assert found.cases > 200
    assert found.operations == 15


def test_what_is_broken_is_refused_and_breaks_nothing(tried):
    seen = fuzz(tried.address, requests=1_500, seed=1)
    assert seen.wrong == []
    assert sum(seen.statuses.values()) == 1_500
    assert len(seen.kinds) > 15
    assert still_decides(tried.address)


def test_an_answer_that_should_not_be_is_noticed():
    from benchmarks.scripts.fuzz import Broken

    seen = Seen()
    for status in (200, 302, 500, 0):
        seen.note(Broken("cut off", b"{"), status)
    assert [re.findall(r"\d+", line)[0] for line in seen.wrong] == ["200", "302", "500", "0"]
    seen.note(Broken("sent in part", b"{", whole=False), 0)
    assert len(seen.wrong) == 4

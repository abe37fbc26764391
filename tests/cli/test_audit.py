"""audit verify with a file of noted heads, once and again."""

from __future__ import annotations

import sqlite3

import pytest

from loanbook.cli import audit, main
from loanbook.registry.versions import Registry


@pytest.fixture
def store(sample_book, trained_models, monkeypatch):
    """A store with a short chain, and a connection that may do anything to it."""
    registry = Registry(sample_book)
    registry.register("risk", trained_models["logistic"])
    registry.register("risk", trained_models["xgboost"])
    registry.close()
    monkeypatch.chdir(sample_book.path.parent)
    connection = sqlite3.connect(sample_book.store.removeprefix("sqlite:///"), isolation_level=None)
    yield connection
    connection.close()


def cut_off(store):
    """Take the last record away and set the end back to the one before: whole, but shorter."""
    store.execute("DELETE FROM promotions WHERE seq = (SELECT max(seq) FROM promotions)")
    store.execute("UPDATE chain_head SET (seq, link) = (SELECT seq, link FROM promotions ORDER BY seq DESC LIMIT 1)")
    store.execute("DELETE FROM models WHERE version = 2")


def test_heads_are_noted_and_must_lie_on_the_chain(store, tmp_path, capsys):
    heads = tmp_path / "auditor" / "heads.txt"
    for _ in range(2):
        assert main(["audit", "verify", "--heads", str(heads)]) == 0
    said = capsys.readouterr().out.splitlines()[0]
    assert [line.split()[1] for line in heads.read_text().splitlines()] == [said.split(": ")[1]]
    cut_off(store)
    assert main(["audit", "verify"]) == 0
    assert main(["audit", "verify", "--heads", str(heads)]) == 1
    assert "the chain ends before the head that was noted" in capsys.readouterr().out
    assert len(heads.read_text().splitlines()) == 1


def test_it_is_checked_again_until_something_is_wrong(store, tmp_path, monkeypatch, capsys):
    heads = tmp_path / "heads.txt"
    waited = []

    def wait(seconds):
        waited.append(seconds)
        if len(waited) == 3:
            cut_off(store)

    monkeypatch.setattr(audit, "sleep", wait)
    assert main(["audit", "verify", "--heads", str(heads), "--every", "60"]) == 1
    assert waited == [60.0] * 3
    assert capsys.readouterr().out.count("Note its head elsewhere") == 3


def test_a_file_that_holds_something_else_is_refused(store, tmp_path, capsys):
    heads = tmp_path / "heads.txt"
    heads.write_text("yesterday\n")
    assert main(["audit", "verify", "--heads", str(heads)]) == 2
    assert "'yesterday' is not a head of the chain" in capsys.readouterr().err
    heads.unlink()
    heads.mkdir()
    assert main(["audit", "verify", "--heads", str(heads)]) == 2
    assert "cannot be read" in capsys.readouterr().err

"""Stopped, killed, twice at once, or without room on the disk: whole or not at all, and the next command works."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import polars as pl
import pytest


@pytest.fixture
def drafted(folder, run, table) -> Path:
    """loans.csv and its book, nothing trained."""
    table.write_csv("loans.csv")
    assert run("init", "loans.csv", "--target", "bad").code == 0
    return folder


@pytest.fixture
def many(folder, make_loans) -> str:
    """Applications that take a few seconds to score with their reasons."""
    pl.concat([make_loans(20_000, seed).drop("bad") for seed in range(20)]).write_parquet("many.parquet")
    return "many.parquet"


def leftovers() -> list[str]:
    return [str(path) for path in Path().rglob("*") if ".part" in path.name or path.name.endswith("-journal")]


def test_ctrl_c_stops_a_training_and_nothing_is_registered(drafted, run, learn, apart):
    process = apart("train")
    time.sleep(2.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "loanbook: stopped.\n")
    assert not leftovers()
    assert "no version yet" in run("models").out
    assert "version 1" in learn().out


def test_ctrl_c_stops_a_scoring_and_no_output_is_there(trained, run, apart, many):
    Path("scored.csv").write_text("what was there before\n")
    process = apart("predict", many, "-o", "scored.csv", "--reasons")
    while not leftovers() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "loanbook: stopped.\n")
    assert Path("scored.csv").read_text() == "what was there before\n"
    assert not leftovers()


def test_a_killed_training_does_no_harm_to_the_next(drafted, run, learn, apart):
    process = apart("train")
    time.sleep(2.5)
    process.kill()
    process.communicate()
    assert "version 1" in learn().out
    assert run("predict", "loans.csv", "-o", "scored.csv").code == 0


def test_two_trainings_at_once_share_a_home(drafted, run, apart):
    both = [apart("train", "--only", rung) for rung in ("logistic", "tree")]
    for process in both:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    found = run("models", "--json").json["models"]
    assert [one["version"] for one in found] == [1, 2]
    assert sorted(one["role"] for one in found) == ["challenger", "champion"]
    assert {one["rung"] for one in found} == {"logistic", "tree"}
    for version in ("1", "2"):
        assert run("predict", "loans.csv", "-o", "scored.csv", "--version", version).code == 0


@pytest.mark.parametrize("output", ["scored.csv", "scored.parquet"])
def test_a_scoring_without_room_leaves_what_was_there(trained, run, apart, make_loans, output):
    make_loans(5_000).write_parquet("new.parquet")
    Path(output).write_bytes(b"before")
    process = apart("predict", "new.parquet", "-o", output, room=100_000)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.startswith(f"loanbook: {output}: cannot be written")
    assert err.count("\n") == 1
    assert Path(output).read_bytes() == b"before"
    assert not leftovers()
    assert run("predict", "new.parquet", "-o", output).code == 0


def test_a_training_without_room_registers_nothing(trained, run, apart):
    before = run("models", "--json").json
    process = apart("train", "--only", "forest", room=8_000)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Traceback" not in err
    assert err.count("\n") == 1
    assert run("models", "--json").json == before
    assert len(list(Path(".loanbook/artefacts/risk").iterdir())) == 1
    assert not leftovers()
    assert run("predict", "loans.csv", "-o", "scored.csv").code == 0


def test_a_draft_without_room_writes_no_book(drafted, apart):
    process = apart("init", "loans.csv", "--target", "bad", "-o", "other.toml", room=100)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.startswith("loanbook: other.toml: cannot be written")
    assert not Path("other.toml").exists()
    assert not leftovers()

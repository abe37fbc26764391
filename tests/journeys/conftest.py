"""A lender at a command line: a folder of its own, a made table, and `loanbook …` as it would be typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from loanbook.cli import main


@dataclass(frozen=True)
class Said:
    """What one command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The answer to `--json`."""
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the lender works in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run("train", "--only", "tree")`, in the lender's folder; no command may blame itself."""

    def call(*words: object) -> Said:
        capsys.readouterr()
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        assert "fault of loanbook" not in said.err + said.out
        assert "Traceback" not in said.err
        return Said(code, said.out, said.err)

    return call


@pytest.fixture
def learn(run: Run) -> Run:
    """Choose among the quickest rungs, and see that it went well."""

    def call(*words: object) -> Said:
        said = run("train", "--only", "logistic", *words)
        assert said.code == 0, said.err
        return said

    return call


# Not in a preexec_fn: that forks this process, whose threads other tests may have started.
NO_ROOM = """
import resource, runpy, sys
most = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
runpy.run_module("loanbook", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def apart(folder: Path) -> Callable[..., subprocess.Popen[str]]:
    """`apart("train")` in a process of its own, for what may only happen to a process.

    With `room`, no file may have more bytes than that, as on a full disk.
    """

    def start(*words: object, room: int | None = None) -> subprocess.Popen[str]:
        program = ["-m", "loanbook"] if room is None else ["-c", NO_ROOM, str(room)]
        return subprocess.Popen(
            [sys.executable, *program, *map(str, words)],
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture(scope="session")
def make_loans() -> Callable[..., pl.DataFrame]:
    """`make_loans(rows, seed)`: loans whose outcome hangs on amount, income, state and ownership."""

    def make(rows: int = 400, seed: int = 0) -> pl.DataFrame:
        draw = np.random.default_rng(seed)
        amount = np.round(np.exp(draw.normal(9, 0.8, rows)), 2)
        income = np.round(np.exp(draw.normal(10, 0.5, rows)), 2)
        state, owner = draw.choice(["CA", "FL", "NY", "TX"], rows), draw.random(rows) < 0.5
        risk = -1 + 1.2 * (np.log(amount) - 9) - (np.log(income) - 10) + 0.8 * (state == "FL") - 0.5 * owner
        return pl.DataFrame(
            {
                "id": np.arange(rows) + 1000,
                "amount": amount,
                "income": income,
                "age": draw.integers(20, 70, rows),
                "state": state,
                "owner": owner,
                "day": pl.Series(np.datetime64("2015-01-01") + draw.integers(0, 1500, rows)).cast(pl.Date),
                "bad": (draw.random(rows) < 1 / (1 + np.exp(-risk))).astype(np.int64),
            }
        )

    return make


@pytest.fixture
def table(make_loans: Callable[..., pl.DataFrame]) -> pl.DataFrame:
    """400 loans."""
    return make_loans()


@pytest.fixture
def trained(folder: Path, run: Run, learn: Run, table: pl.DataFrame) -> Path:
    """The lender's folder with loans.csv, its drafted book, and a first champion."""
    table.write_csv("loans.csv")
    assert run("init", "loans.csv", "--target", "bad").code == 0
    learn()
    return folder

"""JSON for machines; tables and progress for people."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from loanbook.cli import output


@dataclass
class Point:
    x: float
    where: Path


def test_json_takes_whatever_the_rooms_answer_with(capsys):
    output.emit(
        {
            "point": Point(np.float64(1.5), Path("a/b")),
            "array": np.array([1.0, np.nan]),
            "times": (date(2008, 1, 31), datetime(2008, 1, 31, tzinfo=UTC)),
            "big": float("inf"),
            3: np.int64(4),
        }
    )
    assert json.loads(capsys.readouterr().out) == {
        "point": {"x": 1.5, "where": "a/b"},
        "array": [1.0, None],
        "times": ["2008-01-31", "2008-01-31T00:00:00+00:00"],
        "big": None,
        "3": 4,
    }


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_silent_away_from_a_terminal(capsys):
    with output.progress("Training", 2) as step:
        step("logistic")
        step()
    assert capsys.readouterr() == ("", "")


def test_progress_shows_on_a_terminal_only_after_a_while(monkeypatch):
    monkeypatch.setattr(sys, "stderr", quick := Terminal())
    with output.progress("Training", 2) as step:
        step("logistic")
    assert quick.getvalue() == ""
    monkeypatch.setattr(sys, "stderr", slow := Terminal())
    bar = output._Bar("Training", 2)
    bar.show()
    bar.step("logistic")
    bar.close()
    assert "Training" in slow.getvalue()
    bar.show()
    assert bar.closed


def test_tables_do_not_wrap_in_a_pipe(capsys):
    output.table(["name", ">value"], [["a" * 60, 1], ["b" * 60, None]])
    lines = capsys.readouterr().out.rstrip("\n").splitlines()
    assert len(lines) == 3
    assert lines[1].split() == ["a" * 60, "1"]


@pytest.mark.parametrize(("width", "gone"), [(200, ()), (50, ("size",)), (38, ("size", "age")), (20, ("size", "age"))])
def test_a_narrow_terminal_leaves_spare_columns_out_instead_of_cutting_all(monkeypatch, width, gone):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys, "stdout", said := Terminal())
    rows = [["a" * 20, "1.2345", "b" * 12, "6.7890"]]
    assert output.table(["name", ">value", "size", ">age"], rows, spare=["size", ">age"]) == gone
    assert "1.2345" in said.getvalue()
    assert ("b" * 12 in said.getvalue()) == (not gone)

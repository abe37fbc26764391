"""The examples of the gallery run as they are, on every 20th of the bundled loans."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "gallery").glob("*.py"))
SHOWS = {
    "01_train_and_decide": ("probability of default", "1 decision made again, 0 differ"),
    "02_score_a_data_frame": ("True", "amount: -1.0 is below 0"),
    "03_a_rung_of_your_own": ("keeps its promise: contributions", "Bagged trees"),
}


def test_the_examples_are_numbered_without_gaps():
    assert [example.name[:2] for example in EXAMPLES] == [f"{place:02d}" for place in range(1, len(EXAMPLES) + 1)]
    assert {example.stem for example in EXAMPLES} == set(SHOWS)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_runs_and_shows_what_it_promises(example, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(example), "--every", "20"],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "POLARS_FMT_STR_LEN": "60"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not [text for text in SHOWS[example.stem] if text not in done.stdout]
    assert not list(tmp_path.iterdir()), "an example leaves nothing behind"

"""Every scenario runs, on tiny data and with figures that mean nothing: no test here is timed."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks.run import main
from benchmarks.scenarios import SCENARIOS

pytestmark = pytest.mark.timeout(1800)  # three minutes of CPU, and several processes each: more on a busy machine


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """What one quick run of everything printed, and the folder in which it could have kept something."""
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        printed = []
        patch.setattr("builtins.print", lambda *words, **_: printed.append(" ".join(map(str, words))))
        assert main(["--quick"], page=folder / "page.md", figures=folder / "figures") == 0
    return "\n".join(printed), folder


QUALITY = {"ladder", "automl", "sets", "impact", "preparation", "remedies"}


def section_of(quick, name):
    return re.search(rf"^## {name}\n(.*?)(?=^## |^Quick:)", quick[0], re.MULTILINE | re.DOTALL).group(1)


def rows_of(section):
    return [line for line in section.splitlines() if line.startswith("| ")]


@pytest.mark.parametrize("name", [scenario.name for scenario in SCENARIOS if scenario.name not in QUALITY])
def test_a_scenario_measures_us_a_floor_and_a_peer(quick, name):
    section = section_of(quick, name)
    assert sum("peer" in row.split("|")[1] for row in rows_of(section)) >= 1
    assert "floor" in section or "approve_all" in section
    assert "nan" not in section


@pytest.mark.parametrize("name", sorted(QUALITY))
def test_a_scenario_of_quality_measures_the_bundled_sample_alone(quick, name):
    section = section_of(quick, name)
    assert len(rows_of(section)) >= 2
    assert "SBA national" in section
    assert "HMEQ |" not in section
    assert "nan" not in section


def test_the_ladder_is_compared_with_its_floor_and_with_itself(quick):
    rows = [row.split("|")[1].strip() for row in rows_of(section_of(quick, "ladder"))]
    assert {"approve_all", "logistic", "stack"} <= set(rows)


def test_a_quick_run_keeps_nothing_and_promises_nothing(quick):
    printed, folder = quick
    assert list(folder.iterdir()) == []
    assert "Promises" not in printed
    assert "were not kept" in printed


def test_a_scenario_that_is_not_there_is_named(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--quick", "decison"])
    assert ended.value.code == 2
    assert "decison" in capsys.readouterr().err


def test_names_are_permanent():
    """Figures are compared over years: a name may be added here, never changed."""
    assert [scenario.name for scenario in SCENARIOS] == [
        "train", "quality", "full", "ladder", "automl", "sets", "impact", "preparation", "remedies",
        "read", "batch", "stream", "decision", "service", "latency", "soak", "journal", "hotswap", "schemathesis",
        "fuzz", "startup",
    ]  # fmt: skip


def test_a_run_is_kept_with_its_circumstances(tmp_path, monkeypatch):
    from benchmarks import run
    from benchmarks.bench import Scenario
    from benchmarks.results import Promise, Report, Table

    found = Report(
        (Table("T", ("", "CPU"), (("ours", "1"),)),), (Promise("size", "MB", 1.0, 2.0),), ("N",), ("M: why",)
    )
    others = [Scenario(name, "Why?", lambda bench: found) for name in ("one", "two")]
    monkeypatch.setattr(run, "SCENARIOS", others)
    page, figures = tmp_path / "docs" / "page.md", tmp_path / "figures"
    assert run.main(["one"], page=page, figures=figures) == 0
    text = page.read_text(encoding="utf-8")
    assert "| ours | 1 |" in text
    assert "| size | at most 1.00 MB | 2.00 MB | **missed** |" in text
    assert "- Not measured: M: why." in text
    assert "Not measured yet: `make bench ARGS=two`" in text
    assert "by `python -m benchmarks one`" in text
    saved = json.loads((figures / "one.json").read_text(encoding="utf-8"))
    assert Report.from_json(saved["report"]) == found
    assert run.main(["two"], page=page, figures=figures) == 0
    assert page.read_text(encoding="utf-8").count("| ours | 1 |") == 2
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["one.json", "page.md", "two.json"]

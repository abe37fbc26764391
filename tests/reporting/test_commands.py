"""`loanbook report` and `loanbook explore` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loanbook.cli import main
from loanbook.reporting import extras


def names(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


@pytest.fixture
def inside(trained, monkeypatch):
    monkeypatch.chdir(trained.path.parent)
    return trained.path.parent


@pytest.mark.parametrize(("command", "title"), [("report", b"Model card"), ("explore", b"Data profile")])
def test_the_page_is_written_where_it_was_asked_for(command, title, inside, tmp_path, capsys):
    assert main([command, "-o", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_bytes()
    assert b"<title>" + title in page
    assert "page.html" in capsys.readouterr().out
    assert names(tmp_path) == ["page.html"]


@pytest.mark.parametrize("command", ["report", "explore"])
def test_json_has_the_figures_and_writes_no_page_unless_asked(command, inside, capsys):
    before = set(names(inside))
    assert main([command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["usecase"] == "risk"
    assert told["output"] is None
    assert len(told["chapters"]) >= 6
    assert set(names(inside)) == before


def test_another_use_case_is_named_behind_the_command(inside, tmp_path, capsys):
    assert main(["report", "amount", "--json", "-o", str(tmp_path / "a.html")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["usecase"] == "amount"
    assert "answers" in told["chapters"]
    assert (tmp_path / "a.html").exists()


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("nowhere/page.html", "there is no folder nowhere. Make it first."),
        ("page.pdf", "pages are written as .html, not as .pdf. Name it page.html."),
        ("loans.parquet", "pages are written as .html, not as .parquet."),
        ("folder.html", "is not a file that can be replaced."),
    ],
)
@pytest.mark.parametrize("command", ["report", "explore"])
def test_a_place_that_cannot_be_written_to_is_refused_before_any_work(command, output, says, inside, capsys):
    (inside / "folder.html").mkdir(exist_ok=True)
    before = (inside / "loans.parquet").read_bytes()
    assert main([command, "-o", output]) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert not said.out
    assert (inside / "loans.parquet").read_bytes() == before


def test_the_data_are_not_overwritten_even_when_they_are_called_html(trained, tmp_path, monkeypatch, capsys):
    table = tmp_path / "loans.html"
    table.write_bytes((trained.path.parent / "loans.parquet").read_bytes())
    book = tmp_path / "loanbook.toml"
    book.write_text(trained.path.read_text().replace("loans.parquet", "loans.html"))
    monkeypatch.chdir(tmp_path)
    assert main(["explore", "-o", "loans.html"]) == 2
    assert "would be replaced" in capsys.readouterr().err
    assert table.read_bytes()[:4] == b"PAR1"


def test_a_report_before_any_training_says_what_to_run(trained, tmp_path, monkeypatch, capsys):
    (tmp_path / "loans.parquet").write_bytes((trained.path.parent / "loans.parquet").read_bytes())
    (tmp_path / "loanbook.toml").write_text(trained.path.read_text())
    monkeypatch.chdir(tmp_path)
    assert main(["report"]) == 2
    assert "loanbook train risk" in capsys.readouterr().err
    assert not (tmp_path / "model-card.html").exists()


@pytest.mark.parametrize("command", ["report", "explore"])
def test_a_missing_package_is_named_with_its_extra(command, inside, monkeypatch, capsys):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "matplotlib" else object())
    assert main([command]) == 2
    assert "pip install 'loanbook[explore]'" in capsys.readouterr().err


def test_a_full_disk_leaves_the_page_of_before(inside, tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.html"
    page.write_text("before")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("loanbook.files.os.fsync", full)
    assert main(["explore", "-o", str(page)]) == 2
    assert page.read_text() == "before"
    assert names(tmp_path) == ["page.html"]
    assert "No space left" in capsys.readouterr().err

"""Every page is reachable, every link leads somewhere, and what a page shows as code runs or parses."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from contextlib import redirect_stdout
from pathlib import Path

import polars as pl
import pytest
from typer.main import get_command

from loanbook.book import Book
from loanbook.cli import app
from loanbook.cli.commands import COMMANDS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [str(path.relative_to(DOCS)) for path in sorted(DOCS.rglob("*.md"))]
LESSONS = [name for name in PAGES if name == "tutorial.md" or name.startswith("how-to/")]
NOT_RUN = "<!-- not run: "
"""Stands in the line before a python block that a test cannot run, with the reason."""


def links(text: str) -> list[str]:
    return re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", text)


def targets(page_name: str, prose: str) -> list[tuple[str, Path, str]]:
    """Every internal link of a page: as written, the file it names, the anchor."""
    found = []
    for link in links(prose):
        if not re.match(r"[a-z]+://", link):
            path, _, anchor = link.partition("#")
            here = DOCS / page_name
            found.append((link, (here.parent / path).resolve() if path else here, anchor))
    return found


@pytest.mark.parametrize("name", PAGES)
def test_every_internal_link_leads_to_a_file_and_a_heading(name, page):
    broken = []
    for link, path, anchor in targets(name, page(name).prose):
        if not path.is_file() or (anchor and anchor not in page(str(path.relative_to(DOCS))).anchors()):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_to_the_repository(name, page):
    outside = [link for link, path, _ in targets(name, page(name).prose) if not path.is_relative_to(DOCS)]
    assert not outside, "the site has only what is in docs/"
    assert len(re.findall(r"^# ", page(name).prose, re.MULTILINE)) == (0 if "--8<--" in page(name).text else 1)


def navigation(entry: object) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    children = entry.values() if isinstance(entry, dict) else entry
    return [name for child in children for name in navigation(child)]


def test_the_navigation_has_every_page_once_and_no_other():
    settings = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    listed = navigation(settings["project"]["nav"])
    assert sorted(listed) == sorted({*PAGES, "benchmarks.md"})  # `make bench` writes that one


@pytest.mark.parametrize("folder", ["how-to", "reference", "explanation", "adr"])
def test_an_index_links_every_page_of_its_folder(folder, page):
    linked = {path.name for _, path, _ in targets(f"{folder}/index.md", page(f"{folder}/index.md").prose)}
    assert {path.name for path in (DOCS / folder).glob("*.md")} - {"index.md"} <= linked


def test_the_gallery_lists_every_example(page):
    linked = {path.name for _, path, _ in targets("gallery/index.md", page("gallery/index.md").prose)}
    assert {path.name for path in (DOCS / "gallery").glob("*.py")} == linked


@pytest.mark.parametrize("name", LESSONS)
def test_python_blocks_of_a_lesson_run(name, page, trained_folder, tmp_path, monkeypatch):
    whole = page(name)
    lines = whole.text.splitlines()
    blocks = [block for block in whole.blocks("python") if not lines[block.line - 2].strip().startswith(NOT_RUN)]
    if not blocks:
        return
    folder = shutil.copytree(trained_folder, tmp_path / "here")
    monkeypatch.chdir(folder)
    known = {"loans": pl.read_csv("new.csv", try_parse_dates=True)}
    for block in blocks:
        code = compile("\n" * block.line + block.text, str(whole.path), "exec")
        with redirect_stdout(io.StringIO()):
            exec(code, known)


def test_the_lessons_have_python_blocks_to_run(page):
    assert sum(1 for name in LESSONS for _ in page(name).blocks("python")) >= 4


@pytest.mark.parametrize("name", PAGES)
def test_every_book_on_a_page_is_one(name, page, monkeypatch):
    """A block without `data` is a part of a book; it must fit below the least one."""
    for block in page(name).blocks("toml"):
        for variable in re.findall(r"\$\{(\w+)\}", block.text):
            monkeypatch.setenv(variable, "secret")
        least = "" if re.search(r"^\[risk\]$", block.text, re.MULTILINE) else '[risk]\ndata = "a.csv"\ntarget = "b"\n'
        assert Book.parse(least + block.text).section("risk")


def command_lines(text: str) -> list[list[str]]:
    """Calls of loanbook in a console block: a line that starts with $, and the lines that continue it."""
    joined = text.replace("\\\n", " ")
    calls = [line.removeprefix("$ ") for line in joined.splitlines() if line.startswith("$ loanbook ")]
    return [shlex.split(call, comments=True) for call in calls]


@pytest.mark.parametrize("name", PAGES)
def test_every_command_on_a_page_is_one(name, page):
    wrong = []
    for block in page(name).blocks("console"):
        for _, *words in command_lines(block.text):
            if not any("…" in word or word.isupper() or word.startswith("[") for word in words):
                wrong += [" ".join(words)] * (not understood(words))
    assert not wrong


def understood(words: list[str]) -> bool:
    """Whether the command line takes these words; nothing is run."""
    command = get_command(app)
    while words and getattr(command, "list_commands", None):
        if words[0].startswith("-"):
            return words in (["--version"], ["--help"])
        name, *words = words
        found = command.get_command(None, name) if name in [*COMMANDS, *getattr(command, "commands", {})] else None
        if found is None:
            return False
        command = found
    try:
        command.make_context("loanbook", list(words))
    except Exception as stop:  # noqa: BLE001 typer brings a click of its own, whose errors have no public name
        return getattr(stop, "exit_code", 1) == 0
    return True


def test_a_wrong_command_is_noticed():
    assert understood(["predict", "new.csv", "-o", "scored.csv"])
    assert not understood(["predict", "new.csv", "--output-file", "scored.csv"])
    assert not understood(["predikt", "new.csv"])


def test_the_documentation_builds_without_a_warning(need, tmp_path):
    need("zensical")
    for name in ("docs", "zensical.toml", "CONTRIBUTING.md"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    build = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    built = (tmp_path / "site" / "contributing" / "index.html").read_text(encoding="utf-8")
    assert "Add a model in five steps" in built

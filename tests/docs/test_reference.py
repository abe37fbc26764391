"""Everything that a lender can name has its place in the reference; what there is, is asked of the code."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator

import numpy as np
import pytest
from typer.main import get_command

import loanbook
from loanbook import testing
from loanbook.book import reading
from loanbook.cli import app, leaderboard
from loanbook.cli.commands import COMMANDS
from loanbook.data.inference import MISSING, Kind
from loanbook.data.leakage import suspects
from loanbook.decisions.export import SCHEMA
from loanbook.decisions.reasons import _SENTENCES, CATALOGUE
from loanbook.errors import LoanbookError
from loanbook.evaluation.amounts import evaluate
from loanbook.evaluation.metrics import METRICS
from loanbook.features.encodings import BLOCKS
from loanbook.features.ratios import _RATIOS
from loanbook.models.risk import LADDER
from loanbook.registry.artefacts import MANIFEST, PARTS
from loanbook.service.app import create_app
from loanbook.usecases import USECASES


def commands() -> dict[str, object]:
    """Every command that does something, by its words: "audit verify", "train"."""
    group = get_command(app)
    found = {}
    for name in COMMANDS:
        command = group.get_command(None, name)
        inner = getattr(command, "commands", {})
        found |= {f"{name} {word}": each for word, each in inner.items()} or {name: command}
    return found


def options(command: object) -> Iterator[str]:
    for parameter in command.params:
        if parameter.param_type_name == "option":
            yield from (*parameter.opts, *parameter.secondary_opts)


@pytest.mark.parametrize("words", list(commands()))
def test_every_command_has_a_section_with_all_its_options(words, page):
    shared = page("reference/command-line.md").section("## What all commands share")
    section = page("reference/command-line.md").section(f"## `loanbook {words}`")
    assert section, f"no section for loanbook {words}"
    missing = [name for name in options(commands()[words]) if f"`{name}" not in section + shared]
    assert not missing


def test_no_command_or_option_is_described_that_is_not_there(page):
    text = page("reference/command-line.md").text
    assert set(re.findall(r"^## `loanbook (.+)`$", text, re.MULTILINE)) == set(commands())
    known = {name for command in commands().values() for name in options(command)} | {"--version", "--help", "-h"}
    assert set(re.findall(r"`(--?[a-z][a-z-]*)", text)) <= known


def book_keys() -> Iterator[tuple[str, str]]:
    """Sections of the reference, each with a key that the book's reader takes."""
    tables = {
        "## `[book]`": reading._BOOK,
        "## `[risk]`": {"data": None, **reading._SECTION},
        "### `data`": reading._DATABASE,
        "## `[risk.economics]`": reading._ECONOMICS,
        "## `[risk.policy]`": reading._POLICY,
    }
    for heading, keys in tables.items():
        yield from ((heading, key) for key in keys)
    yield from ((f"## `[risk.{name}]`", "") for name in reading._TABLES)


@pytest.mark.parametrize(("heading", "key"), list(book_keys()))
def test_every_key_of_the_book_has_its_line(heading, key, page):
    section = page("reference/book.md").section(heading)
    assert section, f"no section {heading}"
    assert not key or re.search(rf"^\| `{key}` \|(.+\|){{4}}$", section, re.MULTILINE)


def test_every_type_of_a_column_is_described(page):
    section = page("reference/book.md").section("## `[risk.types]`")
    kinds = page("reference/data-contract.md").section("## Kinds")
    for kind in Kind.__args__:
        assert f'`"{kind}"`' in section
        assert f"| `{kind}` |" in kinds


def test_every_text_that_means_missing_is_listed(page):
    section = page("reference/data-contract.md").section("## Kinds")
    assert not [text for text in MISSING if text and f"`{text}`" not in section]


def http_routes() -> set[str]:
    found = set()
    for route in _flat(create_app(loanbook.Book.parse('[risk]\ndata = "sample:sba_7a"\ntarget = "status"')).routes):
        found |= {f"{method} {route.path}" for method in route.methods - {"HEAD"}}
    return found


def _flat(routes) -> Iterator[object]:
    for route in routes:
        inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None)
        if hasattr(route, "methods") and route.methods:
            yield route
        elif inner:
            yield from _flat(inner)


def test_the_routes_are_found():
    assert {"POST /v1/decisions", "GET /", "GET /metrics"} <= http_routes()


def test_every_path_of_the_service_is_listed_and_every_api_path_has_a_section(page):
    reference = page("reference/http.md")
    described = set(re.findall(r"^\| .*$", reference.text, re.MULTILINE))
    listed = {name for line in described for name in re.findall(r"\[`((?:GET|POST) [^`]+)`\]", line)}
    assert listed == http_routes()
    for name in http_routes():
        if name.split(" ")[1].startswith("/v1"):
            section = reference.section(f"## `{name}`")
            assert section, f"no section for {name}"
            if name != "GET /v1/models/{usecase}":
                assert "```console" in section, f"{name} has no request"
                assert "```json" in section, f"{name} has no answer"


def test_every_public_python_name_is_described(page):
    reference = page("reference/python.md")
    for name in loanbook.__all__:
        assert f"`lb.{name}`" in reference.text
        assert reference.section(f"## `{name}`") or name == "LoanbookError"
    suite = reference.section("## `loanbook.testing`")
    assert not [name for name in testing.__all__ if f"`{name}" not in suite]


@pytest.mark.parametrize("name", [name for name in loanbook.__all__ if inspect.isclass(getattr(loanbook, name))])
def test_every_public_attribute_of_a_public_class_is_described(name, page):
    public = getattr(loanbook, name)
    members = {member for member in vars(public) if not member.startswith("_")}
    if name == "LoanbookError":
        text = page("reference/errors.md").text
    else:
        text = page("reference/python.md").section(f"## `{name}`")
    assert not [member for member in members if not re.search(rf"\b{member}\b", text)]


def errors() -> dict[str, type[LoanbookError]]:
    """Every error class, wherever in the package it is."""
    for module in pkgutil.walk_packages(loanbook.__path__, "loanbook."):
        if not module.name.endswith("__main__"):  # importing that one runs the command line
            importlib.import_module(module.name)

    def below(kind: type[LoanbookError]) -> Iterator[type[LoanbookError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from below(child)

    return {kind.__name__: kind for kind in below(LoanbookError) if kind.__module__.startswith("loanbook.")}


def test_every_error_stands_in_the_tree_below_its_parent_and_in_the_table(page):
    text = page("reference/errors.md").text
    tree = next(page("reference/errors.md").blocks("text")).text.splitlines()
    path: list[str] = []
    parents = {}
    for line in tree:
        depth = (len(line) - len(line.lstrip("│├└─ "))) // 4
        path[depth:] = [line.lstrip("│├└─ ")]
        parents[path[depth]] = path[depth - 1] if depth else None
    found = errors()
    assert set(parents) == set(found)
    for name, kind in found.items():
        assert parents[name] in (None, *(parent.__name__ for parent in kind.__bases__))
        assert f"| `{name}` |" in text


def test_every_column_of_the_leaderboard_and_every_metric_is_described(page, monkeypatch):
    text = page("reference/leaderboard.md").text
    columns = []
    monkeypatch.setattr(leaderboard, "table", lambda names, rows, spare: columns.extend(names))
    monkeypatch.setattr(leaderboard, "_row", lambda rung, *others: [])
    monkeypatch.setattr(leaderboard, "_split", lambda report: "")
    amounts = evaluate(np.array([1.0, 2.0]), np.ones(2), np.ones(2), np.ones(2), resamples=5)
    for headline, figures in (("auc", METRICS), ("mae", amounts)):
        test = {name: {"value": 0.5} for name in figures}
        manners = {name: {"value": 0.5} for name in ("monotonicity", "reason_stability")}
        rung = {"name": "tree", "title": "Tree", "interpretability": 1, "gap": 0.0, "profit": 1.0, "test": test}
        rung |= {"manners": manners, "decision_cost": 1.0}
        report = {"ladder": [rung], "rung": "tree", "why": "", "worth": {"sentence": ""}, "warnings": ()}
        leaderboard.show({**report, "headline": headline})
        assert not [name for name in figures if f"`test.{name}`" not in text]
    named = {name.removeprefix(">") for name in columns if name}
    assert {"AUC folds", "MAE folds", "monotone"} <= named
    assert not [name for name in named if f"| {name.replace('MAE ', 'AUC ')} |" not in text]


def test_every_rung_is_named_with_what_it_needs(page):
    section = page("reference/command-line.md").section("## `loanbook train`")
    for usecase in USECASES:
        assert not [rung.name for rung in usecase.ladder if f"`{rung.name}`" not in section]
    lines = {line.split("`")[1]: line for line in section.splitlines() if line.startswith("| `")}
    for rung in LADDER:
        assert ("| yes |" in lines[rung.name]) == rung.standard
        assert (f"`{rung.extra}`" in lines[rung.name]) == bool(rung.extra)


def test_every_exported_column_is_described(page):
    section = page("reference/command-line.md").section("## `loanbook decisions export`")
    assert not [name for name in SCHEMA if not name.startswith("reason_") and f"`{name}`" not in section]


def test_every_file_of_an_artefact_is_described(page):
    text = page("reference/artefacts.md").text
    assert not [name for name in (MANIFEST, *PARTS) if f"| `{name}` |" not in text]


def test_every_block_and_ratio_of_the_plan_is_described(page):
    text = page("reference/features.md").text
    assert not [name for name in BLOCKS if f"| `{name}` |" not in text]
    assert not [name for *_, name, _ in _RATIOS if f"| `{name.format(n='NAME')}` |" not in text]


def test_every_reason_of_the_catalogue_and_every_ending_is_listed(page):
    text = page("reference/reason-codes.md").text
    assert not [code for code, words in CATALOGUE.items() if f"| `{code}` | {words} |" not in text]
    assert not [ending for ending in _SENTENCES if ending != "UNKNOWN" and f"`_{ending}`" not in text]


def test_every_kind_of_evidence_is_explained(page):
    kinds = re.findall(r'^\s*"(\w+)" :', suspects.__doc__, re.MULTILINE)
    assert len(kinds) >= 6
    text = page("explanation/leakage.md").text
    assert not [kind for kind in kinds if f"| {kind} |" not in text]

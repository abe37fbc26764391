"""What a stranger's first two commands rest on."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("run.txt", "dev.txt", "serve.txt", "build.txt")


def lock(name):
    return (ROOT / "requirements" / name).read_text(encoding="utf-8")


def pins(name):
    return dict(re.findall(r"^([\w.-]+)==(\S+)", lock(name), re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_its_hashes(name):
    entries = re.split(r"\n(?=[\w.-]+==)", lock(name))[1:]
    assert len(entries) > (5 if name == "build.txt" else 30)
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_allows_wheels_only_and_names_no_host(name):
    assert "--only-binary :all:" in lock(name)
    assert re.findall(r"https?:|--index-url|--extra-index-url|--find-links", lock(name)) == []


def test_the_run_lock_has_every_dependency_of_core_and_serve():
    wanted = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["serve"]
    names = {re.match(r"[\w.-]+", requirement).group().lower() for requirement in wanted}
    assert names - set(pins("run.txt")) == set()


@pytest.mark.parametrize("name", LOCKS)
def test_the_dev_lock_holds_the_others(name):
    assert pins(name).items() <= pins("dev.txt").items()


def test_the_serve_lock_is_core_serve_postgres_and_otel_without_what_only_training_needs():
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = PROJECT["project"]["dependencies"] + extras["serve"] + extras["postgres"] + extras["otel"]
    names = {re.match(r"[\w.-]+", requirement).group().lower() for requirement in wanted}
    assert names - set(pins("serve.txt")) == {"pyarrow", "scikit-learn", "scipy", "xgboost", "xgboost-cpu"}


def test_no_import_of_the_package_lacks_its_dependency():
    """Everything imported under src/ is ours, Python's own, or declared in pyproject.toml."""
    imported = set()
    for file in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    extras = PROJECT["project"]["optional-dependencies"]
    declared = PROJECT["project"]["dependencies"] + [name for extra in extras.values() for name in extra]
    modules = {re.match(r"[\w.-]+", name).group().lower().replace("-", "_") for name in declared}
    modules |= {
        "sklearn",
        "interpret",
        "starlette",
        "annotated_types",
        "click",
        "markupsafe",
        "opentelemetry",
    }  # by another name, or part of what we declare
    optional = {"pandas", "psycopg"}
    assert imported - set(sys.stdlib_module_names) - modules - optional - {"loanbook"} == set()


def test_a_python_that_is_too_old_is_told_in_one_line(tmp_path, need):
    need("make")
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\necho "3.10"\n')
    old.chmod(0o755)
    for file in ("Makefile", "scripts/find_python.sh"):
        copy = tmp_path / file
        copy.parent.mkdir(exist_ok=True)
        copy.write_text((ROOT / file).read_text())
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "demo", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, check=False, env=outside
    )
    assert done.returncode != 0
    said = (done.stdout + done.stderr).strip()
    assert said.count("\n") == 0
    assert f"needs Python 3.11, 3.12 or 3.13: {old} is 3.10" in said
    assert not (tmp_path / ".venv").exists()


def test_ci_runs_check_and_test():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert re.findall(r"^make (\w+)", script.read_text(), re.MULTILINE) == ["check", "test"]

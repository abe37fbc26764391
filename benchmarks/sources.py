"""Which of our own files a piece of work depends on: what was computed with them can be kept until they change."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from benchmarks.processes import ROOT

SOURCE = ROOT / "src"
_LISTS = frozenset({"loanbook.book", "loanbook.models.risk", "loanbook.models.scoring"})
"""Packages that list what there is: not everybody who asks them uses all of it."""


def digest(modules: Iterable[str], *more: bytes) -> str:
    """Name the contents of these modules, of all that they import of ours, and of some more bytes.

    >>> digest(["loanbook.errors"]) == digest(["loanbook.errors"]) != digest(["loanbook.errors"], b"more")
    True
    """
    told = hashlib.sha256()
    for part in more:
        told.update(part)
    for file in sorted(closure(modules)):
        told.update(file.read_bytes())
    return told.hexdigest()[:12]


def closure(modules: Iterable[str]) -> set[Path]:
    """Files of these modules and of all modules of ours that they import, at any depth, lazily or not.

    >>> "evaluation/metrics.py" in {str(file.relative_to(SOURCE / "loanbook")) for file in closure(["loanbook.errors"])}
    False
    """
    found: set[Path] = set()
    ahead = list(modules)
    while ahead:
        name = ahead.pop()
        file = _file(name)
        if file is None or file in found or name in _LISTS:
            continue
        found.add(file)
        ahead += _imported(file)
    return found


@cache
def _imported(file: Path) -> tuple[str, ...]:
    found: list[str] = []
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(found)


def _file(name: str) -> Path | None:
    if name.split(".", maxsplit=1)[0] != "loanbook":
        return None
    path = SOURCE.joinpath(*name.split("."))
    choices = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in choices if file.exists()), None)

"""docs/benchmarks.md, written from the figures that were kept; nothing in it is written by hand."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from benchmarks.bench import Scenario
from benchmarks.processes import ROOT
from benchmarks.results import Report, Table, number
from loanbook.files import write_whole

_LIBRARIES = (
    "loanbook", "numpy", "polars", "pyarrow", "scikit-learn", "xgboost", "xgboost-cpu", "lightgbm", "catboost",
    "interpret-core", "keras", "jax", "pandas", "fastapi", "uvicorn", "httptools",
    "uvloop", "msgspec", "flask", "gunicorn",
)  # fmt: skip
_HEAD = """# Benchmarks

Written by `make bench`; not by hand.

**What it costs**: measured on real loans (the bundled sample), with fixed seeds, with the floor and the peer in the
same rounds, taking turns. Compare ratios: seconds belong to the machine below, and a wall on a busy machine mostly
measures the queue. Medians, with the least and the most over the rounds in brackets. A ratio below 1 says that ours
took less.

- *floor*: the least that anybody could do of the job. *peer*: the job as people do it today; `benchmarks/usual.py` is
  the pipeline, `benchmarks/apps/` has the servers that people put around it. MLflow's and BentoML's come by
  `python -m benchmarks.peers install mlflow bentoml`.
- Load comes from a process of its own on the same cores (`benchmarks/asking/`).

**What it is worth** (`ladder`, `automl`, `sets`, `impact`, `preparation`): measured on six tables of real loans, five
of which are public but not part of this repository; `benchmarks/datasets.py` has the book of each, LOANBOOK_DATA names
the folder in which they are looked for. The AutoML libraries come by `python -m benchmarks.peers install`.
"""


@dataclass(frozen=True)
class Circumstances:
    """When, where and with what something was measured.

    Parameters
    ----------
    date, command, commit : of the run.
    machine, python, libraries : it ran on.
    load : average number of running processes when the scenario began.
    """

    date: str
    command: str
    commit: str
    machine: str
    python: str
    libraries: str
    load: str

    @classmethod
    def now(cls, command: str) -> Circumstances:
        return cls(
            date=datetime.now(UTC).strftime("%Y-%m-%d"),
            command=command,
            commit=_commit(),
            machine=_machine(),
            python=platform.python_version(),
            libraries=_versions(),
            load=f"{os.getloadavg()[0]:.1f}",
        )


def keep(folder: Path, scenario: Scenario, report: Report, circumstances: Circumstances) -> None:
    """Keep what a scenario found until it is measured again."""
    saved = {"circumstances": asdict(circumstances), "report": report.to_json()}
    write_whole(folder / f"{scenario.name}.json", json.dumps(saved, indent=1, ensure_ascii=False).encode() + b"\n")


def write_page(path: Path, folder: Path, scenarios: Sequence[Scenario]) -> None:
    """Write the page anew from everything that was kept."""
    parts = [_HEAD, *(_section(scenario, folder / f"{scenario.name}.json") for scenario in scenarios)]
    write_whole(path, "\n".join(parts).encode())


def _section(scenario: Scenario, kept: Path) -> str:
    head = f"## {scenario.name}\n\n*{scenario.question}*\n"
    if not kept.exists():
        return f"{head}\nNot measured yet: `make bench ARGS={scenario.name}` measures it.\n"
    saved: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return "\n".join(
        [head, *body(Report.from_json(saved["report"])), _measured(Circumstances(**saved["circumstances"]))]
    )


def body(report: Report) -> list[str]:
    """A report as Markdown, paragraph by paragraph."""
    parts = [_table(table) for table in report.tables]
    if report.promises:
        columns = ("promised", "limit", "measured", "")
        rows = [
            (
                promise.what,
                f"{'at most' if promise.most else 'at least'} {number(promise.limit)} {promise.unit}".strip(),
                f"{number(promise.found)} {promise.unit}".strip(),
                "kept" if promise.kept else "**missed**",
            )
            for promise in report.promises
        ]
        parts.append(_table(Table("Promises", columns, tuple(rows))))
    lines = [f"- {note}" for note in report.notes] + [f"- Not measured: {what}." for what in report.absent]
    return [*parts, "\n".join(lines) + "\n"] if lines else parts


def _table(table: Table) -> str:
    lines = [
        f"**{table.title}**",
        "",
        _row(table.columns),
        "|---|" + "---:|" * (len(table.columns) - 1),
        *map(_row, table.rows),
    ]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _measured(found: Circumstances) -> str:
    return (
        f"Measured on {found.date} at {found.commit} by `{found.command}`, on {found.machine}, load {found.load} when "
        f"it began; Python {found.python}, {found.libraries}.\n"
    )


def _versions() -> str:
    installed = {found.name.lower(): found.version for found in distributions()}
    return ", ".join(f"{name} {installed[name]}" for name in _LIBRARIES if name in installed)


def _commit() -> str:
    words = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=, with changes", "--exclude=*"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return f"commit {done.stdout.strip()}" if done.returncode == 0 else "an unknown commit"


def _machine() -> str:
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{_processor()}, {os.cpu_count()} cores, {gigabytes:.0f} GB, {platform.system()} {platform.machine()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "an unknown processor"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())

"""AutoML libraries to compare with, each in an environment of its own beside ours.

    python -m benchmarks.peers install            all of them, into .venv-peers/, a gigabyte or so each
    python -m benchmarks.peers install flaml      one
    python -m benchmarks.peers lock               resolve their requirements anew

They are fitted by `benchmarks/scripts/automl.py`, which imports nothing of ours. AutoGluon comes without torch, which
takes several gigabytes: its networks are not in its pool, its boosting, forests and stacking are.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import ROOT, Failed

FOLDER = ROOT / ".venv-peers"
REQUIREMENTS = Path(__file__).parent
_SMALL = 10_000  # rows
_ONLY_WHEELS = ("--only-binary", ":all:")
_LOCK = (
    "-q", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url",
    "--custom-compile-command", "python -m benchmarks.peers lock", "--override", str(REQUIREMENTS / "without.txt"),
)  # fmt: skip


@dataclass(frozen=True)
class Peer:
    """One library.

    Parameters
    ----------
    name, title : of its requirements and its environment; on the page.
    package : what it is called in its requirements.
    seconds : wall clock it may take on a small data set.
    wheels : whether all that it needs comes built.
    """

    name: str
    title: str
    package: str
    seconds: int
    wheels: bool = True

    @property
    def python(self) -> Path:
        """The Python of its environment."""
        return _folder() / self.name / "bin" / "python"

    @property
    def absent(self) -> str:
        """Why it cannot be measured; "" if it can."""
        return (
            ""
            if self.python.exists()
            else f"{self.title}: `python -m benchmarks.peers install {self.name}` was not run"
        )

    def limit(self, rows: int) -> int:
        """Seconds of wall clock it may take: half as many again on a table that is not small.

        >>> [PEERS[0].limit(rows) for rows in (1_000, 20_000)]
        [180, 270]
        """
        return self.seconds if rows < _SMALL else self.seconds * 3 // 2

    @property
    def locked(self) -> Path:
        return REQUIREMENTS / f"{self.name}.txt"

    def install(self) -> None:
        """Make its environment anew from the locked requirements.

        Raises
        ------
        Failed : pip could not.
        """
        _run([sys.executable, "-m", "venv", "--clear", str(self.python.parents[1])])
        wheels = _ONLY_WHEELS if self.wheels else ()
        pip = [str(self.python), "-m", "pip", "install", "-qq", "--no-deps", "--require-hashes", *wheels]
        _run([*pip, "-r", str(self.locked)])

    def lock(self) -> None:
        """Resolve its requirements, with the `uv` that our own are resolved with.

        Raises
        ------
        Failed : they cannot be.
        """
        uv = Path(sys.executable).with_name("uv")
        wheels = (*_ONLY_WHEELS, "--emit-build-options") if self.wheels else ()
        source = REQUIREMENTS / f"{self.name}.in"
        _run([str(uv), "pip", "compile", *_LOCK, *wheels, str(source), "-o", str(self.locked)])

    def version(self) -> str:
        """Name and version of the library, as locked."""
        lines = self.locked.read_text(encoding="utf-8").splitlines()
        return next(line.split()[0].replace("==", " ") for line in lines if line.startswith(f"{self.package}=="))


PEERS = (
    Peer("autogluon", "AutoGluon, best quality", "autogluon-tabular", seconds=180),
    Peer("flaml", "FLAML", "flaml", seconds=90),
    Peer("mljar", "mljar-supervised, Compete", "mljar-supervised", seconds=90, wheels=False),
)


def _folder() -> Path:
    return Path(os.environ.get("LOANBOOK_PEERS") or FOLDER)


def _run(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(words)} gave {done.returncode}:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")

"""An environment of its own, beside ours, for something to compare with."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import ROOT, Failed

FOLDER = ROOT / ".venv-peers"
REQUIREMENTS = Path(__file__).parent
_ONLY_WHEELS = ("--only-binary", ":all:")
_LOCK = (
    "-q", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url",
    "--custom-compile-command", "python -m benchmarks.peers lock", "--override", str(REQUIREMENTS / "without.txt"),
)  # fmt: skip


@dataclass(frozen=True)
class Environment:
    """One library and all that it needs, locked.

    Parameters
    ----------
    name, title : of its requirements and its environment; on the page.
    package : what it is called in its requirements.
    wheels : whether all that it needs comes built.
    """

    name: str
    title: str
    package: str
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


def _folder() -> Path:
    return Path(os.environ.get("LOANBOOK_PEERS") or FOLDER)


def _run(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(words)} gave {done.returncode}:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")

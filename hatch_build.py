"""What hatchling runs before it packs: `kernel.c` becomes a library beside it, where there is a C compiler.

A wheel that holds the library is for this platform (any Python: it is loaded by ctypes); one without is for all, and
loanbook then computes with numpy what the library would. Also a script: `python hatch_build.py` builds in place.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("src/loanbook/models/compiled")
# -O3 turns loops around, never arithmetic: without -ffast-math every result keeps its bits.
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-fno-fast-math", "-fPIC", "-shared")


class KernelHook(BuildHookInterface[Any]):
    """Builds the kernel into the package."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        why_not = build(Path(self.root) / FOLDER)
        if why_not:
            self.app.display_warning(f"loanbook without its C kernel, slower: {why_not}")
        elif version != "editable":
            build_data["artifacts"].append(f"/{FOLDER}/kernel.bin")
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{_platform()}"


def build(folder: Path) -> str | None:
    """Compile `kernel.c` in a folder to `kernel.bin` beside it; says why where it could not."""
    source, made = folder / "kernel.c", folder / "kernel.bin"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    aside = made.with_name(f".kernel.{os.getpid()}.bin")  # a running process keeps the library that it has open
    compiler = shlex.split(os.environ.get("CC") or "cc")
    command = [*compiler, *FLAGS, f'-DSOURCE_DIGEST="{digest}"', str(source), "-o", str(aside)]
    made.unlink(missing_ok=True)
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    except OSError as error:
        return f"{compiler[0]}: {error.strerror}"
    if done.returncode:
        return f"{compiler[0]} gave {done.returncode}: {done.stderr.strip()[-500:]}"
    aside.replace(made)
    return None


def _platform() -> str:
    if sys.platform == "darwin":  # the compiler's own machine and this Python's oldest macOS
        return sysconfig.get_platform().replace("-", "_").replace(".", "_")
    from packaging.tags import platform_tags

    return next(iter(platform_tags()))


if __name__ == "__main__":
    sys.exit(build(Path(__file__).parent / FOLDER))

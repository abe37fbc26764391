"""A PostgreSQL that is stopped, killed and frozen under those who use it."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import psutil

from benchmarks.postgres import Postgres


class Database:
    """A real one, out of a wheel, on a socket in its own folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = Postgres.prepare(folder)
        self._server.run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync")
        self.url = f"postgresql+psycopg://postgres@/postgres?host={folder}"

    def start(self) -> None:
        options = f"-k {self._folder} -h '' -F"
        self._server.run("pg_ctl", "start", "-w", "-l", str(self._folder / "log"), "-o", options)

    def stop(self, how: str) -> None:
        """`fast`: sessions are ended in order. `immediate`: as a power cut would."""
        self._server.run("pg_ctl", "stop", "-w", "-m", how)

    def freeze(self) -> None:
        """It neither answers nor refuses, as a machine whose network is gone."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def remove(self) -> None:
        """End it, however it is, and leave nothing behind."""
        if (self._server.data / "postmaster.pid").exists():
            self.thaw()
            self.stop("immediate")
        shutil.rmtree(self._folder)

    def _signal(self, what: int) -> None:
        pid = int((self._server.data / "postmaster.pid").read_text(encoding="ascii").split()[0])
        first = psutil.Process(pid)
        for one in [first, *first.children(recursive=True)]:
            one.send_signal(what)

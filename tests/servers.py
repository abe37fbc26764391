"""A service in a process of its own, for every test that asks one over a socket."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2 as httpx
import psutil
from starlette.testclient import TestClient

ROOT = Path(__file__).parents[1]


class Server:
    """`loanbook serve` in a process of its own, on a free port."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = "import sys; from loanbook.cli import main; sys.exit(main())"
        process = subprocess.Popen(
            [sys.executable, "-c", command, "serve", "--port", "0", *options],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = process.stdout.readline()
        self._listen_to(process)
        found = re.search(r"http://\S+:(\d+)", said)
        assert found, said + self._rest()
        self.address = f"http://127.0.0.1:{found[1]}"
        self.wait()

    def wait(self, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                httpx.get(f"{self.address}/healthz", timeout=5)
            except httpx.TransportError:
                if self.process.poll() is not None:
                    raise AssertionError(self._rest()) from None
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def stop(self, how: int = signal.SIGTERM) -> str:
        """End it, and return what it said. A killed one takes its workers along: they would outlive it."""
        if self.process.poll() is None:
            workers = psutil.Process(self.process.pid).children(recursive=True) if how == signal.SIGKILL else []
            self.process.send_signal(how)
            for worker in workers:
                worker.kill()
        self.process.wait(timeout=30)
        return self._rest()

    def _listen_to(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._said: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        """Read what it says as it says it: a full pipe would stop it."""
        self._said.extend(self.process.stdout)

    def _rest(self) -> str:
        self._listener.join(timeout=30)
        self.process.stdout.close()
        return "".join(self._said)


def near(app, **options) -> TestClient:
    """The service in this process, asked from this machine: without keys no other is answered."""
    return TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50_000), **options)

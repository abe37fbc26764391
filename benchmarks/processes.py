"""Other processes: run to their end and measured, or kept as servers and asked what they have spent."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Cost

ROOT = Path(__file__).parents[1]
_LOOK = 0.02  # seconds between two looks at a process
_PATIENCE = 120.0  # seconds that a server may take to start
_TICKS = os.sysconf("SC_CLK_TCK")


class Failed(RuntimeError):
    """A process that should have worked did not; the message is the end of what it said."""


def python(*words: str) -> list[str]:
    """A command line for this Python."""
    return [sys.executable, *words]


def loanbook(*words: str) -> list[str]:
    """A command line for the `loanbook` installed beside this Python."""
    return [str(Path(sys.executable).with_name("loanbook")), *words]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child: two threads at most, and our own folder to import from."""
    paths = [str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    return {**os.environ, "OMP_NUM_THREADS": "2", "PYTHONPATH": os.pathsep.join(filter(None, paths)), **(extra or {})}


def cost_of_process(words: Sequence[str], folder: Path, extra: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end: its CPU and wall seconds and its peak memory, children that it waited for included.

    Parameters
    ----------
    words : its command line.
    folder : in which it runs and what it says is kept.
    extra : variables of its environment.
    """
    log = folder / "said.txt"
    with log.open("wb") as said:
        start = time.perf_counter()
        child = subprocess.Popen(words, cwd=folder, env=environment(extra), stdout=said, stderr=said)
        peak = 0
        while True:
            done, status, usage = os.wait4(child.pid, os.WNOHANG)
            if done:
                break
            peak = max(peak, peak_memory(child.pid))
            time.sleep(_LOOK)
        wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise Failed(f"{' '.join(words)} gave {child.returncode}:\n{_end(log)}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, peak)


def peak_memory(pid: int) -> int:
    """Bytes that a process has used at most; 0 where /proc does not tell.

    Not ru_maxrss: a child starts with its parent's.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found.group(1)) * 1024 if found else 0


def memory(pid: int) -> int:
    """Bytes that a running process uses now; what it shares with others is divided among them (PSS)."""
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"), re.MULTILINE)
    return int(found.group(1)) * 1024 if found else 0


def can_ask_for_memory() -> bool:
    """Whether this system tells what another process has used at most."""
    return peak_memory(os.getpid()) > 0


def can_ask_for_cpu() -> bool:
    """Whether this system tells what another process has spent."""
    return Path("/proc/self/stat").exists()


def cpu_of(pid: int) -> float:
    """CPU seconds that a running process has spent, all threads, in steps of a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def family(pid: int) -> list[int]:
    """A process and everything that it started, as far as it runs."""
    found, ahead = [], [pid]
    while ahead:
        found.append(ahead.pop())
        for tasks in Path(f"/proc/{found[-1]}/task").glob("*/children"):
            ahead += map(int, tasks.read_text(encoding="ascii").split())
    return found


@dataclass(frozen=True)
class Server:
    """A running HTTP server on the loopback.

    Parameters
    ----------
    pid, port : of its process.
    start : what it took until it was ready.
    """

    pid: int
    port: int
    start: Cost

    def cpu(self) -> float:
        """CPU seconds so far, of all its processes."""
        return sum(map(cpu_of, family(self.pid)))

    def memory(self) -> int:
        """Bytes that all its processes use now."""
        return sum(map(memory, family(self.pid)))


@contextlib.contextmanager
def serving(
    words: Sequence[str], folder: Path, *, ready: str, extra: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Start a server, wait until it answers `ready` with 200, and stop it in the end.

    Parameters
    ----------
    words : its command line; `{port}` is replaced by a free port.
    ready : path to ask.
    """
    port = _free_port()
    log = folder / f"server-{port}.txt"
    with log.open("wb") as said:
        began = time.perf_counter()
        child = subprocess.Popen(
            [word.format(port=port) for word in words], cwd=folder, env=environment(extra), stdout=said, stderr=said
        )
        try:
            _wait_for(child, port, ready, log)
            spent = sum(map(cpu_of, family(child.pid)))
            yield Server(child.pid, port, Cost(spent, time.perf_counter() - began, peak_memory(child.pid)))
        finally:
            _stop(child)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(child: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if child.poll() is not None:
            raise Failed(f"the server ended with {child.returncode}:\n{_end(log)}")
        if _answers(port, path):
            return
        time.sleep(_LOOK)
    raise Failed(f"the server was not ready after {_PATIENCE:g} seconds:\n{_end(log)}")


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
    try:
        child.wait(20)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _end(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]

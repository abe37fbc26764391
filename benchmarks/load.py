"""A bounded load of HTTP requests, sent by a process of its own: `benchmarks/asking/`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.asking.plan import Plan
from benchmarks.processes import ROOT, Failed, Server, environment, python

DECISIONS = "/v1/decisions"
_SLACK = 60.0  # seconds after which a load generator that should have ended is killed


@dataclass(frozen=True, slots=True)
class Load:
    """What a server did under load.

    Parameters
    ----------
    asked : requests sent.
    cpu, wall : seconds, of all the server's processes and of the clock.
    own_cpu : CPU seconds of the load generator.
    by_status : latency in seconds (p50, p90, p99, p99.9, most) and count of the answers with each status.
    unanswered, broken, unmarked : requests without an answer, connections that ended under one, answers with 200 that
        are not what they should be.
    late : seconds that 99% of the requests were sent after they were due, at most.
    example : the beginning of the first bad answer.
    """

    asked: int
    cpu: float
    wall: float
    own_cpu: float
    by_status: Mapping[int, Mapping[str, float]]
    unanswered: int
    broken: int
    unmarked: int
    late: float
    example: str

    def count(self, status: int) -> int:
        """Answers with a status."""
        return int(self.by_status.get(status, {}).get("count", 0))

    @property
    def answers(self) -> int:
        """Answers with 200."""
        return self.count(200)

    @property
    def failures(self) -> int:
        """Requests that did not end in a good answer, nor in being shed with 503."""
        others = sum(self.count(status) for status in self.by_status if status not in {200, 503})
        return others + self.unanswered + self.broken + self.unmarked

    @property
    def each(self) -> float:
        """CPU seconds of the server for one answer."""
        return max(self.cpu, 1e-6) / self.answers

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.wall

    def latency(self, point: str = "p99") -> float:
        """Seconds from when an answer with 200 was due, or asked for."""
        return self.by_status[200][point]


@dataclass(frozen=True)
class Bodies:
    """Request bodies, kept as lines of a file.

    Parameters
    ----------
    path : of the file.
    to : path they are posted to.
    mark : what every good answer contains.
    """

    path: Path
    to: str = DECISIONS
    mark: str = '"decision_id"'

    @classmethod
    def write(cls, path: Path, bodies: Sequence[Any], to: str = DECISIONS, mark: str = '"decision_id"') -> Bodies:
        """Keep values as JSON."""
        path.write_text("".join(f"{json.dumps(body)}\n" for body in bodies), encoding="utf-8")
        return cls(path, to, mark)


def load(
    server: Server,
    bodies: Bodies,
    *,
    connections: int,
    seconds: float,
    count: int = 0,
    rate: float = 0.0,
    strict: bool = True,
) -> Load:
    """Post bodies in a circle until the time is over.

    Parameters
    ----------
    connections : with one request under way each, at most.
    seconds, count : no request begins after them; 0 for no limit in number.
    rate : requests a second whether they are answered or not; 0 to ask again as soon as there is an answer.
    strict : whether anything but a good answer, or being shed with 503, is an error.

    Raises
    ------
    Failed : a request was not answered as it should be, or none was.
    """
    with Asking(server, bodies, connections=connections, seconds=seconds, count=count, rate=rate) as asking:
        found = asking.result()
    if not found.answers or (strict and found.failures):
        raise Failed(f"requests were refused: {asdict(found)}")
    return found


class Asking:
    """A load that is under way beside what else is done to the server.

    Parameters
    ----------
    keep, note : as in the load generator's `Plan`; the other parameters as of `load`.
    """

    def __init__(
        self,
        server: Server,
        bodies: Bodies,
        *,
        connections: int,
        seconds: float,
        count: int = 0,
        rate: float = 0.0,
        keep: Path | None = None,
        note: str = "",
    ) -> None:
        self.server, self.seconds, self.spent = server, seconds, server.cpu()
        plan = Plan(
            port=server.port,
            path=bodies.to,
            bodies=str(bodies.path),
            connections=connections,
            seconds=seconds,
            count=count,
            rate=rate,
            mark=bodies.mark,
            keep=str(keep or ""),
            note=note,
        )
        words = python("-m", "benchmarks.asking")
        self.child = subprocess.Popen(
            words, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self.child.stdin is not None  # noqa: S101 (it is a pipe)
        self.child.stdin.write(json.dumps(asdict(plan)).encode())
        self.child.stdin.close()
        self.child.stdin = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.poll() is None:
            self.child.kill()
        self.child.communicate()

    def result(self) -> Load:
        """Wait until it is over.

        Raises
        ------
        Failed : the load generator did.
        """
        said, fault = self.child.communicate(timeout=self.seconds + _SLACK)
        if self.child.returncode:
            raise Failed(f"the load generator failed:\n{fault.decode(errors='replace')[-2000:]}")
        told = json.loads(said)
        told["by_status"] = {int(status): found for status, found in told["by_status"].items()}
        return Load(cpu=self.server.cpu() - self.spent, **told)

"""What came back: counted by status, with the latency of each."""

from __future__ import annotations

import re
from typing import IO

from benchmarks.asking.connection import Answer, Connection
from benchmarks.asking.plan import Plan

_POINTS = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}
_SHOWN = 300


class Tally:
    """Counts answers, keeps their latencies, and tells which was not what it should be."""

    def __init__(self, plan: Plan, kept: IO[str] | None) -> None:
        self.mark = plan.mark.encode()
        self.note = re.compile(plan.note.encode(), re.DOTALL) if plan.note else None
        self.kept = kept
        self.latencies: dict[int, list[float]] = {}
        self.broken = 0  # connections that ended under a request
        self.unmarked = 0  # answers with 200 that lack the mark
        self.example = ""  # the first answer that was not a good one

    @property
    def answers(self) -> int:
        return sum(map(len, self.latencies.values()))

    def add(self, connection: Connection, answer: Answer, now: float) -> None:
        """Count one answer."""
        self.latencies.setdefault(answer.status, []).append(now - connection.begun)
        if answer.status != 200 or self.mark not in answer.text:
            self._bad(answer)
        if self.kept is not None:
            found = self.note.search(answer.text) if self.note else None
            note = b" ".join(found.groups()).decode() if found else "-"
            self.kept.write(f"{connection.number} {connection.begun:.6f} {now:.6f} {answer.status} {note}\n")

    def _bad(self, answer: Answer) -> None:
        self.unmarked += answer.status == 200
        self.example = self.example or answer.text[:_SHOWN].decode(errors="replace")

    def quantiles(self) -> dict[str, dict[str, float]]:
        """Latency in seconds by status: p50, p90, p99, p99.9, most, and the count."""
        return {str(status): _quantiles(found) for status, found in self.latencies.items()}


def _quantiles(values: list[float]) -> dict[str, float]:
    values.sort()
    last = len(values) - 1
    found = {name: values[min(last, int(share * len(values)))] for name, share in _POINTS.items()}
    return {**found, "most": values[-1], "count": len(values)}

"""What Prometheus may know: counts and times, never a field of an application."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client's own setting: the folder in which several workers keep their numbers together."""

SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)


class Metrics:
    """The service's numbers, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.decisions = Counter(
            "loanbook_decisions",
            "Decisions stored and answered.",
            ("usecase", "decision"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "loanbook_decision_seconds",
            "Time from the body read to the answer ready, of requests that decided.",
            registry=self._registry,
            buckets=SECONDS,
        )
        self.problems = Counter(
            "loanbook_problems", "Requests answered with a problem.", ("status",), registry=self._registry
        )
        self.shed = Counter(
            "loanbook_shed", "Applications that were refused because too many came at once.", registry=self._registry
        )
        self.refused = Counter(
            "loanbook_refused_versions",
            "Promoted versions that could not be opened; the one before goes on.",
            ("usecase",),
            registry=self._registry,
        )
        self.reviews = Counter(
            "loanbook_reviews",
            "Reviews stored; override is true where a person decided against the service.",
            ("decision", "override"),
            registry=self._registry,
        )
        self.shadows = Counter(
            "loanbook_shadows", "Decisions the challenger scored as well.", ("agreed",), registry=self._registry
        )
        self.shadows_dropped = Counter(
            "loanbook_shadows_dropped",
            "Decisions the challenger did not score: too many came, or it refuses them.",
            registry=self._registry,
        )
        self.outcomes = Counter("loanbook_outcomes", "Outcomes stored.", ("outcome",), registry=self._registry)
        self.model = Gauge(
            "loanbook_model_version",
            "The version that decides; 0 when none does.",
            ("usecase",),
            registry=self._registry,
            multiprocess_mode="mostrecent",
        )

    def text(self) -> bytes:
        """Everything, as Prometheus reads it; of all workers when there are several."""
        if os.environ.get(FOLDER):
            together = CollectorRegistry()
            MultiProcessCollector(together)  # type: ignore[no-untyped-call]
            return generate_latest(together)
        return generate_latest(self._registry)

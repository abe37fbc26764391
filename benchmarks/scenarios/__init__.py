"""Every scenario, in the order of the page. Names are permanent: figures are compared over years."""

from __future__ import annotations

from benchmarks.bench import Scenario
from benchmarks.scenarios import batch, decision, quality, read, startup, stream, train

SCENARIOS: tuple[Scenario, ...] = (
    train.SCENARIO,
    quality.SCENARIO,
    read.SCENARIO,
    batch.SCENARIO,
    stream.SCENARIO,
    decision.SCENARIO,
    startup.SCENARIO,
)

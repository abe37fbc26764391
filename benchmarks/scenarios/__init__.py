"""Every scenario, in the order of the page. Names are permanent: figures are compared over years."""

from __future__ import annotations

from benchmarks.bench import Scenario
from benchmarks.scenarios import (
    automl,
    batch,
    decision,
    full,
    fuzz,
    hotswap,
    impact,
    journal,
    ladder,
    latency,
    preparation,
    quality,
    read,
    remedies,
    schemathesis,
    service,
    sets,
    soak,
    startup,
    stream,
    train,
)

SCENARIOS: tuple[Scenario, ...] = (
    train.SCENARIO,
    quality.SCENARIO,
    full.SCENARIO,
    ladder.SCENARIO,
    automl.SCENARIO,
    sets.SCENARIO,
    impact.SCENARIO,
    preparation.SCENARIO,
    remedies.SCENARIO,
    read.SCENARIO,
    batch.SCENARIO,
    stream.SCENARIO,
    decision.SCENARIO,
    service.SCENARIO,
    latency.SCENARIO,
    soak.SCENARIO,
    journal.SCENARIO,
    hotswap.SCENARIO,
    schemathesis.SCENARIO,
    fuzz.SCENARIO,
    startup.SCENARIO,
)

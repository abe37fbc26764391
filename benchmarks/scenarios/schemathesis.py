"""Does the service do what its document says, whatever it is sent?"""

from __future__ import annotations

from contextlib import ExitStack
from importlib.util import find_spec

from benchmarks import services
from benchmarks.bench import Bench, Scenario
from benchmarks.contest import UNSEEN
from benchmarks.processes import can_ask_for_cpu
from benchmarks.results import Promise, Report, Table, paragraphs
from benchmarks.scripts.conformance import Conformance, conform

TOOL = "schemathesis"
EXAMPLES, FEW = 2_000, 200
FLOOR, OURS, PEER = "floor: an echo behind FastAPI", "loanbook", "peer: the usual service behind FastAPI"


def run(bench: Bench) -> Report:
    """Measure it."""
    if not can_ask_for_cpu():
        return Report((), absent=UNSEEN)
    if find_spec(TOOL) is None:
        return Report((), absent=(f"{TOOL} is not installed",))
    few = bench.pick(FEW, 1)
    model = services.usual_model(bench, bench.folder)
    book = services.serving_book(bench, "schemathesis")
    with ExitStack() as stack:
        found = {
            FLOOR: _conform(bench, stack, services.echo(bench, "fastapi"), few),
            OURS: _conform(bench, stack, services.ours(bench, book), bench.pick(EXAMPLES, 1)),
            PEER: _conform(bench, stack, services.usual(bench, model), few),
        }
    ours = found[OURS]
    return Report(
        tables=(_table(found),),
        promises=(
            Promise("operations tried", "", 1, ours.operations, most=False),
            Promise("checks that failed", "", 0, len(ours.failures)),
        ),
        notes=paragraphs(
            f"""
            Schemathesis makes requests out of a service's own OpenAPI document and holds every answer
            against it, with every check that it has: no 5xx, no status, media type or field that the
            document does not know, nothing accepted that it forbids. {EXAMPLES:,} examples of each
            operation of ours, {FEW:,} of the others'. Settings: `tests/service/schemathesis.toml`.
            """
        ),
    )


def _conform(bench: Bench, stack: ExitStack, serving: services.Serving, examples: int) -> Conformance:
    server = stack.enter_context(serving)
    bench.tell(f"{examples:,} examples of each operation at port {server.port}")
    return conform(f"http://127.0.0.1:{server.port}", examples=examples, folder=bench.folder)


def _table(found: dict[str, Conformance]) -> Table:
    rows = [
        (title, str(one.operations), f"{one.cases:,}", str(len(one.failures)), f"{one.seconds:,.0f}")
        for title, one in found.items()
    ]
    return Table("Schemathesis, all checks", ("", "operations", "requests", "failed checks", "wall, s"), tuple(rows))


SCENARIO = Scenario("schemathesis", "Does the service do what its document says, whatever it is sent?", run)

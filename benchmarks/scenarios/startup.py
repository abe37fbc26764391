"""What does it cost to start?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from benchmarks import services
from benchmarks.bench import Bench, Scenario
from benchmarks.measure import Contender, Cost, Spread, in_turns
from benchmarks.processes import Server, can_ask_for_cpu, cost_of_process, loanbook, python
from benchmarks.results import Promise, Report, Unit, compare, paragraphs
from benchmarks.workers import Workers

SECONDS = Unit(1.0, "s")
FLOOR = "floor: Python that does nothing"
HELP = "`loanbook --help`"
PEER = "peer: import sklearn, pandas, xgboost"
SERVER = "`loanbook serve` until /readyz"
USUAL = "peer: the usual service until it is ready"
MOST = 0.4


def run(bench: Bench) -> Report:
    """Measure it."""
    contenders = [
        Contender(FLOOR, _process(bench, python("-c", "pass"))),
        Contender(HELP, _process(bench, loanbook("--help")), PEER),
        Contender("import loanbook", _process(bench, python("-c", "import loanbook")), PEER),
        Contender(
            "import loanbook.api (training and deciding)", _process(bench, python("-c", "import loanbook.api")), PEER
        ),
        Contender(PEER, _process(bench, python("-c", "import sklearn, pandas, xgboost"))),
    ]
    absent = []
    if can_ask_for_cpu():
        contenders += _servers(bench)
    else:
        absent.append("the servers: this system does not tell what another process has spent (no /proc)")
    costs = in_turns(contenders, bench.pick(7, 1), bench.tell)
    found = Spread.of([cost.cpu for cost in costs[HELP]]).middle
    tables = [compare("A process each", contenders, costs, SECONDS, floor=FLOOR)]
    promises = [Promise("`loanbook --help`, CPU", "s", MOST, found)]
    if can_ask_for_cpu():
        workers = Workers.measured(bench)
        tables.append(workers.table())
        promises += workers.promises()
    return Report(
        tables=tuple(tables),
        promises=tuple(promises),
        notes=paragraphs(
            """
            Files are in the page cache and modules are compiled, as from the second start on. The
            servers load an XGBoost champion: ours from JSON and npz with every digest checked, the
            usual one from a pickle.

            A further worker: the difference between two and four of them, halved; CPU until all are
            ready, memory (PSS: what is shared is divided among those who share it) after each has
            answered some hundred requests.
            """
        ),
        absent=tuple(absent),
    )


def _process(bench: Bench, words: list[str]) -> Callable[[], Cost]:
    return lambda: cost_of_process(words, bench.folder)


def _servers(bench: Bench) -> list[Contender]:
    book = services.serving_book(bench, "startup")
    model = services.usual_model(bench, book.path.parent)
    ours = Contender(SERVER, _starting(lambda: services.ours(bench, book)), "" if bench.quick else USUAL)
    usual = Contender(USUAL, _starting(lambda: services.usual(bench, model)))
    return [ours] if bench.quick else [ours, usual]  # a quick run starts the usual one under `decision`


def _starting(serve: Callable[[], AbstractContextManager[Server]]) -> Callable[[], Cost]:
    def measure() -> Cost:
        with serve() as server:
            return server.start

    return measure


SCENARIO = Scenario("startup", "What does it cost to start?", run)

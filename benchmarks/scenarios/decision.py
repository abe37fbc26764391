"""What does one decision cost: in process, logged, over HTTP?"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from benchmarks import services
from benchmarks.apps.desk import UsualLog
from benchmarks.bench import APPROVE_ALL, DECLINE_ALL, Bench, Scenario
from benchmarks.load import Bodies, load
from benchmarks.measure import Contender, Cost, cost_of, in_turns
from benchmarks.processes import Server, can_ask_for_cpu
from benchmarks.results import Report, Table, Unit, compare, paragraphs
from loanbook.api import champion
from loanbook.book import Book
from loanbook.decisions.log import DecisionLog, Draft
from loanbook.registry.versions import Registry

MICROSECONDS = Unit(1e6, "µs a decision")
FLOOR = "floor: JSON in, JSON out"
ECHO = "floor: an echo behind uvicorn"
PLAIN = "peer: pandas row, ColumnTransformer, XGBoost"
REASONED = "peer with reasons: the same and its `pred_contribs`"
LOGGED = "peer with reasons, logged: an insert and commit in SQLite"
SERVICE = "peer: the same behind FastAPI"
OURS = "loanbook: xgboost with reasons, logged"
CROWD = 8
Job = Callable[[dict[str, Any]], object]


def run(bench: Bench) -> Report:
    """Measure it."""
    book = services.serving_book(bench, "decision")
    with contextlib.ExitStack() as stack:
        contenders = _in_process(bench, book, stack)
        costs = in_turns(contenders, bench.pick(7, 1), bench.tell)
        tables = [compare("In process", contenders, costs, MICROSECONDS, floor=FLOOR)]
        absent = []
        if can_ask_for_cpu():
            tables += _over_http(bench, book, stack)
        else:
            absent.append("over HTTP: this system does not tell what another process has spent (no /proc)")
    return Report(
        tables=tuple(tables),
        notes=paragraphs(
            f"""
            Each decision is another application. Without reasons the policy approves everyone, with
            reasons it declines everyone. XGBoost has {bench.size}, on both sides.

            Logged by us: the store's SQLite in WAL mode, with every input, reason and digest, one
            transaction a decision. Logged by the peer: inputs, probability and reasons, SQLite as
            Python opens it.

            Over HTTP: CPU of the server's process alone, one worker; every answer has reasons and is
            logged. The load comes from the same cores, so that the wall says how much they did
            together.
            """
        ),
        absent=tuple(absent),
    )


def _in_process(bench: Bench, book: Book, stack: contextlib.ExitStack) -> list[Contender]:
    usual = bench.usual
    rows = bench.applications(bench.pick(300, 10))
    few = rows[: bench.pick(40, 2)]
    kept = stack.enter_context(contextlib.closing(UsualLog(str(bench.folder / "usual.db"))))

    def keep(row: dict[str, Any]) -> None:
        p, reasons = usual.explain([row])
        kept.keep(row, float(p[0]), "decline", reasons[0])

    found = [_each(FLOOR, lambda row: json.loads(json.dumps(row)), rows)]
    found += [
        _each(f"{name}, no reasons", bench.decider(name, APPROVE_ALL).decide_row, rows, PLAIN) for name in bench.kinds
    ]
    found += [
        _each(f"{name} with reasons", bench.decider(name, DECLINE_ALL).decide_row, rows, REASONED)
        for name in bench.kinds
    ]
    found.append(_each("xgboost with reasons, logged", _logging(book, stack), rows, LOGGED))
    found.append(_each(PLAIN, lambda row: usual.score([row]), few))
    found.append(_each(REASONED, lambda row: usual.explain([row]), few))
    found.append(_each(LOGGED, keep, few))
    return found


def _each(title: str, job: Job, rows: Sequence[dict[str, Any]], peer: str = "") -> Contender:
    def all_rows() -> None:
        for row in rows:
            job(row)

    for row in islice(rows, 2):
        job(row)  # what is made once is made before the clock starts
    return Contender(title, lambda: cost_of(all_rows, len(rows)), peer)


def _logging(book: Book, stack: contextlib.ExitStack) -> Job:
    """Decide and store, with the same model and policy as the service."""
    registry = Registry(book)
    stack.callback(registry.close)
    log, decider = DecisionLog(registry.store, "risk"), champion(book)
    return lambda row: log.record([Draft(decider.decide_row(row), row)])


def _over_http(bench: Bench, book: Book, stack: contextlib.ExitStack) -> Iterator[Table]:
    servers = {
        ECHO: stack.enter_context(services.echo(bench)),
        OURS: stack.enter_context(services.ours(bench, book)),
        SERVICE: stack.enter_context(services.usual(bench, services.usual_model(bench, book.path.parent))),
    }
    rows = bench.applications(bench.pick(300, 20))
    decisions = Bodies.write(bench.folder / "decisions.jsonl", rows)
    echoed = Bodies.write(bench.folder / "echoed.jsonl", rows, mark=next(iter(rows[0])))
    for connections, title in ((1, "Over HTTP, one request after the other"), (CROWD, f"Over HTTP, {CROWD} at a time")):
        contenders = [
            Contender(
                name,
                _posting(bench, server, echoed if name == ECHO else decisions, connections),
                SERVICE if name == OURS else "",
            )
            for name, server in servers.items()
        ]
        costs = in_turns(contenders, bench.pick(5, 1), bench.tell)
        yield compare(title, contenders, costs, MICROSECONDS, floor=ECHO)


def _posting(bench: Bench, server: Server, bodies: Bodies, connections: int) -> Callable[[], Cost]:
    seconds = 0.2 if bench.quick else 2.0

    def measure() -> Cost:
        found = load(server, bodies, connections=connections, seconds=seconds)
        return Cost(max(found.cpu, 1e-6), found.wall).each(found.answers)

    return measure


SCENARIO = Scenario("decision", "What does one decision cost: in process, logged, over HTTP?", run)

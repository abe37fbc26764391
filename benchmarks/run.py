"""The runner: which scenarios, how large, and where the figures go."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.page import Circumstances, body, keep, write_page
from benchmarks.processes import ROOT
from benchmarks.scenarios import SCENARIOS

PAGE = ROOT / "docs" / "benchmarks.md"
FIGURES = ROOT / "benchmarks" / "figures"


def main(words: Sequence[str] | None = None, *, page: Path = PAGE, figures: Path = FIGURES) -> int:
    """Measure, print, keep and write the page.

    Parameters
    ----------
    words : arguments; those of the process when None.
    page, figures : where the page and the figures behind it go.
    """
    parser = _parser()
    asked = parser.parse_args(words)
    if unknown := set(asked.names) - {scenario.name for scenario in SCENARIOS}:
        parser.error(f"there is no scenario {', '.join(sorted(unknown))}")
    chosen = [scenario for scenario in SCENARIOS if not asked.names or scenario.name in asked.names]
    with tempfile.TemporaryDirectory(prefix="loanbook-bench-") as folder:
        bench = Bench(
            Path(folder), _tell(time.monotonic()), quick=asked.quick, keep=asked.keep and asked.keep.resolve()
        )
        for scenario in chosen:
            bench.tell(f"== {scenario.name}: {scenario.question}")
            circumstances = Circumstances.now(_command(asked))
            report = scenario.report(bench)
            print("\n".join([f"## {scenario.name}\n", *body(report)]), flush=True)
            if not asked.quick:
                keep(figures, scenario, report, circumstances)
                write_page(page, figures, SCENARIOS)
    if asked.quick:
        print("Quick: the figures mean nothing and were not kept.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure and write docs/benchmarks.md.")
    known = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("names", nargs="*", metavar="SCENARIO", help=f"{', '.join(known)}; all by default")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round: only to see that everything runs")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep fits here, so that a run that ended goes on")
    return parser


def _command(asked: argparse.Namespace) -> str:
    return " ".join(["python -m benchmarks", *asked.names])


def _tell(start: float) -> Callable[[str], None]:
    def tell(what: str) -> None:
        print(f"{time.monotonic() - start:7.1f} s  {what}", file=sys.stderr, flush=True)

    return tell

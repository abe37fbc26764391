"""Schemathesis against a running service, every check on: no 5xx, no answer that the document does not know.

    python -m benchmarks.scripts.conformance http://127.0.0.1:8000 --examples 2000

Prints one line of JSON; exit code 1 when a check failed. The settings are those of the tests
(`tests/service/schemathesis.toml`).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.processes import ROOT

SETTINGS = ROOT / "tests" / "service" / "schemathesis.toml"
_FAILURE = re.compile(r"^- (ST\d+ .+)$", re.MULTILINE)


@dataclass(frozen=True)
class Conformance:
    """What Schemathesis found.

    Parameters
    ----------
    operations, cases : how many were tried.
    failures : the checks that failed, each as often as it did.
    seconds : it took.
    said : its report, where something failed.
    """

    operations: int
    cases: int
    failures: list[str]
    seconds: float
    said: str


def conform(address: str, *, examples: int, folder: Path, seed: int = 0) -> Conformance:
    """Try every operation with so many examples.

    Parameters
    ----------
    address : of the service.
    examples : of each operation and phase.
    folder : where Schemathesis may keep what it wants.
    """
    words = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(SETTINGS)),
        *("run", f"{address}/openapi.json", "-n", str(examples), "--checks", "all", "--no-color", "--seed", str(seed)),
        *("--continue-on-failure", "--generation-database", "none"),
    ]
    start = time.perf_counter()
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    failures = _FAILURE.findall(said)
    if done.returncode and not failures:
        failures = [f"it ended with {done.returncode}"]
    return Conformance(
        operations=_number(r"Tested: (\d+)", said),
        cases=_number(r"(\d+) generated", said),
        failures=failures,
        seconds=round(time.perf_counter() - start, 1),
        said=said if failures else "",
    )


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else 0


def main() -> int:
    """Try a server that runs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--examples", type=int, default=2_000)
    given = parser.parse_args()
    found = conform(given.address, examples=given.examples, folder=Path.cwd())
    print(json.dumps(asdict(found)))
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks.peers`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.peers import PEERS, SERVERS
from benchmarks.processes import Failed

_ALL = (*PEERS, *SERVERS)


def main(words: Sequence[str] | None = None) -> int:
    """Install or lock some peers, or all of them; one that fails is named, and the others go on."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="What we are compared with.")
    parser.add_argument("what", choices=("install", "lock"))
    parser.add_argument("names", nargs="*", choices=[[], *(peer.name for peer in _ALL)], metavar="PEER")
    asked = parser.parse_args(words)
    failed = 0
    for peer in (peer for peer in _ALL if not asked.names or peer.name in asked.names):
        print(f"{asked.what}: {peer.title}", flush=True)
        try:
            getattr(peer, asked.what)()
        except Failed as fault:
            failed += 1
            print(fault, file=sys.stderr)
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())

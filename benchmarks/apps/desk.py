"""What every peer's server does with an application: pipeline, contributions, one insert."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

MODEL = "LOANBOOK_BENCH_MODEL"
LOG = "LOANBOOK_BENCH_LOG"


class UsualLog:
    """One table, one insert and one commit a decision.

    Parameters
    ----------
    path : of the SQLite file.
    wal : whether it is set up as well as ours is (write-ahead log, synchronous NORMAL), or as `sqlite3` comes.
    """

    def __init__(self, path: str, *, wal: bool = False) -> None:
        self.connection = sqlite3.connect(path, check_same_thread=False)
        if wal:
            self.connection.execute("pragma journal_mode = wal")
            self.connection.execute("pragma synchronous = normal")
        self.connection.execute(
            "create table if not exists log (id text, inputs text, p real, decision text, reasons text)"
        )

    def keep(self, inputs: Any, p: float, decision: str, reasons: list[str]) -> str:
        """Store one decision."""
        name = str(uuid4())
        row = (name, json.dumps(inputs), p, decision, json.dumps(reasons))
        with self.connection:
            self.connection.execute("insert into log values (?, ?, ?, ?, ?)", row)
        return name

    def close(self) -> None:
        self.connection.close()


class Desk:
    """The usual pipeline and its log, as the environment names them."""

    def __init__(self) -> None:
        import joblib

        self.model = joblib.load(os.environ[MODEL])
        self.log = UsualLog(os.environ[LOG], wal=True)
        self.turn = threading.Lock()

    def decide(self, application: Mapping[str, Any]) -> dict[str, Any]:
        """Decide one application, with reasons, and store the decision."""
        probabilities, reasons = self.model.explain([application])
        p = float(probabilities[0])
        with self.turn:
            name = self.log.keep(application, p, "decline", reasons[0])
        return {"decision_id": name, "decision": "decline", "probability_of_default": p, "reasons": reasons[0]}

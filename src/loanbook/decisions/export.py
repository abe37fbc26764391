"""The decision log as a table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import RowMapping

from loanbook.data.sources.write import write_batches
from loanbook.decisions.log import DecisionLog
from loanbook.decisions.reasons import MOST

ROWS = 10_000

SCHEMA: dict[str, type[pl.DataType]] = {
    "decision_id": pl.String,
    "usecase": pl.String,
    "decided_at": pl.String,
    "model_version": pl.Int64,
    "policy_version": pl.Int64,
    "decision": pl.String,
    "probability_of_default": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "log_odds": pl.Float64,
    **{f"reason_{place + 1}": pl.String for place in range(MOST)},
    "inputs": pl.String,
    "outcome": pl.String,
    "observed_at": pl.String,
    "review": pl.String,
    "reviewer": pl.String,
    "review_reason": pl.String,
    "reviewed_at": pl.String,
    "override": pl.Boolean,
    "erased": pl.Boolean,
}
"""The columns of an export: reasons by their codes, inputs as the JSON that was stored, a person's verdict as `review`,
`override` where it is against the system's, `erased` where personal fields were blanked."""


def export(log: DecisionLog, path: Path, progress: Callable[[int], None] = lambda _: None) -> int:
    """Write every decision, oldest first, with its outcome and its review where they are known.

    Parameters
    ----------
    log : the decisions.
    path : a .csv or .parquet file; written aside and renamed, so it is whole or not there.
    progress : called with the number of decisions written so far.

    Returns
    -------
    How many there are.
    """
    return write_batches(path, _frames(log, progress))


def _frames(log: DecisionLog, progress: Callable[[int], None]) -> Iterator[pl.DataFrame]:
    rows, done = log.rows(), 0
    while page := [_flat(row) for row in islice(rows, ROWS)]:
        yield pl.DataFrame(page, schema=SCHEMA)
        done += len(page)
        progress(done)
    if not done:
        yield pl.DataFrame(schema=SCHEMA)


def _flat(row: RowMapping) -> dict[str, Any]:
    codes = [reason["code"] for reason in json.loads(row["reasons"])]
    reasons = {f"reason_{place + 1}": code for place, code in enumerate(codes[:MOST])}
    same = {name: row[name] for name in SCHEMA if name in row}
    override = None if row["override"] is None else bool(row["override"])
    made = {
        "probability_of_default": row["probability"],
        "override": override,
        "erased": row["erased_digest"] is not None,
    }
    return {**dict.fromkeys(SCHEMA), **same, **reasons, **made}

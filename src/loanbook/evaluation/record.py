"""What every rung said of the test rows, kept so that a report can be made again from the same numbers."""

from __future__ import annotations

import io
from collections.abc import Sequence

import polars as pl

from loanbook.data.loans import Loans
from loanbook.evaluation.benchmark import Result


def test_record(test: Loans, results: Sequence[Result]) -> bytes:
    """A Parquet file with one row for each test row.

    Its columns: `row`, the number in the book's table from 0; `y`, what became of it; `amount` and `time` (days since
    1970), null where the book names none; `p_<rung>`, the calibrated answer of each rung that was measured.
    """
    nothing = pl.Series([None] * len(test), dtype=pl.Float64)
    columns = {
        "row": pl.Series(test.rows, dtype=pl.Int64),
        "y": pl.Series(test.y),
        "amount": nothing if test.amount is None else pl.Series(test.amount).fill_nan(None),
        "time": nothing if test.time is None else pl.Series(test.time).fill_nan(None),
    }
    said = {f"p_{result.name}": pl.Series(result.predictions) for result in results if not result.skipped}
    file = io.BytesIO()
    pl.DataFrame(columns | said).write_parquet(file)
    return file.getvalue()

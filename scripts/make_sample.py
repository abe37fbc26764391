"""Make the bundled sample out of the full table of SBA 7(a) loans.

    .venv/bin/python scripts/make_sample.py sba_7a_loans.parquet

The rule: of the loans approved from 1998-01-01 to 2008-12-31, keep those whose number hashes below 815 of
10,000, where the hash is the first eight bytes of the SHA-256 of the loan number written in decimal ASCII,
read as a big-endian unsigned integer, modulo 10,000. It depends on nothing but the number, so that anybody
can draw the same loans in any language, and a longer table gives a longer sample with the same loans in it.

Every column and every value stays as published, faults and leaks included; only the three dates, which carry
no time of day, are stored as dates. Rows are ordered by approval date, then by number, and the same input
gives the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
from datetime import date
from pathlib import Path

import polars as pl

FIRST, LAST = date(1998, 1, 1), date(2008, 12, 31)
KEPT, OF = 815, 10_000
DATES = ("approval_date", "disbursement_date", "charge_off_date")
OUTPUT = Path(__file__).parents[1] / "src" / "loanbook" / "data" / "samples" / "sba_7a.parquet"


def is_kept(loan_number: int) -> bool:
    """Whether the rule draws this loan.

    >>> [number for number in range(1_000_000_000, 1_000_000_030) if is_kept(number)]
    [1000000001, 1000000021]
    """
    digest = hashlib.sha256(str(loan_number).encode("ascii")).digest()
    return int.from_bytes(digest[:8], "big") % OF < KEPT


def draw(loans: pl.DataFrame) -> pl.DataFrame:
    """The sample of a full table, in its final order and types."""
    dated = loans.with_columns(pl.col(DATES).cast(pl.Date))
    period = dated.filter(pl.col("approval_date").is_between(FIRST, LAST))
    kept = pl.Series([is_kept(number) for number in period["loan_number"].to_list()], dtype=pl.Boolean)
    return period.filter(kept).sort("approval_date", "loan_number")


def main() -> None:
    """Read the full table, write the sample, say what it holds."""
    parser = argparse.ArgumentParser(description="Make the bundled sample of SBA 7(a) loans.")
    parser.add_argument("full", type=Path, help="the full table, Parquet, 25 columns")
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    sample = draw(pl.read_parquet(arguments.full))
    sample.write_parquet(arguments.output, compression="zstd", compression_level=22)
    content = arguments.output.read_bytes()
    print(f"{arguments.output}: {sample.height:,} loans, {len(content):,} bytes")
    print(f"sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()

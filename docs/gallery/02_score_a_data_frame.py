"""Score data frames: pandas, Polars or Arrow in, the same kind out; a row that breaks the contract is not guessed at.

python docs/gallery/02_score_a_data_frame.py               trained on all bundled loans
python docs/gallery/02_score_a_data_frame.py --every 20    on every 20th of them
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import polars as pl

import loanbook as lb
from loanbook.data import samples

BOOK = """
[risk]
data = "loans.parquet"
target = "status"
bad = "charged_off"
id = "loan_number"
time = "approval_date"
ignore = ["term_months", "charge_off_date", "charged_off", "balance", "disbursed", "disbursement_date"]
"""


def main() -> None:
    """Run the example in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every Nth loan")
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), parser.parse_args().every)


def run(folder: Path, every: int) -> None:
    """Train a small model and score five loans in three kinds of table."""
    loans = pl.read_parquet(samples.path("sba_7a")).gather_every(every)
    loans.write_parquet(folder / "loans.parquet")
    book = lb.Book.parse(BOOK, folder / "loanbook.toml")
    decider = lb.train(book, "risk", only=["logistic"]).champion

    newest = loans.tail(5).drop("status")
    scored = decider.predict(newest)
    print(scored)

    # The same rows as an Arrow table give an Arrow table with the same figures, bit for bit; so do they in pandas.
    arrow = decider.predict(newest.to_arrow())
    print(arrow.column("probability_of_default").to_pylist() == scored["probability_of_default"].to_list())

    # An amount below zero: no probability, no decision, and the fault in words.
    broken = decider.predict(newest.with_columns(amount=pl.lit(-1.0)))
    print(broken.select("loan_number", "probability_of_default", "error"))


if __name__ == "__main__":
    main()

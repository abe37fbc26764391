"""Train on real loans, decide the riskiest of the newest applications, log it and audit the log.

python docs/gallery/01_train_and_decide.py               all 40,185 bundled loans, about a minute
python docs/gallery/01_train_and_decide.py --every 20    every 20th of them, a few seconds
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import polars as pl

import loanbook as lb
from loanbook.data import samples
from loanbook.decisions.audit import verify
from loanbook.decisions.log import DecisionLog, Draft
from loanbook.registry.store import open_store

BOOK = """
[book]
name = "gallery"

[risk]
data = "loans.parquet"
target = "status"
bad = "charged_off"
id = "loan_number"
time = "approval_date"
outcome_time = "charge_off_date"
amount = "amount"
ignore = ["term_months", "charge_off_date", "charged_off", "balance", "disbursed", "disbursement_date"]

[risk.policy]
approve_below = 0.10
decline_from = 0.30
"""


def main() -> None:
    """Run the example in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every Nth loan")
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), parser.parse_args().every)


def run(folder: Path, every: int) -> None:
    """Train, decide, log, audit."""
    loans = pl.read_parquet(samples.path("sba_7a")).gather_every(every)
    loans.write_parquet(folder / "loans.parquet")
    (folder / "loanbook.toml").write_text(BOOK, encoding="utf-8")

    book = lb.Book.load(folder / "loanbook.toml")
    training = lb.train(book, "risk", only=["approve_all", "one_rule", "logistic"])
    for rung in training.leaderboard:
        print(f"{rung['title']:<26} AUC out of time {rung['test']['auc']['value']:.3f}")
    print(training.choice.why)

    decider = training.champion
    newest = loans.select(decider.model.contract.names).tail(100)
    riskiest = decider.decide_table(newest)["probability_of_default"].arg_max()
    application = newest.row(riskiest, named=True)
    decision = decider.decide_row(application)
    print(f"{decision.decision}: probability of default {decision.probability:.1%}")
    for reason in decision.reasons:
        print(f"  {reason.contribution:+.2f}  {reason.code}: {reason.text}")

    # What the service does with each request: store the decision with its inputs, then answer.
    store = open_store(book.store)
    inputs = {name: str(value) if name == "approval_date" else value for name, value in application.items()}
    DecisionLog(store, "risk").record([Draft(decision, inputs)])
    store.close()

    report = verify(book)
    print(f"{report.checked} decision made again, {report.differing} differ")


if __name__ == "__main__":
    main()

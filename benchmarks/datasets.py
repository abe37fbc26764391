"""The six tables on which quality is measured, each with the book that a lender would write for it.

Five are public data sets that are not part of this repository; they are looked for in the folder that LOANBOOK_DATA
names, or in `../shared/data`. Where they are not, the bundled sample is measured and the rest is said to be absent.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT

FOLDER = "LOANBOOK_DATA"
_USUAL_FOLDER = ROOT.parent / "shared" / "data"


@dataclass(frozen=True)
class DataSet:
    """A table of loans and what its columns mean.

    Parameters
    ----------
    name, title : in the code and on the page.
    must, ambitious : area under the curve that the stack has to reach, and that it should.
    file : inside the folder of data sets; "" for the bundled sample.
    section : keys of the book's `[risk]` but for `data`.
    note : what one must know of it.
    splits : how often it is split at most.
    """

    name: str
    title: str
    must: float
    ambitious: float
    file: str = ""
    section: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    splits: int = 5

    @property
    def path(self) -> Path | None:
        """Where the table lies; None for the bundled sample."""
        return folder() / self.file if self.file else None

    @property
    def absent(self) -> str:
        """Why it cannot be measured; "" if it can."""
        if self.path is None or self.path.exists():
            return ""
        return f"{self.title}: {self.file} is not there; {FOLDER} names the folder of the data sets"

    def book(self) -> str:
        """The book, as text; every value of it is written in TOML as in JSON.

        >>> print(CREDIT_DATA.book().partition("data =")[0])
        [book]
        name = "credit_data"
        <BLANKLINE>
        [risk]
        <BLANKLINE>
        """
        keys = {"data": str(self.path), **self.section}
        lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
        return "\n".join(["[book]", f'name = "{self.name}"', "", "[risk]", *lines, ""])


def folder() -> Path:
    """Where the data sets are looked for."""
    return Path(os.environ.get(FOLDER) or _USUAL_FOLDER)


GERMAN = DataSet(
    name="german",
    title="German",
    must=0.795,
    ambitious=0.800,
    file="uci_german/german.data",
    section={"target": "column_21", "bad": 2},
    note="The file has no header; 1,000 loans, 30% bad.",
)

CREDIT_DATA = DataSet(
    name="credit_data",
    title="credit_data",
    must=0.853,
    ambitious=0.857,
    file="credit_data/modeldata.credit_data.csv.gz",
    section={"target": "Status", "bad": "bad", "id": "rownames"},
)

HMEQ = DataSet(
    name="hmeq",
    title="HMEQ",
    must=0.937,
    ambitious=0.949,
    file="hmeq/hmeq.csv",
    section={"target": "Default", "bad": 1},
    note="Two thirds of its rows have a near-copy; near-copies are kept on one side of every split.",
)

SBA_CASE = DataSet(
    name="sba_case",
    title="SBA case",
    must=0.863,
    ambitious=0.872,
    file="sba_case/SBAcase.11.13.17.csv",
    section={
        "target": "Default",
        "bad": 1,
        "id": "LoanNr_ChkDgt",
        "ignore": [
            *("Selected", "Name"),  # the paper's own split; no two names are the same
            *("MIS_Status", "ChgOffDate", "ChgOffPrinGr", "BalanceGross"),  # the outcome in other words
            *("DisbursementDate", "DisbursementGross"),  # after the decision
            *("Term", "daysterm", "xx"),  # rewritten when a loan is charged off
            *("RealEstate", "Recession"),  # worked out of the term: 240 months or more, running in the crisis
        ],
    },
    note="RealEstate and Recession are worked out of the leaking term, so they are left out as well.",
)

TAIWAN = DataSet(
    name="taiwan",
    title="Taiwan",
    must=0.777,
    ambitious=0.780,
    file="uci_taiwan/UCI_Credit_Card.csv",
    section={"target": "default.payment.next.month", "bad": 1, "id": "ID"},
    splits=5,
)

SBA = DataSet(
    name="sba",
    title="SBA national",
    must=0.771,
    ambitious=0.778,
    note="The bundled sample, split at random to compare with what is published.",
    splits=5,
)

DATA_SETS = (GERMAN, CREDIT_DATA, HMEQ, SBA_CASE, TAIWAN, SBA)
"""In the order of the page."""

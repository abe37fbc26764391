"""What column names give away, in the words they are made of."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_WORD = re.compile(r"[A-ZÄÖÜ]+(?=[A-ZÄÖÜ][a-zäöüß])|[A-ZÄÖÜ]?[a-zäöüß]+|[A-ZÄÖÜ]+|[0-9]+")

IDS: Final = frozenset(
    {"id", "ids", "no", "nr", "num", "number", "key", "ref", "reference", "index", "uuid", "guid", "rowname"}
    | {"rownames", "rownum", "nummer", "kennung", "loanid", "applicationid", "customerid"},
)
LOANS: Final = frozenset({"loan", "application", "contract", "account", "case", "credit", "policy", "kredit"})
# The best first: the day it was applied for or decided on, then the day it began.
TIMES: Final = (
    frozenset({"approval", "approved", "decision", "decided", "bewilligung"}),
    frozenset({"application", "applied", "app", "request", "requested", "submitted", "antrag"}),
    frozenset({"origination", "originated", "orig", "issue", "issued", "granted", "booked", "booking", "contract"}),
    frozenset({"open", "opened", "start", "started", "begin", "created", "signed", "received", "date", "datum"}),
    frozenset({"disbursement", "disbursed", "funded", "funding", "funds"}),
)
AFTERWARDS: Final = frozenset(
    {"off", "close", "closed", "closing", "last", "default", "maturity", "end", "ended", "expiry", "expiration"}
    | {"birth", "born", "dob", "paid", "payment", "due", "recovery", "settlement", "update", "updated", "next"},
)
AMOUNTS: Final = frozenset({"amount", "amt", "principal", "exposure", "betrag", "kreditbetrag", "summe", "ead"})
NOT_THE_AMOUNT: Final = frozenset(
    {"guaranteed", "disbursed", "disbursement", "paid", "pay", "payment", "bill", "balance", "monthly", "income"}
    | {"installment", "instalment", "fee", "interest", "insurance", "tax", "salary", "debt", "charged", "off"}
    | {"recovered", "previous", "prior", "other", "total", "mortgage", "sba", "annuity", "goods", "past", "due"},
)
PROTECTED: Final = frozenset(
    {"sex", "gender", "race", "ethnicity", "ethnic", "religion", "nationality", "citizenship", "marital", "marriage"}
    | {"maritalstatus", "minority", "disability", "disabled", "pregnant", "orientation", "geschlecht", "religious"}
    | {"familienstand", "civil", "color", "veteran"},
)
AGES: Final = frozenset({"age", "birth", "birthdate", "birthday", "birthyear", "dob", "alter", "geburtsdatum"})
NOT_OF_PERSONS: Final = frozenset({"vehicle", "car", "business", "company", "house", "account", "home", "property"})
CODES: Final = frozenset(
    {"zip", "zipcode", "postcode", "postal", "plz", "naics", "sic", "fips", "phone", "code", "nace", "isic", "branch"}
)


def words_of(name: str) -> frozenset[str]:
    """Split a column name into its words, in small letters.

    >>> sorted(words_of("LoanNr_ChkDgt")), sorted(words_of("approval date.2"))
    (['chk', 'dgt', 'loan', 'nr'], ['2', 'approval', 'date'])
    """
    return frozenset(word.lower() for word in _WORD.findall(name))


def speaks_of(name: str, words: Collection[str]) -> bool:
    """Whether a name has one of the words, or is one of them when its own are run together.

    >>> speaks_of("MARITAL_STATUS", PROTECTED), speaks_of("trace", PROTECTED), speaks_of("loanid", IDS)
    (True, False, True)
    """
    return not words_of(name).isdisjoint(words)

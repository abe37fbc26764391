"""The vocabulary of lending: which columns play a known part, and which of them belong divided by which."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_MANY = 6  # a role such as "bill" stands in at most this many columns (six months of statements)

_ROLES = {
    "amount": r"^(loan_|credit_|requested_|approved_|funded_)?(amount|amt|amnt|principal)$|^loan$|^gr_?appv$",
    "guaranteed": r"guarante|^sba_appv$|insured_amount",
    "employees": r"employees|^no_?emp|headcount|^staff$",
    "income": r"income|salary|revenue|turnover",
    "expenses": r"expens|outgoings",
    "debt": r"^(total_|existing_)?debts?$|liabilit",
    "mortgage": r"^mortgage|^mort_?due",
    "value": r"^(property_|collateral_|home_)?value$|appraisal",
    "price": r"^(purchase_|goods_)?price$",
    "assets": r"^(total_)?assets$",
    "limit": r"^limit(_bal)?$|^credit_?(limit|line)$",
    "bill": r"^bill_?amt_?\d$",
    "payment": r"^pay_?amt_?\d$",
    "months": r"^(term|duration|time|months|term_months)$",
}

# What a whole number is a label of: its leading digits mean something, its size does not.
_LABELS = re.compile(r"(^|_)(zip|zipcode|postal|postcode|plz|naics|sic|nace|industry_code)(_|$)")


@dataclass(frozen=True)
class Ratio:
    """One column divided by another.

    Parameters
    ----------
    name : of the feature, as in amount_per_employee.
    code : stem of its reason codes, as in AMOUNT_TO_EMPLOYEES.
    title : for people.
    numerator, denominator : columns of the contract.
    """

    name: str
    code: str
    title: str
    numerator: str
    denominator: str


# numerator, denominator, name, title; {n} and {d} are the columns' own names where a role has several.
_RATIOS = (
    ("amount", "employees", "amount_per_employee", "Amount per employee"),
    ("amount", "income", "amount_to_income", "Amount against income"),
    ("guaranteed", "amount", "guaranteed_share", "Guaranteed share of the amount"),
    ("expenses", "income", "expenses_to_income", "Expenses against income"),
    ("debt", "income", "debt_to_income", "Debt against income"),
    ("debt", "assets", "debt_to_assets", "Debt against assets"),
    ("amount", "price", "amount_to_price", "Amount against the price"),
    ("amount", "value", "amount_to_value", "Amount against the value of the property"),
    ("mortgage", "value", "mortgage_to_value", "Mortgage against the value of the property"),
    ("amount", "months", "amount_per_month", "Amount per month of the term"),
    ("bill", "limit", "{n}_to_limit", "{n} against the credit limit"),
    ("payment", "bill", "{n}_to_bill", "{n} against the bill"),
)


def words(name: str) -> str:
    """Spell a column name in small words joined by underscores, without accents.

    >>> words("BILL_AMT1"), words("NoEmp"), words("Loan amount (USD)"), words("État civil"), words("📅")
    ('bill_amt1', 'no_emp', 'loan_amount_usd', 'etat_civil', 'column')
    """
    letters = unicodedata.normalize("NFKD", spaced(name).casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "_", plain).strip("_") or "column"


def spaced(name: str) -> str:
    """Part the words of a column name by blanks.

    >>> spaced("NoEmp"), spaced("BILL_AMT1"), spaced("in.come")
    ('No Emp', 'BILL AMT1', 'in come')
    """
    return re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).strip()


def roles(columns: Sequence[str], *, amount: str | None = None) -> dict[str, tuple[str, ...]]:
    """Find the columns that play a known part in lending.

    Parameters
    ----------
    columns : names of numeric columns.
    amount : the column that the book names as the exposure; it needs no guessing.

    >>> roles(["GrAppv", "NoEmp", "colour"])
    {'amount': ('GrAppv',), 'employees': ('NoEmp',)}
    """
    found: dict[str, tuple[str, ...]] = {}
    for role, pattern in _ROLES.items():
        named = tuple(name for name in columns if re.search(pattern, words(name)))
        if role == "amount" and amount in columns:
            named = (str(amount),)
        if named:
            found[role] = named[:_MANY]
    return found


def ratios(columns: Sequence[str], *, amount: str | None = None) -> tuple[Ratio, ...]:
    """List the ratios of the field that these columns allow.

    >>> [ratio.name for ratio in ratios(["amount", "employees", "guaranteed_amount"], amount="amount")]
    ['amount_per_employee', 'guaranteed_share']
    """
    found = roles(columns, amount=amount)
    made: dict[str, Ratio] = {}
    for above, below, name, title in _RATIOS:
        if above not in found or below not in found:
            continue
        for numerator, denominator in _pairs(found[above], found[below]):
            own = name.format(n=words(numerator))
            if numerator != denominator and own not in columns:
                code = f"{above}_TO_{below}" if own == name else own
                made[own] = Ratio(own, code.upper(), title.format(n=numerator), numerator, denominator)
    return tuple(made.values())


def _pairs(above: Sequence[str], below: Sequence[str]) -> list[tuple[str, str]]:
    """Pair months with months where both roles have several columns, else everything with the first."""
    if len(above) > 1 and len(above) == len(below):
        return list(zip(above, below, strict=True))
    return [(numerator, below[0]) for numerator in above]


def is_label(name: str) -> bool:
    """Say whether a whole number is a classification code by its name, such as a postal or an industry code.

    >>> is_label("Zip"), is_label("naics_code"), is_label("zipper_length")
    (True, True, False)
    """
    return bool(_LABELS.search(words(name)))

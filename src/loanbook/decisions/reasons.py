"""Principal reasons: what moved this application's log-odds towards bad the most, in words.

A creditor must name the specific principal reasons of an adverse decision, not a score (Regulation B, 12 CFR
1002.9(b)(2); its commentary finds four enough). Each reason here is a group of the model's own columns with its exact
contribution in log-odds. Groups that spoke for the applicant, or moved the odds by less than a hundredth, are not
named, but for one case: where no other is left, because even the usual applicant is not approved, the one that spoke
for the applicant least is.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from loanbook.data.contract import Contract
from loanbook.data.fields import CategoryField, as_text
from loanbook.features.encodings import Calendar
from loanbook.features.groups import Group
from loanbook.features.plan import Plan
from loanbook.features.ratios import is_label, spaced, words

MOST = 4
LEAST = 0.01
"""Log-odds towards bad from which on a group is a reason: what moves the odds by less than 1% decided nothing."""

_LONGEST = 60  # characters of a value in a sentence

CATALOGUE = {
    "AMOUNT_TO_EMPLOYEES_HIGH": "The amount asked for is high for the size of the business",
    "AMOUNT_TO_EMPLOYEES_LOW": "The amount asked for is low for the size of the business",
    "AMOUNT_TO_INCOME_HIGH": "The amount asked for is high for the income",
    "AMOUNT_TO_PRICE_HIGH": "The amount asked for is high for the price of what it buys",
    "AMOUNT_TO_VALUE_HIGH": "The amount asked for is high for the value of the security",
    "AMOUNT_TO_MONTHS_HIGH": "The amount asked for is high for the length of the loan",
    "MORTGAGE_TO_VALUE_HIGH": "The mortgage is high for the value of the property",
    "DEBT_TO_INCOME_HIGH": "The debts are high for the income",
    "DEBT_TO_ASSETS_HIGH": "The debts are high for the assets",
    "EXPENSES_TO_INCOME_HIGH": "The expenses are high for the income",
    "GUARANTEED_TO_AMOUNT_HIGH": "The guaranteed share of the amount is high",
    "GUARANTEED_TO_AMOUNT_LOW": "The guaranteed share of the amount is low",
    "AMOUNT_HIGH": "The amount asked for is higher than usual",
    "AMOUNT_LOW": "The amount asked for is lower than usual",
    "INCOME_LOW": "The income is lower than usual",
    "EMPLOYEES_LOW": "The business has fewer employees than usual",
}
"""Words for well-known codes; every other code gets a sentence made from its field's title."""

_SENTENCES = {
    "HIGH": "{title} is higher than usual",
    "LOW": "{title} is lower than usual",
    "LATE": "{title} is later than usual",
    "EARLY": "{title} is earlier than usual",
    "MISSING": "{title} was not given",
    "UNKNOWN": "{title} is not known",
    "YES": "{title}: yes",
    "NO": "{title}: no",
    "EQUAL": "{first} and {second} are the same",
    "DIFFER": "{first} and {second} differ",
    "SEASON": "Asked for on {value}: loans of this month and weekday have gone bad more often",
    "RISKY": "{title} {value}: such loans have gone bad more often",
    "RARE": "{title} {value}: seldom seen before, and such loans have gone bad more often",
    "VALUE": "{title} {value}: such loans have gone bad more often",
    "WEAK": "{title} ({value}) does not speak for the loan strongly enough",
}


class Reason(msgspec.Struct, frozen=True):
    """One principal reason.

    Parameters
    ----------
    code : stable, for machines, as AMOUNT_TO_EMPLOYEES_HIGH.
    feature, value : what was looked at and what it was; None when it was missing.
    text : for the applicant.
    contribution : log-odds towards bad that it added, above LEAST but for the code's ending _WEAK.
    """

    code: str
    feature: str
    value: Any
    text: str
    contribution: float

    def to_json(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)


@dataclass(frozen=True)
class Reasoner:
    """Turns contributions into reasons.

    Parameters
    ----------
    contract, plan : of the model whose contributions these are.
    texts : the lender's own words by code.
    """

    contract: Contract
    plan: Plan
    texts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _kinds(self) -> tuple[str, ...]:
        blocks = (block for block in self.plan.blocks if isinstance(block, Calendar))
        seasons = {feature.group for block in blocks for feature in block.features}
        return tuple(_kind(group, seasons) for group in self.plan.groups)

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.contract.names)}

    @cached_property
    def open_fields(self) -> tuple[str, ...]:
        """Fields whose value an application may be the first to bring: their reasons want the application itself."""
        fields = self.contract.fields
        return tuple(field.name for field in fields if isinstance(field, CategoryField) and not field.closed)

    def principal(
        self,
        codes: NDArray[np.float64],
        contributions: NDArray[np.float64],
        given: Mapping[str, object] = MappingProxyType({}),
    ) -> tuple[Reason, ...]:
        """The reasons of one application, largest first; none only where every contribution is zero.

        Parameters
        ----------
        codes : (fields,) as the contract read it.
        contributions : (groups,) log-odds.
        given : the application's own values by field, at least of `open_fields`: a category too rare to have a code of
            its own is called what the applicant called it.
        """
        moved = [int(group) for group in np.argsort(-contributions, kind="stable") if contributions[group] != 0.0]
        against = [group for group in moved if contributions[group] > LEAST][:MOST]
        return tuple(self.reason(group, codes, float(contributions[group]), given) for group in against or moved[:1])

    def reason(
        self, place: int, codes: NDArray[np.float64], contribution: float, given: Mapping[str, object]
    ) -> Reason:
        """What one group says about one application."""
        group = self.plan.groups[place]
        number, value = self.value(group, codes, given)
        ending = "WEAK"
        if contribution > LEAST:
            ending = "RARE" if self._pooled(group, number) else _ending(self._kinds[place], number, group.median)
        code = f"{group.code}_{ending}"
        return Reason(code, group.name, value, self._text(code, ending, group, value), contribution)

    def value(
        self, group: Group, codes: NDArray[np.float64], given: Mapping[str, object] = MappingProxyType({})
    ) -> tuple[float, Any]:
        """A group's value as a number (NaN when missing) and as people write it."""
        numbers = [self._number(name, codes) for name in group.fields]
        if group.kind == "ratio":
            above, below = numbers
            ratio = above / below if below else float("nan")
            return ratio, None if np.isnan(ratio) else ratio
        fields = [self.contract.fields[self._places[name]] for name in group.fields]
        shown = [one.show(number) for one, number in zip(fields, numbers, strict=True)]
        if group.kind == "same":
            if not all(number >= 0 for number in numbers):  # missing, or pooled and not known by name
                return float("nan"), None
            return float(shown[0] == shown[1]), shown[0] == shown[1]
        own = given.get(group.fields[0]) if self._pooled(group, numbers[0]) else None
        return numbers[0], shown[0] if own is None else as_text(own)

    def _pooled(self, group: Group, number: float) -> bool:
        """Whether this is a category that has no code of its own."""
        field = self.contract.fields[self._places[group.fields[0]]]
        return len(group.fields) == 1 and isinstance(field, CategoryField) and number < 0

    def _number(self, name: str, codes: NDArray[np.float64]) -> float:
        place = self._places[name]
        number = float(codes[place])
        return float("nan") if number in self.plan.specials[place] else number

    def _text(self, code: str, ending: str, group: Group, value: Any) -> str:
        own = self.texts.get(code) or CATALOGUE.get(code)
        if own:
            return own
        first, *others = (spaced(name).lower() for name in group.fields)
        parts = {"first": first.capitalize(), "second": " ".join(others)}
        if ending == "MISSING" and len(group.fields) > 1:
            ending = "UNKNOWN"  # one part of a ratio may have been given
        return _SENTENCES[ending].format(title=group.title, value=_written(value), **parts)


def _written(value: Any) -> str:
    """Write a value into a sentence.

    >>> _written(0.123456), _written(125000.0), _written(89101), _written(True), _written(None)
    ('0.123', '125,000', '89101', 'yes', 'not given')
    """
    if value is None:
        return "not given"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _kind(group: Group, seasons: AbstractSet[str]) -> str:
    if group.name in seasons:
        return "season"
    if group.kind == "number" and (is_label(group.name) or words(group.name).endswith("code")):
        return "category"  # the size of a postal code means nothing
    return group.kind


def _ending(kind: str, number: float, median: float | None) -> str:
    """The end of a reason's code: which way the value lies."""
    if np.isnan(number):
        return "MISSING"
    if kind == "boolean":
        return "YES" if number else "NO"
    if kind == "same":
        return "EQUAL" if number else "DIFFER"
    if kind == "season":
        return "SEASON"
    if kind == "category" or median is None:
        return "RISKY"
    if number == median:
        return "VALUE"
    above, below = ("LATE", "EARLY") if kind == "date" else ("HIGH", "LOW")
    return above if number > median else below

"""Principal reasons: what moved this application's log-odds towards bad the most, in words.

A creditor must name the specific principal reasons of an adverse decision, not a score (Regulation B, 12 CFR
1002.9(b)(2); its commentary finds four enough). Each reason here is a group of the model's own columns with its exact
contribution in log-odds. Groups that spoke for the applicant, or moved the odds by less than a hundredth, are not
named, but for one case: where no other is left, because even the usual applicant is not approved, the one that spoke
for the applicant least is.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from loanbook.data.contract import Contract
from loanbook.data.fields import CategoryField, Field, as_text
from loanbook.features.encodings import Calendar
from loanbook.features.groups import Group
from loanbook.features.plan import Plan
from loanbook.features.ratios import is_label, spaced, words

Floats = NDArray[np.float64]
Numbers: TypeAlias = Sequence[float] | Floats

MOST = 4
LEAST = 0.01
"""Log-odds towards bad from which on a group is a reason: what moves the odds by less than 1% decided nothing."""

_LONGEST = 60  # characters of a value in a sentence
_REMEMBERED = 10_000  # sentences of one field

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
    def _voices(self) -> tuple[_Voice, ...]:
        blocks = (block for block in self.plan.blocks if isinstance(block, Calendar))
        seasons = {feature.group for block in blocks for feature in block.features}
        cells = {
            one.name: _Cell(place, one, frozenset(self.plan.specials[place]))
            for place, one in enumerate(self.contract.fields)
        }
        voices = []
        for group in self.plan.groups:
            make = {"ratio": _OfRatio, "same": _OfTwo}.get(group.kind, _OfField)
            voices.append(make(group, _kind(group, seasons), [cells[name] for name in group.fields], self.texts))
        return tuple(voices)

    @cached_property
    def _voice_of(self) -> Mapping[str, _Voice]:
        return {voice.group.name: voice for voice in self._voices}

    @cached_property
    def open_fields(self) -> tuple[str, ...]:
        """Fields whose value an application may be the first to bring: their reasons want the application itself."""
        fields = self.contract.fields
        return tuple(field.name for field in fields if isinstance(field, CategoryField) and not field.closed)

    def principal(
        self, codes: Numbers, contributions: Numbers, given: Mapping[str, object] = MappingProxyType({})
    ) -> tuple[Reason, ...]:
        """The reasons of one application, largest first; none only where every contribution is zero.

        Parameters
        ----------
        codes : (fields,) as the contract read it.
        contributions : (groups,) log-odds.
        given : the application's own values by field, at least of `open_fields`: a category too rare to have a code of
            its own is called what the applicant called it.
        """
        moved = contributions.tolist() if isinstance(contributions, np.ndarray) else contributions
        numbers = codes.tolist() if isinstance(codes, np.ndarray) else codes
        size = moved.__getitem__
        against = sorted([group for group, one in enumerate(moved) if one > LEAST], key=size, reverse=True)[:MOST]
        if not against:
            against = sorted([group for group, one in enumerate(moved) if one != 0.0], key=size, reverse=True)[:1]
        voices = self._voices
        return tuple([voices[group].reason(numbers, moved[group], given) for group in against])

    def sentences(self, codes: Floats, contributions: Floats, given: Sequence[Mapping[str, object]]) -> list[list[str]]:
        """What the reasons of `principal` say, for each of n applications.

        Parameters
        ----------
        codes, contributions, given : (n, fields), (n, groups) and n of what `principal` takes.
        """
        order = np.argsort(-contributions, axis=1, kind="stable")[:, :MOST]
        against = (np.take_along_axis(contributions, order, axis=1) > LEAST).sum(axis=1).tolist()
        voices, said = self._voices, []
        for row, (numbers, groups, count) in enumerate(zip(codes.tolist(), order.tolist(), against, strict=True)):
            if count:
                said.append([voices[group].text(numbers, given[row]) for group in groups[:count]])
            else:
                said.append([reason.text for reason in self.principal(numbers, contributions[row], given[row])])
        return said

    def value(
        self, group: Group, codes: Numbers, given: Mapping[str, object] = MappingProxyType({})
    ) -> tuple[float, Any]:
        """A group's value as a number (NaN when missing) and as people write it."""
        return self._voice_of[group.name].value(codes, given)


@dataclass(frozen=True, slots=True)
class _Cell:
    """One number of an application: where its code stands, the field it is of, and the codes that mean nothing."""

    place: int
    field: Field
    specials: frozenset[float]

    def number(self, codes: Numbers) -> float:
        code = float(codes[self.place])
        return math.nan if code in self.specials else code


class _Voice(ABC):
    """What can be said of one group: its value, and why it is a reason.

    Parameters
    ----------
    group, kind : the group, and what decides how its values are spoken of.
    cells : of its fields.
    texts : the lender's own words by code.
    """

    def __init__(self, group: Group, kind: str, cells: Sequence[_Cell], texts: Mapping[str, str]) -> None:
        self.group = group
        self._kind = kind
        self._cells = cells
        self._texts = texts
        self._said: dict[str, tuple[str, str, str | None]] = {}

    @abstractmethod
    def value(self, codes: Numbers, given: Mapping[str, object]) -> tuple[float, Any]:
        """The group's value as a number (NaN when missing) and as people write it."""

    def number(self, codes: Numbers) -> float:
        """The group's value as a number."""
        return self.value(codes, {})[0]

    def text(self, codes: Numbers, given: Mapping[str, object]) -> str:
        """What `reason` says where the group spoke against the applicant."""
        ending = self._ending(self.number(codes))
        _, before, after = self._said.get(ending) or self._prepared(ending)
        return before if after is None else f"{before}{_written(self.value(codes, given)[1])}{after}"

    def reason(self, codes: Numbers, contribution: float, given: Mapping[str, object]) -> Reason:
        """What the group says about one application."""
        number, value = self.value(codes, given)
        ending = self._ending(number) if contribution > LEAST else "WEAK"
        code, before, after = self._said.get(ending) or self._prepared(ending)
        text = before if after is None else f"{before}{_written(value)}{after}"
        return Reason(code, self.group.name, value, text, contribution)

    def _ending(self, number: float) -> str:
        return _ending(self._kind, number, self.group.median)

    def _prepared(self, ending: str) -> tuple[str, str, str | None]:
        """The code, and what stands before and behind the value; nothing behind where the value is not named."""
        code = f"{self.group.code}_{ending}"
        own = self._texts.get(code) or CATALOGUE.get(code)
        found: tuple[str, str, str | None] = (code, own, None) if own else (code, *self._sentence(ending))
        self._said[ending] = found
        return found

    def _sentence(self, ending: str) -> tuple[str, str | None]:
        if ending == "MISSING" and len(self.group.fields) > 1:
            ending = "UNKNOWN"  # one part of a ratio may have been given
        first, *others = (spaced(name).lower() for name in self.group.fields)
        parts = {"title": self.group.title, "first": first.capitalize(), "second": " ".join(others)}
        before, named, after = _SENTENCES[ending].partition("{value}")
        return before.format(**parts), after.format(**parts) if named else None


class _OfField(_Voice):
    """A group of one field."""

    def __init__(self, group: Group, kind: str, cells: Sequence[_Cell], texts: Mapping[str, str]) -> None:
        super().__init__(group, kind, cells, texts)
        self._place = cells[0].place
        self._told: dict[float, str] = {}

    def number(self, codes: Numbers) -> float:
        return self._cells[0].number(codes)

    def text(self, codes: Numbers, given: Mapping[str, object]) -> str:
        code = codes[self._place]
        told = self._told.get(code)
        if told is not None:
            return told
        text = super().text(codes, given)
        # NaN is no key; and a category without a code of its own is called what each application calls it.
        if code == code and not (code < 0 and self._pools) and len(self._told) < _REMEMBERED:  # noqa: PLR0124
            self._told[code] = text
        return text

    def value(self, codes: Numbers, given: Mapping[str, object]) -> tuple[float, Any]:
        cell = self._cells[0]
        number = cell.number(codes)
        if number < 0 and self._pools:
            own = given.get(cell.field.name)
            if own is not None:
                return number, as_text(own)
        return number, cell.field.show(number)

    @cached_property
    def _pools(self) -> bool:
        """Whether this is a category: a code below zero is none of its own."""
        return isinstance(self._cells[0].field, CategoryField)

    def _ending(self, number: float) -> str:
        return "RARE" if number < 0 and self._pools else super()._ending(number)


class _OfRatio(_Voice):
    """One field over another."""

    def value(self, codes: Numbers, given: Mapping[str, object]) -> tuple[float, Any]:  # noqa: ARG002 (nothing pools)
        above, below = (cell.number(codes) for cell in self._cells)
        ratio = above / below if below else math.nan
        return ratio, None if math.isnan(ratio) else ratio


class _OfTwo(_Voice):
    """Whether two fields hold the same."""

    def value(self, codes: Numbers, given: Mapping[str, object]) -> tuple[float, Any]:  # noqa: ARG002 (nothing pools)
        numbers = [cell.number(codes) for cell in self._cells]
        if not all(number >= 0 for number in numbers):  # missing, or pooled and not known by name
            return math.nan, None
        first, second = (cell.field.show(number) for cell, number in zip(self._cells, numbers, strict=True))
        return float(first == second), first == second


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
    if math.isnan(number):
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

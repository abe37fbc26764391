"""Which rungs are worth a look at all: those that no other rung beats in everything that is compared.

Choosing by one figure hides what it costs in the others. A rung that another one beats throughout (Pareto 1896) can be
forgotten; among the rest it depends on what the lender wants most, and a table shows what each is best in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["CRITERIA", "Criterion", "Front", "Standing", "figures", "pareto"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that rungs are compared in.

    Parameters
    ----------
    name, title : for machines, for people.
    path : where it stands in an element of a report's `ladder`; of an estimate its `value` is taken.
    digits : places behind the point that count; with a minus, significant digits. What differs less is equal.
    more : whether more is better.
    """

    name: str
    title: str
    path: tuple[str, ...]
    digits: int
    more: bool = True

    def merit(self, value: float) -> float:
        """The figure as it counts: rounded, with the sign that makes more better."""
        digits = (
            self.digits if self.digits >= 0 or value == 0 else -self.digits - 1 - math.floor(math.log10(abs(value)))
        )
        return round(value if self.more else -value, digits)


CRITERIA = (
    Criterion("auc", "AUC", ("test", "auc"), 3),
    Criterion("brier", "Brier", ("test", "brier"), 4, more=False),
    Criterion("mae", "MAE", ("test", "mae"), -3, more=False),
    Criterion("profit", "profit", ("profit",), -3),
    Criterion("gap", "gap", ("gap",), 3, more=False),
    Criterion("monotonicity", "monotonicity", ("manners", "monotonicity"), 2),
    Criterion("reason_stability", "stability of the first reason", ("manners", "reason_stability"), 2),
    Criterion("decision_cost", "CPU time of a decision", ("decision_cost",), -1, more=False),
    Criterion("interpretability", "ease of understanding", ("interpretability",), 0, more=False),
)
"""What is compared, in the order of reading; what no rung has is left out."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One rung among the others.

    Parameters
    ----------
    name, title : of the rung.
    figures : by criterion; None where the rung has none.
    best_in : criteria in which no rung is better.
    beaten_by : rungs that are at least as good in everything and better in something.
    """

    name: str
    title: str
    figures: dict[str, float | None]
    best_in: tuple[str, ...]
    beaten_by: tuple[str, ...]

    @property
    def on_front(self) -> bool:
        return not self.beaten_by

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "figures": self.figures,
            "best_in": list(self.best_in),
            "beaten_by": list(self.beaten_by),
            "on_front": self.on_front,
        }


@dataclass(frozen=True, slots=True)
class Front:
    """The standings of all rungs that were measured, in the ladder's order, and the criteria that had figures."""

    criteria: tuple[Criterion, ...]
    standings: tuple[Standing, ...]

    def sentence(self, chosen: str = "") -> str:
        """Who is beaten throughout and by whom, and what the chosen rung is best in."""
        titles = {one.name: one.title for one in self.standings}
        beaten = [f"{one.title} (by {_listed(titles, one.beaten_by)})" for one in self.standings if one.beaten_by]
        compared = ", ".join(one.title for one in self.criteria)
        said = f"Of {len(self.standings)} rungs none is beaten throughout by another."
        if beaten:
            said = f"Beaten throughout are {len(beaten)} of {len(self.standings)} rungs: {'; '.join(beaten)}."
        about = [one for one in self.standings if one.name == chosen]
        return " ".join([said, *(self._about(one, titles) for one in about), f"Compared: {compared}."])

    def _about(self, one: Standing, titles: Mapping[str, str]) -> str:
        if one.beaten_by:
            return f"{one.title}, which was chosen, is beaten throughout by {_listed(titles, one.beaten_by)}."
        leads = [criterion.title for criterion in self.criteria if criterion.name in one.best_in]
        if not leads:
            return f"{one.title}, which was chosen, leads in nothing, and yet none is as good throughout."
        return f"{one.title}, which was chosen, is best in {', '.join(leads)}."

    def to_json(self, chosen: str = "") -> dict[str, Any]:
        return {
            "criteria": [{"name": one.name, "title": one.title, "more": one.more} for one in self.criteria],
            "rungs": [one.to_json() for one in self.standings],
            "sentence": self.sentence(chosen),
        }


def figures(rung: Mapping[str, Any]) -> dict[str, float | None]:
    """What one element of a report's `ladder` says to each criterion.

    A gap below zero counts as zero: the test rows were easier, which is no merit of the model.

    >>> found = figures({"interpretability": 3, "gap": -0.01, "test": {"auc": {"value": 0.75}}})
    >>> {name: value for name, value in found.items() if value is not None}
    {'auc': 0.75, 'gap': 0.0, 'interpretability': 3.0}
    """
    found = {criterion.name: _number(rung, criterion.path) for criterion in CRITERIA}
    if found["gap"] is not None:
        found["gap"] = max(0.0, found["gap"])
    return found


def pareto(ladder: Sequence[Mapping[str, Any]]) -> Front:
    """Compare the rungs of a report in everything they have figures for.

    Two rungs are compared in the criteria to which both have something to say: approving everyone has no reasons that
    could be stable. Figures that look the same in a table count as equal, so that noise beats nobody.

    Parameters
    ----------
    ladder : elements as in `ladder` of a report; those that were skipped are left out.

    >>> def rung(name, interpretability, auc):
    ...     return {"name": name, "title": name.title(), "interpretability": interpretability, "test": {"auc": auc}}
    >>> front = pareto([rung("line", 2, 0.75), rung("forest", 9, 0.78), rung("network", 10, 0.77)])
    >>> [one.name for one in front.standings if one.on_front], front.standings[2].beaten_by
    (['line', 'forest'], ('forest',))
    """
    measured = [rung for rung in ladder if "skipped" not in rung]
    found = [figures(rung) for rung in measured]
    criteria = tuple(one for one in CRITERIA if any(row[one.name] is not None for row in found))
    merits = [_merits(row, criteria) for row in found]
    standings = tuple(
        Standing(
            name=rung["name"],
            title=rung["title"],
            figures={one.name: row[one.name] for one in criteria},
            best_in=tuple(name for name, value in mine.items() if _is_best(value, name, merits)),
            beaten_by=tuple(
                other["name"] for other, theirs in zip(measured, merits, strict=True) if _beats(theirs, mine)
            ),
        )
        for rung, row, mine in zip(measured, found, merits, strict=True)
    )
    return Front(criteria, standings)


def _number(rung: Mapping[str, Any], path: Sequence[str]) -> float | None:
    value: Any = rung
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, Mapping):
        value = value.get("value")
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _merits(row: Mapping[str, float | None], criteria: Sequence[Criterion]) -> dict[str, float]:
    known = ((one, row[one.name]) for one in criteria)
    return {one.name: one.merit(value) for one, value in known if value is not None}


def _is_best(value: float, name: str, merits: Sequence[Mapping[str, float]]) -> bool:
    return all(value >= one[name] for one in merits if name in one)


def _beats(theirs: Mapping[str, float], mine: Mapping[str, float]) -> bool:
    shared = theirs.keys() & mine.keys()
    return all(theirs[name] >= mine[name] for name in shared) and any(theirs[name] > mine[name] for name in shared)


def _listed(titles: Mapping[str, str], names: Sequence[str]) -> str:
    return " and ".join(titles[name] for name in names)

"""Settings of a section that are right one by one and wrong together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from loanbook.book.declaration import SUITABLE, Section, spoken
from loanbook.book.mistakes import Mistake

_WRITTEN: Final = frozenset(
    (
        "probability_of_default",
        "decision",
        "lower",
        "upper",
        "model_version",
        "error",
        *(f"reason_{n}" for n in range(1, 5)),
    )
)
"""What `loanbook predict` writes beside the id."""
_ROLES: Final = ("target", "id", "time", "outcome_time", "amount")


def contradictions(section: Section) -> Iterator[Mistake]:
    """Find columns with two parts, policies with two ways, and types that do not suit their column's part."""
    yield from _double_roles(section)
    yield from _unscored_target(section)
    yield from _two_ways(section)
    yield from _unsuitable_types(section)
    yield from _taken_name(section)


def _double_roles(section: Section) -> Iterator[Mistake]:
    for first, second in combinations(_ROLES, 2):
        column = getattr(section, first)
        if column and column == getattr(section, second):
            what = f"the column {column!r} is already the {first}"
            yield Mistake(what, (section.usecase, second), "a column has one part: name another, or leave it out")


def _unscored_target(section: Section) -> Iterator[Mistake]:
    for key in ("ignore", "protected"):
        names: tuple[str, ...] = getattr(section, key)
        if section.target in names:
            place = names.index(section.target)
            what = f"the target {section.target!r} must not be listed here"
            yield Mistake(what, (section.usecase, key, place), "remove it: the target is never scored")


def _two_ways(section: Section) -> Iterator[Mistake]:
    policy, keys = section.policy, (section.usecase, "policy")
    ways = [key for key in ("approve_below", "approval_rate", "objective") if getattr(policy, key) is not None]
    if len(ways) > 1:
        what = f"{' and '.join(repr(way) for way in ways)} contradict each other"
        yield Mistake(what, (*keys, ways[1]), "keep one of them")
    low, high = policy.approve_below, policy.decline_from
    if low is not None and high is not None and low > high:
        what = f"approve_below ({low:g}) must not lie above decline_from ({high:g})"
        yield Mistake(what, (*keys, "approve_below"), "between the two a person decides")


def _unsuitable_types(section: Section) -> Iterator[Mistake]:
    for role, kinds in SUITABLE.items():
        column = getattr(section, role)
        declared = section.types.get(column, "")
        if declared and declared.split()[0] not in kinds:
            what = f"the {role} must be {spoken(kinds)}, not {declared!r}"
            yield Mistake(what, (section.usecase, "types", column))


def _taken_name(section: Section) -> Iterator[Mistake]:
    if section.id in _WRITTEN:
        what = f"loanbook predict writes a column {section.id!r} of its own"
        yield Mistake(what, (section.usecase, "id"), "rename the id in the data")

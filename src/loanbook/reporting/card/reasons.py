"""The principal reasons that the model gives, how often, and whether they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from loanbook.decisions.reasons import Reason
from loanbook.evaluation.dependence import sample_rows
from loanbook.reporting.card.drivers import CHANGED
from loanbook.reporting.card.subject import Subject
from loanbook.reporting.parts import Block, Chapter, Table, Text
from loanbook.reporting.wording import figure, plural, share

_EXPLAINED = 500  # rows
_SHOWN = 15
_NAME, _TITLE = "reasons", "The reasons it gives"


def reasons(subject: Subject) -> Chapter:
    """Those that were most frequent among the test rows that the policy would not approve."""
    policy = getattr(subject.answerer, "policy", None)
    if policy is None:
        return Chapter.absent(_NAME, _TITLE, "This use case decides nothing, so it owes no reasons.")
    if subject.places is None:
        return Chapter.absent(_NAME, _TITLE, CHANGED)
    codes = subject.loans.codes[subject.places]
    refused = np.flatnonzero(subject.answer(codes) >= policy.approve_below)
    if not len(refused):
        return Chapter.absent(_NAME, _TITLE, "The policy approves every test row, so no reason is owed.")
    given = _given(subject, codes[refused[sample_rows(len(refused), _EXPLAINED)]])
    counts = _counted(given)
    words = (
        f"Of {len(refused):,} test loans that the policy does not approve ({share(len(refused) / len(codes))}, by the "
        f"registered model, which was fitted on these rows too), {len(given):,} were explained. Each names at most "
        f"four reasons, largest first; {plural(len(counts), 'reason')} occur."
    )
    rows = [
        [text, code, share(first / len(given)), share(named / len(given)), figure(total / named, 2)]
        for code, (text, first, named, total) in counts[:_SHOWN]
    ]
    columns = ["~reason (as one applicant reads it)", "code", ">is the first", ">is named", ">mean contribution"]
    blocks: list[Block] = [Text(words), Table("Most frequent principal reasons", columns, rows)]
    manners = next((rung.get("manners") for rung in subject.ladder if rung["name"] == subject.rung), None)
    if manners:
        blocks += _held(manners)
    figures = {
        "explained": len(given),
        "not_approved": len(refused),
        "reasons": [{"code": code, "text": one[0], "first": one[1], "named": one[2]} for code, one in counts],
        "manners": manners,
    }
    return Chapter(_NAME, _TITLE, blocks, figures)


def _given(subject: Subject, codes: np.ndarray) -> list[tuple[Reason, ...]]:
    """The principal reasons of each row."""
    subject.tell("Reasons")
    moved = subject.model.contributions(subject.model.plan.transform(codes))
    reasoner = subject.answerer.reasoner
    return [reasoner.principal(row, contributions) for row, contributions in zip(codes, moved, strict=True)]


def _counted(given: list[tuple[Reason, ...]]) -> list[tuple[str, tuple[str, int, int, float]]]:
    """By code: a text, how often it is the first, how often it is named, the sum of its contributions."""
    counts: dict[str, tuple[str, int, int, float]] = {}
    for one in given:
        for place, reason in enumerate(one):
            text, first, named, total = counts.get(reason.code, (reason.text, 0, 0, 0.0))
            counts[reason.code] = (text, first + (place == 0), named + 1, total + reason.contribution)
    return sorted(counts.items(), key=lambda item: (-item[1][2], item[0]))


_HELD = {
    "flip": "Making the first reason typical lowers the score",
    "flip_other": "Doing so with another group of columns does (the floor)",
    "reason_stability": "The first reason is the same in a model that other loans taught",
    "reason_overlap": "Agreement of the first four reasons of both models",
    "monotonicity": "Steps along a column that keep its direction",
}


def _held(manners: Mapping[str, Any]) -> list[Block]:
    """Whether the reasons hold: the flip test, and a second model."""
    rows = [
        [words, share(found["value"]), f"{share(found['low'])} to {share(found['high'])}"]
        for name, words in _HELD.items()
        if (found := manners.get(name)) and found.get("value") is not None
    ]
    if not rows:
        return []
    caption = f"Whether reasons hold, on {plural(manners['rows'], 'risky loan')}"
    return [Table(caption, ["~test", ">share", ">90% interval"], rows)]

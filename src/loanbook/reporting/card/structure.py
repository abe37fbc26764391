"""What can be read as a whole: rules, the points of a scorecard, the tree drawn and in words, the path of the lasso."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from loanbook.reporting.card.path import path
from loanbook.reporting.card.points import points
from loanbook.reporting.card.subject import Subject
from loanbook.reporting.card.tree import tree
from loanbook.reporting.parts import Block, Chapter, Code, Text

_NAME, _TITLE = "structure", "What can be read as a whole"


def structure(subject: Subject) -> Chapter | None:
    """The rungs of the ladder that a person can read, fitted on every loan as the candidate was."""
    shown = [name for name in READABLE if subject.measured(name)]
    if not shown:
        return None
    if subject.places is None:
        return Chapter.absent(_NAME, _TITLE, "The book's table is not the one of the training any more; train anew.")
    blocks: list[Block] = []
    figures = {}
    for name in shown:
        subject.tell(f"Fitting {name}")
        estimator, names = subject.fitted(name)
        title = next(rung["title"] for rung in subject.ladder if rung["name"] == name)
        text = str(estimator.describe(names))
        decides = " It is the model of this card." if name == subject.rung else ""
        blocks.append(Text(f"{title}, fitted on every labelled loan.{decides}"))
        blocks += READABLE[name](estimator, names)
        blocks.append(Code(f"{title} in words", text))
        figures[name] = text
    return Chapter(_NAME, _TITLE, blocks, figures)


def _nothing_more(estimator: Any, names: Sequence[str]) -> list[Block]:  # noqa: ARG001 (all are called alike)
    return []


READABLE: dict[str, Callable[[Any, Sequence[str]], list[Block]]] = {
    "one_rule": _nothing_more,
    "three_rules": _nothing_more,
    "tree": tree,
    "scorecard": points,
    "logistic_l1": path,
}
"""Rungs that a person can read, and what is shown of each beside its words."""

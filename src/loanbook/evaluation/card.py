"""The model card: what is known of a candidate, as plain JSON that is kept with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from loanbook.data.loans import Loans
from loanbook.data.splits import Split
from loanbook.evaluation.benchmark import TIMES, Result
from loanbook.evaluation.selection import Choice


def make_card(
    about: Mapping[str, Any],
    loans: Loans,
    parts: Split,
    results: Sequence[Result],
    choice: Choice,
    *,
    worth: Mapping[str, Any],
    warnings: Sequence[str],
) -> dict[str, Any]:
    """Write the card of the chosen rung; `about` says of which question, and the facts of its rows.

    Its figures are those of the test rows and stay so when the rung is fitted anew on all rows. What differs from one
    machine to the next (times) is left out, so that equal trainings make equal artefacts.
    """
    chosen = next(result for result in results if result.name == choice.name)
    card = {
        **about,
        "rung": chosen.name,
        "title": chosen.title,
        "why": choice.why,
        "metrics": chosen.to_json()["test"],
        "rows": len(loans),
        "headline": chosen.headline,
        "set_aside": dict(loans.set_aside),
        "split": parts.to_json(),
        "ladder": [_without_time(result) for result in results],
        "worth": dict(worth),
        "warnings": list(warnings),
    }
    clean: dict[str, Any] = _finite(card)
    return clean


def _finite(value: Any) -> Any:
    """Replace what JSON has no number for (a share of nothing) by null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(part) for name, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list | tuple) else value


def _without_time(result: Result) -> dict[str, Any]:
    return {name: value for name, value in result.to_json().items() if name not in TIMES}

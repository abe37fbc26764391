"""What the page shows, worked out of a model's card and the decision log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loanbook.decisions.decider import Decider
from loanbook.decisions.log import Logged

FIGURES = {
    "auc": ("AUC", "how well bad loans are told from good ones; 0.5 is chance, 1 is perfect"),
    "gini": ("Gini", "2 AUC − 1"),
    "ks": ("KS", "largest distance between good and bad loans over all cut-offs"),
    "brier": ("Brier score", "mean squared error of the probability; less is better"),
    "log_loss": ("Log-loss", "cost of confident mistakes; less is better"),
    "calibration_error": ("Calibration error", "how far promised and real bad rates lie apart; less is better"),
    "accuracy": ("Accuracy", "right at a cut-off of one half"),
    "majority_accuracy": ("Majority class", "the accuracy of calling every loan the commoner class"),
}
FLOOR = "approve_all"
_BAR = 100.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure, with its 90% interval and the floor's figure beside it."""

    title: str
    meaning: str
    value: str
    interval: str
    floor: str


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of the leaderboard; `bar` is its width between chance and perfect, in percent."""

    title: str
    auc: str
    interval: str
    gap: str
    bar: float
    chosen: bool
    note: str


@dataclass(frozen=True, slots=True)
class Row:
    """One decision of the log."""

    decision_id: str
    moment: str
    decision: str
    probability: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page; `command` is what to run while no model decides."""

    book: str
    question: str = ""
    command: str = ""
    model: str = ""
    version: int = 0
    since: str = ""
    why: str = ""
    trained_on: str = ""
    policy: str = ""
    worth: str = ""
    figures: tuple[Figure, ...] = ()
    ladder: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()
    recent: tuple[Row, ...] = ()
    example: str = ""
    address: str = ""


def empty(book: str, usecase: str) -> Page:
    """The page before the first training."""
    return Page(book, command=f"loanbook train {usecase}")


def build(
    book: str,
    decider: Decider,
    *,
    address: str,
    since: str,
    recent: Sequence[Logged],
    example: Mapping[str, Any],
) -> Page:
    """The page of a model that decides.

    Parameters
    ----------
    book : its name. decider : what decides. address : of the service. since : the moment it became champion.
    recent : the last decisions, newest first. example : an application to try.
    """
    card = decider.model.card
    ladder = [_mapping(rung) for rung in _list(card.get("ladder"))]
    floor = next((_mapping(rung.get("test")) for rung in ladder if rung.get("name") == FLOOR), {})
    return Page(
        book=book,
        question=str(card.get("question", "")),
        model=str(card.get("title") or card.get("rung") or "A model"),
        version=decider.version,
        since=_moment(since),
        why=str(card.get("why", "")),
        trained_on=_trained_on(card),
        policy=_policy(decider),
        worth=str(_mapping(card.get("worth")).get("sentence", "")),
        figures=tuple(_figures(_mapping(card.get("metrics")), floor)),
        ladder=tuple(_step(rung, chosen=rung.get("name") == card.get("rung")) for rung in ladder),
        warnings=tuple(map(str, _list(card.get("warnings")))),
        recent=tuple(map(_row, recent)),
        example=json.dumps(dict(example), ensure_ascii=False, indent=2),
        address=address,
    )


def _figures(measured: Mapping[str, Any], floor: Mapping[str, Any]) -> list[Figure]:
    found = []
    for name, (title, meaning) in FIGURES.items():
        figure = _mapping(measured.get(name))
        if figure:
            beside = _mapping(floor.get(name)).get("value")
            found.append(Figure(title, meaning, _number(figure.get("value")), _interval(figure), _number(beside)))
    return found


def _step(rung: Mapping[str, Any], *, chosen: bool) -> Step:
    figure = _mapping(_mapping(rung.get("test")).get("auc"))
    value = figure.get("value")
    share = 2.0 * float(value) - 1.0 if isinstance(value, int | float) else 0.0
    return Step(
        title=str(rung.get("title") or rung.get("name")),
        auc=_number(value),
        interval=_interval(figure),
        gap=_number(rung.get("gap")),
        bar=round(_BAR * min(1.0, max(0.0, share)), 1),
        chosen=chosen,
        note=str(rung.get("skipped") or ""),
    )


def _row(one: Logged) -> Row:
    reasons = one.decision.reasons
    return Row(
        one.decision_id,
        _moment(one.decided_at),
        one.decision.decision,
        f"{one.decision.probability:.1%}",
        reasons[0].text if reasons else "",
    )


def _policy(decider: Decider) -> str:
    policy = decider.policy
    approves = f"Approves below {policy.approve_below:.1%}"
    if policy.decline_from > policy.approve_below:
        return f"{approves}, declines from {policy.decline_from:.1%}, refers what lies between ({policy.source})."
    return f"{approves} probability of default and declines the rest ({policy.source})."


def _trained_on(card: Mapping[str, Any]) -> str:
    rows, bad = card.get("rows"), card.get("bad_rate")
    if not isinstance(rows, int) or not isinstance(bad, float):
        return ""
    return f"Fitted on {rows:,} loans, of which {bad:.1%} went bad."


def _interval(figure: Mapping[str, Any]) -> str:
    low, high = figure.get("low"), figure.get("high")
    return f"{_number(low)} to {_number(high)}" if low is not None and high is not None else ""


def _number(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else "–"


def _moment(text: str) -> str:
    return text[:16].replace("T", " ")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()

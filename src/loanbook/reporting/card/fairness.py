"""How groups fare under the policy, by columns that no model has seen."""

from __future__ import annotations

from loanbook.evaluation.fairness import Audit, audit
from loanbook.evaluation.protected import grouping
from loanbook.reporting.card.drivers import CHANGED
from loanbook.reporting.card.subject import Subject
from loanbook.reporting.parts import Block, Chapter, Table, Text
from loanbook.reporting.wording import clipped, figure, share, whole

_NAME, _TITLE = "fairness", "Whether groups fare alike"


def fairness(subject: Subject) -> Chapter:
    """A table for each protected column, with the four-fifths ratio."""
    protected = subject.section.protected
    if not protected:
        why = (
            "The book names no protected column, so nothing can be said here. Name them under “protected” there: they "
            "are compared, and never scored."
        )
        return Chapter.absent(_NAME, _TITLE, why)
    if subject.places is None:
        return Chapter.absent(_NAME, _TITLE, CHANGED)
    table, types = subject.table
    rows, p = subject.test["row"].to_list(), subject.said()
    approve_below = subject.answerer.policy.approve_below
    found = [
        audit(name, grouping(table[name].gather(rows), types[name]), subject.y, p, p < approve_below)
        for name in protected
    ]
    text = (
        f"On the test rows, approving below {share(approve_below)}. The model sees none of these columns; others may "
        "tell of them. A group approved at less than four fifths of the rate of the group with the highest is taken as "
        "evidence of adverse impact (29 CFR 1607.4(D)). Good approved: share of the good loans that is approved."
    )
    limit = (
        "No figure here says why groups differ, and they cannot all be even at once where the groups' bad rates are "
        "not. Applicants who were declined in the past are not among these rows."
    )
    blocks: list[Block] = [Text(text)]
    for one in found:
        blocks += [Text(one.sentence()), _table(one)]
    blocks.append(Text(limit, "quiet"))
    return Chapter(_NAME, _TITLE, blocks, {"columns": [one.to_json() for one in found]})


def _table(one: Audit) -> Table:
    columns = [
        *("group", ">loans", ">approved", ">ratio to highest", ">90% interval", "four-fifths rule"),
        *(">good approved", ">bad approved", ">promised", ">observed", ">AUC"),
    ]
    rows = [
        [
            clipped(group.name),
            whole(group.loans),
            share(group.approval_rate.value),
            figure(group.ratio.value, 2),
            f"{figure(group.ratio.low, 2)} to {figure(group.ratio.high, 2)}",
            group.verdict,
            share(group.good_approved.value),
            share(group.bad_approved.value),
            share(group.promised.value),
            share(group.observed.value),
            figure(group.auc.value),
        ]
        for group in one.groups
    ]
    return Table(f"Approvals and outcomes by {clipped(one.column)}", columns, rows)

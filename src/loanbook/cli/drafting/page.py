"""The text of a drafted book: TOML with its reasons beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loanbook.book import Economics
from loanbook.cli.drafting.plan import Plan
from loanbook.cli.drafting.roles import Guess

_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the roles: the book's name, where the data are, and what is to be said about the table."""

    name: str
    data: str
    usecase: str
    notes: tuple[str, ...]


def write(head: Head, plan: Plan) -> str:
    """Write the book."""
    parts = (
        *(_head(head), _roles(head, plan), _ignored(plan), _protected(plan)),
        *(_types(head.usecase, plan), _settings(head.usecase) if plan.outcome else ()),
    )
    return "\n".join(line.rstrip() for part in parts for line in part) + "\n"


def quoted(text: str) -> str:
    """Write a text as a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def key(name: str) -> str:
    """Write a TOML key, in quotes where it needs them.

    >>> key("loan_amount"), key("loan amount")
    ('loan_amount', '"loan amount"')
    """
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else quoted(name)


def _head(head: Head) -> Iterable[str]:
    yield "# A draft by `loanbook init`. Every guess says why it was made: correct what is wrong, then run"
    yield "# `loanbook check` and `loanbook train`."
    for note in head.notes:
        yield f"# {_comment(note)}"
    yield ""
    yield "[book]"
    yield f"name = {quoted(head.name)}"
    yield 'home = ".loanbook"                       # artefacts, reports and the embedded store live here'
    yield '# store = "postgresql+psycopg://user:${PASSWORD}@host/database"   # default: SQLite inside home'
    yield '# artifacts = "folder"                   # default: inside home'
    yield ""


def _roles(head: Head, plan: Plan) -> Iterable[str]:
    yield f"[{head.usecase}]"
    yield f"data = {quoted(head.data)}"
    yield f"target = {quoted(plan.target)}"
    if plan.outcome:
        bad = plan.outcome.bad
        value = quoted(bad[0]) if len(bad) == 1 else _list(bad)
        share = float(plan.outcome.mask.drop_nulls().mean() or 0)  # type: ignore[arg-type]
        yield _beside(f"bad = {value}", f"{share:.1%} of the loans; {plan.outcome.why}")
    yield _role("id", plan.id, "what tells one loan from the next")
    yield _role("time", plan.time, "the day of the decision")
    yield _role("outcome_time", plan.outcome_time, "when a bad outcome became known")
    yield _role("amount", plan.amount, "the exposure")


def _role(name: str, guess: Guess, meaning: str) -> str:
    if guess.column is None:
        return _beside(f'# {name} = ""', f"{meaning}: {guess.why}")
    return _beside(f"{name} = {quoted(guess.column)}", f"{meaning}: {guess.why}")


def _ignored(plan: Plan) -> Iterable[str]:
    if not plan.suspects:
        yield "ignore = []                              # known only after the decision: nothing looks like it"
        return
    yield "# These look as if they were known only after the decision. Remove what is known before."
    yield "ignore = ["
    for suspect in plan.suspects:
        yield _beside(f"  {quoted(suspect.column)},", suspect.evidence)
    yield "]"


def _protected(plan: Plan) -> Iterable[str]:
    if plan.protected:
        yield "# Audited for fairness, never scored."
    yield _beside(
        f"protected = {_list(plan.protected)}", "" if plan.protected else "audited for fairness, never scored"
    )
    if plan.ages:
        listed = ", ".join(quoted(name) for name in plan.ages)
        yield f"# {_comment(listed)} tells the applicant's age. ECOA lets a sound scoring system use it, but never"
        yield "# against the elderly; where your law says otherwise, add it to protected."
    yield ""


def _types(usecase: str, plan: Plan) -> Iterable[str]:
    yield f"[{usecase}.types]"
    for one in plan.declared:
        yield _beside(f"{key(one.column)} = {quoted(str(one.type))}", one.why)
    if plan.plain:
        yield "# As they are, without being declared; take the # away to fix one:"
    for name, kind in plan.plain.items():
        yield f"# {key(_comment(name))} = {quoted(str(kind))}"
    yield ""


def _settings(usecase: str) -> Iterable[str]:
    terms = Economics()
    yield f"[{usecase}.economics]                         # assumptions: put your own figures here"
    yield _beside(
        f"loss_given_default = {terms.loss_given_default:.2f}", "share of the amount lost when a loan goes bad"
    )
    yield _beside(f"margin = {terms.margin:.2f}", "earned over the life of a good loan, share of the amount")
    yield _beside(f"review_cost = {terms.review_cost:.1f}", "for a person to look at one application")
    yield ""
    yield f"[{usecase}.policy]"
    yield _beside('objective = "profit"', "the cut-off that earns most under the economics above; or one of:")
    yield _beside("# approve_below = 0.10", "approve where the probability of default is lower")
    yield _beside("# approval_rate = 0.70", "approve this share of the applications")
    yield _beside("# decline_from = 0.30", "decline from here on; a person looks at what lies between")
    yield _beside("# refer_when_unsure = 0.90", "a person looks where the model cannot tell good from bad")


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(quoted(value) for value in values)}]"


def _beside(line: str, comment: str) -> str:
    if not comment:
        return line
    comment = _comment(comment)
    if max(len(line), 40) + len(comment) + 3 <= _WIDTH + 30:
        return f"{line:<40} # {comment}"
    indent = line[: len(line) - len(line.lstrip())]
    return f"{indent}# {comment}\n{line}"


def _comment(text: str) -> str:
    """Keep a comment on its line."""
    return "".join(char if char.isprintable() else " " for char in text)

"""What people decided about cases, beside what the system had decided."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, RowMapping, func, select
from sqlalchemy.exc import IntegrityError

from loanbook.decisions.records import Review
from loanbook.errors import Conflict, DataError
from loanbook.registry import chain, clock
from loanbook.registry.store import Store
from loanbook.registry.tables import decisions, reviews

VERDICTS = ("approve", "decline")


class Overrides(msgspec.Struct, frozen=True):
    """Reviews that say otherwise than the system had decided, by direction."""

    approve_to_decline: int
    decline_to_approve: int


class Counts(msgspec.Struct, frozen=True):
    """Decisions and what people made of them.

    Parameters
    ----------
    referred, waiting : cases for a person, and those of them that nobody has looked at.
    reviewed : reviews of any decision. overrides : those against an approval or a decline.
    """

    referred: int
    waiting: int
    reviewed: int
    overrides: Overrides


class ReviewLog:
    """The reviews of one use case's decisions: one a decision.

    Parameters
    ----------
    store, usecase : where, and of what.
    """

    def __init__(self, store: Store, usecase: str) -> None:
        self.store = store
        self.usecase = usecase

    def record(self, decision_id: str, decision: str, reviewer: str, reason: str) -> Review:
        """Store a person's decision; the same again changes nothing.

        Parameters
        ----------
        decision_id, decision : about what; "approve" or "decline".
        reviewer, reason : who and why.

        Raises
        ------
        DataError : there is no such decision, or the verdict is neither.
        Conflict : another review of it is there.
        """
        if decision not in VERDICTS:
            raise DataError(f"a review says approve or decline; it says {decision[:40]!r}")
        try:
            with self.store.writing() as connection:
                return self._record(connection, decision_id, decision, reviewer, reason)
        except IntegrityError:  # on PostgreSQL another process stored one between our look and our insert
            with self.store.writing() as connection:
                return self._record(connection, decision_id, decision, reviewer, reason)

    def _record(self, connection: Connection, decision_id: str, decision: str, reviewer: str, reason: str) -> Review:
        here = (decisions.c.usecase == self.usecase) & (decisions.c.decision_id == decision_id)
        made = connection.execute(select(decisions.c.decision).where(here)).scalar()
        if made is None:
            raise DataError(f"there is no decision {decision_id[:40]}")
        query = select(reviews).where(reviews.c.decision_id == decision_id)
        known = connection.execute(query).mappings().first()
        if known is not None:
            return _same(known, decision, reviewer, reason)
        said = Review(decision_id, decision, reviewer, reason, clock.now(), made in VERDICTS and made != decision)
        chain.append(connection, reviews, [{**msgspec.structs.asdict(said), "override": int(said.override)}])
        return said

    def counts(self, since: str = "") -> Counts:
        """Count the decisions from a moment on (as `clock.stamp` writes it), and their reviews."""
        query = (
            select(decisions.c.decision, reviews.c.decision, func.count())
            .join_from(decisions, reviews, reviews.c.decision_id == decisions.c.decision_id, isouter=True)
            .where(decisions.c.usecase == self.usecase, decisions.c.decided_at >= since)
            .group_by(decisions.c.decision, reviews.c.decision)
        )
        with self.store.reading() as connection:
            found = {(made, said): count for made, said, count in connection.execute(query)}
        return _counts(found)


def _same(known: RowMapping, decision: str, reviewer: str, reason: str) -> Review:
    if (known["decision"], known["reviewer"], known["reason"]) != (decision, reviewer, reason):
        raise Conflict("another review of this decision is stored", todo="read it; a review is not changed")
    return Review(known["decision_id"], decision, reviewer, reason, known["at"], bool(known["override"]))


def _counts(found: Mapping[tuple[str, str | None], int]) -> Counts:
    return Counts(
        referred=sum(count for (made, _), count in found.items() if made == "refer"),
        waiting=found.get(("refer", None), 0),
        reviewed=sum(count for (_, said), count in found.items() if said is not None),
        overrides=Overrides(found.get(("approve", "decline"), 0), found.get(("decline", "approve"), 0)),
    )

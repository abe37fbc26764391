"""The journal: a group of decisions is one transaction, and each is stored before it is answered.

What can be made without the store (texts, digests, names) is made before the lock is taken; under the lock come the
keys, the links and the rows.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import ARRAY, Select, String, any_, bindparam, column, func, select

from loanbook.decisions.identity import new_ids
from loanbook.decisions.records import Draft, Logged, Row, logged, recorded, written
from loanbook.errors import Conflict, StoreError
from loanbook.registry import clock
from loanbook.registry.chain import Head, follow
from loanbook.registry.direct import Direct, DirectPostgres, DirectSqlite
from loanbook.registry.store import Busy, Store, explained
from loanbook.registry.tables import decisions

PATIENCE = 0.005
"""Seconds that SQLite's lock is waited for; the caller tries again, and can do other things meanwhile."""

SALT = 16
"""Random bytes in a decision's content digest."""

_packed = msgspec.msgpack.Encoder().encode


class Journal:
    """Adds decisions of one use case to the log; used by one thread at a time.

    Parameters
    ----------
    store, usecase : where, and of what.
    patience : seconds to wait while another process holds SQLite's lock, before `Busy` is raised.
    """

    def __init__(self, store: Store, usecase: str, *, patience: float = PATIENCE) -> None:
        self.store = store
        self.usecase = usecase
        self._direct = _direct(store, patience)
        store.beside(self)
        weakref.finalize(self, self._direct.close)

    def write(self, drafts: Sequence[Draft], *, whole: bool = False) -> list[Logged | Conflict]:
        """Store decisions in one transaction; when this returns they are stored.

        A draft whose key is there already gives the decision stored then, or a Conflict when another body came with
        it. The others are stored all the same, but for `whole`: then one Conflict keeps all of them out.

        Raises
        ------
        Busy : another process holds the lock; the same again may work.
        StoreError : the store cannot be written, and nothing was stored. (Unless PostgreSQL went away during the
            commit itself: then nobody knows, and the same key again tells.)
        """
        group = _group(drafts)
        wanted = [draft.key for draft in drafts if draft.key is not None]
        direct = self._direct
        try:
            head, found = direct.begin(self.usecase, wanted)
            made, rows, head = _placed(group, head, found)
            if rows and not (whole and any(isinstance(one, Conflict) for one in made)):
                direct.commit(rows, head)
            else:
                direct.abort()
        except direct.errors as error:
            raise self._failed(error) from error
        except BaseException:
            direct.close()
            raise
        return made

    def close(self) -> None:
        """Give the connection back; the next write opens another."""
        self._direct.close()

    def _failed(self, error: Exception) -> StoreError:
        said = explained(error, self.store.where)
        if not isinstance(said, Busy):
            self._direct.close()  # this takes back what was begun; the next write starts afresh
        return said


_Made = tuple[Draft, tuple[Any, ...], tuple[Any, ...]]
"""A decision that wants only its place: its content and what may be personal, both as the chain digests them."""


def _group(drafts: Sequence[Draft]) -> list[_Made]:
    noise = os.urandom((8 + SALT) * len(drafts)).hex()
    ids = new_ids(noise[: 16 * len(drafts)])
    at = clock.now()
    made: list[_Made] = []
    start = 16 * len(drafts)
    for draft, name in zip(drafts, ids, strict=True):
        decision = draft.decision
        salt = noise[start : start + 2 * SALT]
        private = (salt, written(draft.inputs), written(decision.reasons), draft.body_digest)
        content = (
            name,
            decision.usecase,
            at,
            decision.model_version,
            decision.policy_version,
            decision.log_odds + 0.0,  # SQLite does not keep the sign of a zero
            decision.probability + 0.0,
            decision.lower + 0.0,
            decision.upper + 0.0,
            decision.decision,
            draft.key,
            sha256(_packed(private)).hexdigest(),
        )
        made.append((draft, content, private))
        start += 2 * SALT
    return made


def _placed(
    group: Iterable[_Made], head: Head, found: Iterable[Row]
) -> tuple[list[Logged | Conflict], list[tuple[Any, ...]], Head]:
    """What each draft became, the rows of those that are new, and the head behind them."""
    known = {row["idempotency_key"]: (row["body_digest"], logged(row)) for row in found}
    made: list[Logged | Conflict] = []
    rows: list[tuple[Any, ...]] = []
    seq, link = head
    for draft, content, private in group:
        if draft.key in known:
            made.append(_again(draft, *known[draft.key]))
            continue
        seq += 1
        link = follow(link, seq, "decisions", content)
        rows.append((seq, *content, link, *private))
        one = Logged(content[0], content[2], draft.decision, draft.inputs)
        made.append(one)
        if draft.key is not None:
            known[draft.key] = (draft.body_digest, one)
    return made, rows, Head(seq, link)


def _again(draft: Draft, body_digest: str | None, earlier: Logged) -> Logged | Conflict:
    """What a key gives that is there already; of an erased decision nobody can say what body it came with."""
    return earlier if body_digest is not None and body_digest == draft.body_digest else conflict()


def conflict() -> Conflict:
    """A key that came with another body."""
    return Conflict(
        "this Idempotency-Key came with another application before", todo="use a new key for each application"
    )


def _direct(store: Store, patience: float) -> Direct:
    key = decisions.c.idempotency_key
    here = recorded().where(decisions.c.usecase == bindparam("scope"))
    if store.engine.dialect.name == "postgresql":
        wanted = any_(bindparam("wanted", type_=ARRAY(String)))
        return DirectPostgres(store.engine, decisions, here.where(key == wanted, key.is_not(None)))
    listed = func.json_each(bindparam("wanted")).table_valued("value")
    known: Select[Any] = here.where(key.in_(select(column("value")).select_from(listed)))
    return DirectSqlite(store.engine, decisions, known, store.durability, patience)

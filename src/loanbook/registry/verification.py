"""Walk the chain from its first link to its head, and say where it is not what was written.

Found are: a changed cell, a missing row (in the middle or at the end), one that was inserted, moved or doubled, a
changed head. Not to be found without something outside the store: the last rows cut off together with the head set
back, or everything linked anew from some row on. Against these a head that was noted elsewhere must still lie on the
chain.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, select

from loanbook.errors import LoanbookError
from loanbook.registry.chain import CONTENT, START, Head, follow
from loanbook.registry.store import Store
from loanbook.registry.tables import chain_head, metadata

PAGE = 1_000
KEPT = 1_000

_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Break:
    """One place where the chain is not whole.

    Parameters
    ----------
    seq, table, name : which record, and the decision, key or use case it is about; "" for what is not there, and 0 for
        what is beside the chain.
    what : what is wrong with it.
    """

    seq: int
    table: str
    name: str
    what: str

    def __str__(self) -> str:
        about = f"{self.table} {self.name}".strip()
        place = f"record {self.seq} ({about})" if self.table else f"record {self.seq}"
        return f"{place if self.seq else about or 'the chain'}: {self.what}"


@dataclass
class Walk:
    """What a walk along the chain found.

    records : rows met. head : where the chain ends. broken : how many places are wrong; breaks : the first KEPT.
    """

    head: Head
    records: int = 0
    broken: int = 0
    breaks: list[Break] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return self.broken == 0

    def add(self, one: Break) -> None:
        self.broken += 1
        if len(self.breaks) < KEPT:
            self.breaks.append(one)


class _Record(NamedTuple):
    seq: int
    kind: str
    content: tuple[Any, ...]
    link: Any

    @property
    def name(self) -> str:
        return str(self.content[0])[:40]


def noted(text: str) -> Head:
    """A head as it was noted down, `SEQ:LINK`.

    >>> noted("3:" + "ab" * 32).seq
    3
    """
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        raise LoanbookError(
            f"{text[:90]!r} is not a head of the chain",
            where="--head",
            todo="give what `loanbook audit verify` printed, as 4711:9f86…",
        )
    return Head(int(found[1]), found[2])


def walk(store: Store, anchors: Sequence[Head] = (), progress: Callable[[int, int], None] = lambda _, __: None) -> Walk:
    """Follow every link up to the present head; rows that are added meanwhile are left for the next time.

    Parameters
    ----------
    anchors : heads of earlier days; each must still lie on the chain.
    progress : called with the number of records met and the number of all, from time to time.
    """
    head, behind = _present(store)
    found = Walk(head or Head(0, START))
    if head is None:
        found.add(Break(0, chain_head.name, "", "the head of the chain is missing"))
    follower = _Follower(found, anchors)
    for record in _records(store, found.head.seq):
        follower.meet(record)
        if found.records % PAGE == 0:
            progress(found.records, found.head.seq)
    follower.arrive()
    progress(found.records, found.head.seq)
    for record in behind:
        found.add(Break(record.seq, record.kind, record.name, "it stands behind the head: loanbook did not add it"))
    for anchor in anchors:
        if anchor.seq > found.head.seq:
            found.add(Break(anchor.seq, "", "", "the chain ends before the head that was noted"))
    return found


class _Follower:
    """Stands on one record of the chain and steps to the next.

    Parameters
    ----------
    found : where breaks are noted.
    anchors : links that must stand at certain places.
    """

    def __init__(self, found: Walk, anchors: Sequence[Head]) -> None:
        self.found = found
        self.anchors = {anchor.seq: anchor.link for anchor in anchors}
        self.seq = 0
        self.links: list[Any] = [START]
        self._before: list[Any] = []

    def meet(self, record: _Record) -> None:
        """One more record, in the order of places."""
        self.found.records += 1
        if record.seq > self.seq:
            self._step(record)
        elif record.seq < 1 or not _fits(self._before, record):
            self._wrong(record, "there is no such place" if record.seq < 1 else "its place is taken twice")
            return
        else:
            self._wrong(record, "its place is taken twice")
        self.seq = record.seq
        self.links = [record.link]
        if self._before and not _fits(self._before, record):
            # In case it is the link that was changed, the next may follow the true one.
            self.links.append(_link(self._before[-1], record))
        if self.anchors.get(record.seq, record.link) != record.link:
            self._wrong(record, "its link is not the one that was noted")

    def _step(self, record: _Record) -> None:
        if record.seq > self.seq + 1:
            self.found.add(_missing(self.seq + 1, record.seq - 1))
            self._before = []  # what it should follow is not there
            return
        self._before = self.links
        if not _fits(self._before, record):
            self._wrong(record, "it is not what was written")

    def arrive(self) -> None:
        """At the end: is it the head?"""
        head = self.found.head
        if self.seq < head.seq:
            self.found.add(_missing(self.seq + 1, head.seq))
        elif self.links[0] != head.link:
            self.found.add(Break(head.seq, "", "", "the head is not the link of the last record"))

    def _wrong(self, record: _Record, what: str) -> None:
        self.found.add(Break(record.seq, record.kind, record.name, what))


def _fits(before: Sequence[Any], record: _Record) -> bool:
    return any(_link(link, record) == record.link for link in before)


def _link(before: Any, record: _Record) -> str:
    return follow(before, record.seq, record.kind, record.content)


def _missing(first: int, last: int) -> Break:
    what = "it is missing" if first == last else f"it is missing, and so is every other one up to {last}"
    return Break(first, "", "", what)


def _present(store: Store) -> tuple[Head | None, list[_Record]]:
    """The head, and what stands behind it, at one moment."""
    with store.reading() as connection:
        row = connection.execute(select(chain_head.c.seq, chain_head.c.link).where(chain_head.c.number == 1)).first()
        head = None if row is None else Head(row.seq, row.link)
        last = 0 if head is None else head.seq
        behind = [record for kind in CONTENT for record in _page(connection, kind, last, None)]
    return head, sorted(behind, key=lambda record: record.seq)


def _records(store: Store, until: int) -> Iterator[_Record]:
    """Every record up to a place, in their order, a page of each table in memory at a time."""
    return heapq.merge(*(_records_of(store, kind, until) for kind in CONTENT), key=lambda record: record.seq)


def _records_of(store: Store, kind: str, until: int) -> Iterator[_Record]:
    last: int | None = None
    while True:
        with store.reading() as connection:
            page = _page(connection, kind, last, until)
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1].seq


def _page(connection: Connection, kind: str, last: int | None, until: int | None) -> list[_Record]:
    table: Table = metadata.tables[kind]
    query = select(table.c.seq, table.c.link, *(table.c[name] for name in CONTENT[kind]))
    query = query.order_by(table.c.seq).limit(PAGE)
    if last is not None:
        query = query.where(table.c.seq > last)
    if until is not None:
        query = query.where(table.c.seq <= until)
    with forgiving(connection):
        return [_Record(row[0], kind, tuple(row[2:]), row[1]) for row in connection.execute(query)]


@contextmanager
def forgiving(connection: Connection) -> Iterator[None]:
    """Read text that is not UTF-8, which nobody but a tamperer writes, as text with a mark instead of failing."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    usual = driver.text_factory
    driver.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        yield
    finally:
        driver.text_factory = usual


__all__ = ["Break", "Walk", "forgiving", "noted", "walk"]

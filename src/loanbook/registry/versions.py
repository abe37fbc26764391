"""Versions of a use case's model, and which of them decides.

The first version registered becomes champion: it decides. Each later one becomes challenger. Every change of role is
one transaction, with a row that says who, when, from, to and why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, Select, insert, select, update

from loanbook.book import Book
from loanbook.errors import BookError, RegistryError
from loanbook.models.trained import TrainedModel
from loanbook.registry import artefacts, chain, clock
from loanbook.registry.store import Store, open_store
from loanbook.registry.tables import models, promotions
from loanbook.registry.who import who_is

Role = Literal["champion", "challenger", ""]


@dataclass(frozen=True, slots=True)
class Version:
    """One registered model.

    Parameters
    ----------
    usecase, version : its name; versions count from 1.
    created_at : when it was registered (UTC, ISO 8601).
    digest : SHA-256 of its artefact's manifest.
    role : "champion", "challenger" or "".
    rung : name of the ladder's rung that won.
    metrics : the measured figures of its card.
    folder : the artefact's folder, inside the registry's.
    """

    usecase: str
    version: int
    created_at: str
    digest: str
    role: Role
    rung: str
    metrics: Mapping[str, Any]
    folder: str

    def __str__(self) -> str:
        return f"{self.usecase} version {self.version}"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of role, as the store keeps it."""

    usecase: str
    action: str
    role: Role
    from_version: int | None
    to_version: int | None
    at: str
    who: str
    why: str


class Registry:
    """The versions of every use case of a book.

    Parameters
    ----------
    book : says where store and artefacts are.
    store : an open store of that book, to share it; opened when not given.
    """

    def __init__(self, book: Book, store: Store | None = None) -> None:
        self.folder = _local(book.artifacts)
        self.store = store or open_store(book.store)

    def versions(self, usecase: str) -> list[Version]:
        """Every version of a use case, oldest first."""
        query = select(models).where(models.c.usecase == usecase).order_by(models.c.version)
        return self._read(query)

    def version(self, usecase: str, version: int) -> Version:
        """One version; RegistryError, naming those there are, when it is not one of them."""
        found = self._read(select(models).where(models.c.usecase == usecase, models.c.version == version))
        return found[0] if found else self._unknown(usecase, version)

    def champion(self, usecase: str) -> Version | None:
        """The version that decides; None before the first training."""
        return self._in_role(usecase, "champion")

    def challenger(self, usecase: str) -> Version | None:
        """The version that waits to be promoted, if any."""
        return self._in_role(usecase, "challenger")

    def earlier_champions(self, usecase: str) -> list[Version]:
        """Those before the present one, the last one first: what a rollback would go back to."""
        with self.store.reading() as connection:
            rows = _rows(connection, usecase)
            return [_version(rows[number]) for number in reversed(_champions(connection, usecase)[:-1])]

    def load(self, usecase: str, version: int) -> TrainedModel:
        """Read a version's model, every byte checked against the digest in the store."""
        found = self.version(usecase, version)
        return artefacts.load(self.folder / found.folder, found.digest)

    def register(self, usecase: str, model: TrainedModel) -> Version:
        """Keep a trained model: as champion when it is the first, else as challenger.

        A model that is byte for byte there already is not stored twice: its version is returned as it is.
        """
        digest = artefacts.manifest_of(model).digest
        with self.store.writing_alone(usecase) as connection:
            rows = _rows(connection, usecase)
            known = next((row for row in rows.values() if row["digest"] == digest), None)
            if known is None:
                number = self._insert(connection, usecase, model, digest, max(rows, default=0) + 1)
            else:
                number = known["version"]
        return self.version(usecase, number)

    def promote(self, usecase: str, version: int, *, why: str = "", who: str = "") -> Version:
        """Let a version decide from now on; the champion before it keeps no role."""
        with self.store.writing_alone(usecase) as connection:
            rows = _rows(connection, usecase)
            if version not in rows:
                self._unknown(usecase, version)
            if rows[version]["role"] != "champion":
                _make_champion(connection, usecase, rows, version, action="promote", who=who_is(who), why=why)
        return self.version(usecase, version)

    def rollback(self, usecase: str, *, why: str = "", who: str = "") -> Version:
        """Let the champion before this one decide again; once more goes one further back."""
        with self.store.writing_alone(usecase) as connection:
            rows = _rows(connection, usecase)
            earlier = _champions(connection, usecase)[:-1]
            if not earlier:
                raise RegistryError(
                    f"no version of {usecase} was champion before",
                    todo=f"`loanbook models {usecase}` lists the versions; promote one of them",
                )
            _make_champion(connection, usecase, rows, earlier[-1], action="rollback", who=who_is(who), why=why)
        return self.version(usecase, earlier[-1])

    def history(self, usecase: str) -> list[Change]:
        """Every change of role, oldest first."""
        query = select(promotions).where(promotions.c.usecase == usecase).order_by(promotions.c.seq)
        with self.store.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [Change(**{name: row[name] for name in Change.__dataclass_fields__}) for row in rows]

    def close(self) -> None:
        """Give the store's connections back."""
        self.store.close()

    def _read(self, query: Select[Any]) -> list[Version]:
        with self.store.reading() as connection:
            return [_version(row) for row in connection.execute(query).mappings()]

    def _in_role(self, usecase: str, role: Role) -> Version | None:
        found = self._read(select(models).where(models.c.usecase == usecase, models.c.role == role))
        return found[0] if found else None

    def _unknown(self, usecase: str, version: int) -> Version:
        numbers = [str(one.version) for one in self.versions(usecase)]
        if not numbers:
            raise RegistryError(f"{usecase} has no version yet", todo=f"run `loanbook train {usecase}` first")
        raise RegistryError(f"{usecase} has no version {version}", todo=f"choose one of {', '.join(numbers)}")

    def _insert(self, connection: Connection, usecase: str, model: TrainedModel, digest: str, number: int) -> int:
        folder = f"{usecase}/{number}-{digest[:12]}"
        row = {
            "usecase": usecase,
            "version": number,
            "created_at": clock.now(),
            "digest": digest,
            "folder": folder,
            "role": "",
            "rung": str(model.card.get("rung", "")),
            "metrics": json.dumps(model.card.get("metrics", {})),
        }
        connection.execute(insert(models).values(row))
        _take_role(connection, usecase, number)
        # Last, so that a folder without a row is all a crash can leave; the next registration takes it over.
        artefacts.save(model, self.folder / folder)
        return number


def _take_role(connection: Connection, usecase: str, number: int) -> None:
    rows = _rows(connection, usecase)
    role: Role = "challenger" if any(row["role"] == "champion" for row in rows.values()) else "champion"
    before = next((one for one, row in rows.items() if row["role"] == role), None)
    _set_role(connection, usecase, before, "")
    _set_role(connection, usecase, number, role)
    _note(connection, Change(usecase, "register", role, before, number, clock.now(), who_is(), "trained"))


def _make_champion(
    connection: Connection,
    usecase: str,
    rows: Mapping[int, RowMapping],
    version: int,
    *,
    action: str,
    who: str,
    why: str,
) -> None:
    before = next((one for one, row in rows.items() if row["role"] == "champion"), None)
    at = clock.now()
    if rows[version]["role"] == "challenger":
        _note(connection, Change(usecase, action, "challenger", version, None, at, who, why))
    _set_role(connection, usecase, before, "")
    _set_role(connection, usecase, version, "champion")
    _note(connection, Change(usecase, action, "champion", before, version, at, who, why))


def _set_role(connection: Connection, usecase: str, version: int | None, role: Role) -> None:
    if version is not None:
        here = (models.c.usecase == usecase) & (models.c.version == version)
        connection.execute(update(models).where(here).values(role=role))


def _note(connection: Connection, change: Change) -> None:
    chain.append(connection, promotions, [asdict(change)])


def _champions(connection: Connection, usecase: str) -> list[int]:
    """The champions a rollback can walk back through, the present one last."""
    here = (promotions.c.usecase == usecase) & (promotions.c.role == "champion")
    query = select(promotions.c.action, promotions.c.to_version).where(here).order_by(promotions.c.seq)
    line: list[int] = []
    for action, version in connection.execute(query):
        if action == "rollback":
            line.pop()
        else:
            line.append(version)
    return line


def _rows(connection: Connection, usecase: str) -> dict[int, RowMapping]:
    """The use case's versions by number."""
    query = select(models).where(models.c.usecase == usecase).order_by(models.c.version)
    return {row["version"]: row for row in connection.execute(query).mappings()}


def _version(row: RowMapping) -> Version:
    names = ("usecase", "version", "created_at", "digest", "role", "rung", "folder")
    return Version(metrics=json.loads(row["metrics"]), **{name: row[name] for name in names})


def _local(artifacts: str | Path) -> Path:
    place = str(artifacts)
    scheme, apart, rest = place.partition("://")
    if not apart:
        return Path(place)
    if scheme == "file":
        return Path(rest)
    raise BookError(
        f"artefacts in {scheme}:// are not supported by this release",
        where="[book] artifacts",
        todo="name a folder, or leave it out",
    )

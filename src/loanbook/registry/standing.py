"""What stands now must follow from what is on the chain: the roles of models, and who has a key.

These two tables are not part of the chain, because their rows change; every change of them is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Table, select

from loanbook.registry.store import Store
from loanbook.registry.tables import api_keys, key_changes, models, promotions
from loanbook.registry.verification import Break, forgiving

Row = dict[str, Any]


def departures(store: Store) -> Iterator[Break]:
    """Every role and key that no record of the chain accounts for."""
    with store.reading() as connection, forgiving(connection):
        found = {table.name: _rows(connection, table) for table in (models, promotions, api_keys, key_changes)}
    yield from _roles(found["models"], found["promotions"])
    yield from _keys(found["api_keys"], found["key_changes"])


def _roles(versions: list[Row], changes: list[Row]) -> Iterator[Break]:
    roles: dict[tuple[Any, Any], Any] = {}
    for change in changes:
        before = (change["usecase"], change["from_version"])
        if roles.get(before) == change["role"]:
            roles[before] = ""
        if change["to_version"] is not None:
            roles[change["usecase"], change["to_version"]] = change["role"]
    for version in versions:
        due = roles.pop((version["usecase"], version["version"]), None)
        if version["role"] != due:
            name = f"{version['usecase']} version {version['version']}"
            yield Break(0, "models", name, f"its role is {version['role']!r}, the changes of role say {due!r}")
    for usecase, number in roles:
        yield Break(0, "models", f"{usecase} version {number}", "it is missing, the changes of role know it")


def _keys(keys: list[Row], changes: list[Row]) -> Iterator[Break]:
    due: dict[Any, Row] = {}
    for change in changes:
        if change["action"] == "create":
            same = {name: change[name] for name in ("key_id", "name", "digest", "role", "rate")}
            due[change["key_id"]] = {**same, "created_at": change["at"], "revoked_at": None}
        elif change["key_id"] in due:
            due[change["key_id"]]["revoked_at"] = change["at"]
    for key in keys:
        if key != due.pop(key["key_id"], None):
            yield Break(0, "api_keys", str(key["key_id"]), "it is not what the changes of keys say")
    for key_id in due:
        yield Break(0, "api_keys", str(key_id), "it is missing, the changes of keys know it")


def _rows(connection: Connection, table: Table) -> list[Row]:
    return [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]

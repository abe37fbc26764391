"""API keys: made once, shown once, kept as a digest, revoked for good.

A key is `lb_<8 characters>_<43 characters>`: its id, which may be shown and logged, and a secret of 256 random bits, of
which the store has the SHA-256 digest only. A secret that nobody chose cannot be guessed from its digest, so no slow
password hash is needed, and a request costs none. Making and revoking a key are records of the audit chain.
"""

from __future__ import annotations

import hashlib
import math
import secrets
import string
from dataclasses import asdict, dataclass, replace
from typing import Final

from sqlalchemy import Connection, RowMapping, insert, select, update

from loanbook.errors import LoanbookError
from loanbook.registry import chain, clock
from loanbook.registry.store import Store
from loanbook.registry.tables import api_keys, key_changes
from loanbook.registry.who import who_is

ROLES: Final = ("decide", "read", "review", "admin")
NAME: Final = 80
"""Characters a key's name may have."""

_ID: Final = 8
_LETTERS: Final = string.ascii_lowercase + string.digits
_SECRET: Final = 43


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret.

    Parameters
    ----------
    key_id, name : its id, and what the lender calls it.
    digest : SHA-256 of the secret, in hex.
    role : what it may: "decide", "read", "review" or "admin".
    rate : requests a second over all workers of a service; None for no limit.
    created_at, revoked_at : UTC, ISO 8601; None while it is valid.
    """

    key_id: str
    name: str
    digest: str
    role: str
    rate: float | None
    created_at: str
    revoked_at: str | None = None


class Keys:
    """The keys of a store.

    Parameters
    ----------
    store : where they are.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def create(self, name: str, role: str, rate: float | None = None, *, who: str = "") -> tuple[ApiKey, str]:
        """A new key, and the text of it that the caller sends: this is the only time it is known.

        Raises LoanbookError for a role that is not there, a name nobody can read, or a rate that lets nothing through.
        """
        _check(name, role, rate)
        rate = None if rate is None else float(rate)
        key_id = "".join(secrets.choice(_LETTERS) for _ in range(_ID))
        secret = secrets.token_urlsafe(32)
        key = ApiKey(key_id, name, digest_of(secret.encode()), role, rate, clock.now())
        with self.store.writing() as connection:
            connection.execute(insert(api_keys).values(asdict(key)))
            _note(connection, key, "create", key.created_at, who)
        return key, f"lb_{key_id}_{secret}"

    def revoke(self, key_id: str, *, who: str = "") -> ApiKey:
        """Make a key worthless; again changes nothing. LoanbookError when there is no such key."""
        with self.store.writing() as connection:
            here = api_keys.c.key_id == key_id
            row = connection.execute(select(api_keys).where(here).with_for_update()).mappings().first()
            if row is None:
                raise LoanbookError(f"there is no key {key_id!r}", todo="`loanbook keys list` shows their ids")
            key = _key(row)
            if key.revoked_at is None:
                key = replace(key, revoked_at=clock.now())
                connection.execute(update(api_keys).where(here).values(revoked_at=key.revoked_at))
                _note(connection, key, "revoke", str(key.revoked_at), who)
        return key

    def all(self) -> list[ApiKey]:
        """Every key that was ever made, oldest first."""
        query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.key_id)
        with self.store.reading() as connection:
            return [_key(row) for row in connection.execute(query).mappings()]


def digest_of(secret: bytes) -> str:
    """What the store keeps of a secret.

    >>> digest_of(b"x" * 43)[:12]
    'cc0b1c2c66f3'
    """
    return hashlib.sha256(secret).hexdigest()


def taken_apart(token: bytes) -> tuple[bytes, bytes]:
    """Id and secret of what a caller sent; two empty texts when it does not look like a key.

    >>> taken_apart(b"lb_abcdefgh_" + b"x" * 43)[0], taken_apart(b"Password1")
    (b'abcdefgh', (b'', b''))
    """
    if len(token) != 12 + _SECRET or token[:3] != b"lb_" or token[11:12] != b"_":
        return b"", b""
    return token[3:11], token[12:]


def _check(name: str, role: str, rate: float | None) -> None:
    if not (1 <= len(name) <= NAME and name.isprintable() and name.strip() == name):
        raise LoanbookError(
            f"the name must be 1 to {NAME} printable characters", where="keys create", todo="name who will use the key"
        )
    if role not in ROLES:
        raise LoanbookError(
            f"there is no role {role!r}", where="keys create --role", todo=f"choose among {', '.join(ROLES)}"
        )
    if rate is not None and not (math.isfinite(rate) and rate > 0):
        raise LoanbookError(
            "the rate must be above 0 requests a second", where="keys create --rate", todo="leave it out for no limit"
        )


def _key(row: RowMapping) -> ApiKey:
    return ApiKey(**{name: row[name] for name in ApiKey.__dataclass_fields__})


def _note(connection: Connection, key: ApiKey, action: str, at: str, who: str) -> None:
    kept = {"key_id": key.key_id, "name": key.name, "digest": key.digest, "role": key.role, "rate": key.rate}
    chain.append(connection, key_changes, [{**kept, "action": action, "at": at, "who": who_is(who)}])

"""Is it this machine that asks? What holds while the store has no API key."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache

SAFE = frozenset({"GET", "HEAD"})
"""Methods that change nothing."""

FORWARDED = (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via")
"""Headers that a proxy puts in: the client is then somebody else than the address that is connected."""


def from_here(headers: Mapping[bytes, bytes], client: str | None) -> bool:
    """Whether a request comes from this machine, from no proxy, and was sent to one of this machine's own names.

    The last is against DNS rebinding: a page of a stranger's site whose name was made to mean 127.0.0.1.

    >>> from_here({b"host": b"127.0.0.1:8000"}, "127.0.0.1"), from_here({b"host": b"bad.example"}, "127.0.0.1")
    (True, False)
    >>> from_here({b"x-forwarded-for": b"127.0.0.1"}, "127.0.0.1"), from_here({}, "192.0.2.7")
    (False, False)
    """
    if client is None or not is_loopback(client) or not _own_name(headers.get(b"host", b"")):
        return False
    return all(name not in headers for name in FORWARDED)


def same_site(method: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether no other site's page sent this: what a browser adds by itself must not act for a stranger.

    A browser names the page's site in `Origin` with whatever changes something; other clients send none.

    >>> same_site("POST", {b"host": b"loans.example", b"origin": b"https://bad.example"})
    False
    >>> same_site("POST", {b"host": b"loans.example", b"origin": b"https://loans.example"})
    True
    """
    origin = headers.get(b"origin")
    return origin is None or method in SAFE or origin.partition(b"://")[2] == headers.get(b"host", b"")


@lru_cache(maxsize=1024)
def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own, seen from itself; a name is none.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("::ffff:127.0.0.1"), is_loopback("10.0.0.1")
    (True, True, True, False)
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped.is_loopback
    return found.is_loopback


@lru_cache(maxsize=1024)
def _own_name(host: bytes) -> bool:
    """Whether a Host header means this machine whoever resolves it; HTTP/1.0 sends none, and browsers always do."""
    text = host.decode("latin-1").lower()
    name = text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0]
    return name in ("", "localhost") or name.endswith(".localhost") or is_loopback(name)

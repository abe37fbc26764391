"""How often somebody may ask: token buckets, one a key, and one a client address for failed attempts."""

from __future__ import annotations

from collections import OrderedDict

from loanbook.service.problems import ProblemError

FAILURES = 20.0
"""Wrong keys in a row that an address may send; one more a second after that."""

ADDRESSES = 4_096
"""So many addresses are remembered, the latest ones."""


class Bucket:
    """A token bucket (Turner, 1986): `rate` requests a second in the long run, a second's worth at once.

    Parameters
    ----------
    rate : requests a second, above 0.
    full : requests that may come at once; a second's worth, and one at least, when left out.

    >>> bucket = Bucket(2.0)
    >>> [bucket.take(now=0.0) for _ in range(3)]
    [0.0, 0.0, 0.5]
    >>> bucket.take(now=0.5)
    0.0
    """

    __slots__ = ("at", "full", "level", "rate")

    def __init__(self, rate: float, full: float | None = None) -> None:
        self.rate = rate
        self.full = max(1.0, rate) if full is None else full
        self.level = self.full
        self.at = 0.0

    def take(self, now: float) -> float:
        """Take one: 0.0 when there was one, else the seconds until there is."""
        level = self.level + (now - self.at) * self.rate
        level = min(level, self.full)
        self.at = now
        if level >= 1.0:
            self.level = level - 1.0
            return 0.0
        self.level = level
        return (1.0 - level) / self.rate


class Failures:
    """Wrong keys by client address. Memory is bounded: the address unheard of for longest is forgotten first.

    Whoever sends a right key is never kept waiting by the wrong ones that came from his address, for behind a proxy
    all callers share one.
    """

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def note(self, client: str | None, now: float) -> float:
        """Note one: 0.0, or the seconds until the next one is looked at."""
        name = client or ""
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = Bucket(1.0, FAILURES)
            if len(self._buckets) > ADDRESSES:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(name)
        return bucket.take(now)


def too_many(wait: float, detail: str, *, rate: float, full: float) -> ProblemError:
    """429 with the seconds to wait, and the limit as draft-ietf-httpapi-ratelimit-headers writes it."""
    seconds = max(1, int(-(-wait // 1)))
    quota, window = max(1, int(full)), max(1, int(-(-full // rate)))
    headers = {
        "retry-after": str(seconds),
        "ratelimit-policy": f'"default";q={quota};w={window}',
        "ratelimit": f'"default";r=0;t={seconds}',
    }
    return ProblemError(429, "Too Many Requests", detail, headers=headers)

"""Moments as the store writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime


def now() -> str:
    """The present moment: UTC, ISO 8601, always with microseconds so that text order is time order.

    >>> len(now()), now()[-1]
    (27, 'Z')
    """
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """A moment as the store writes it; one without a zone is taken as UTC.

    >>> stamp(datetime(2026, 11, 22, 10, 0))
    '2026-11-22T10:00:00.000000Z'
    """
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def moment(text: str) -> datetime:
    """An ISO 8601 date or date and time, as an aware moment in UTC.

    Raises ValueError for anything else.

    >>> moment("2026-11-22").isoformat()
    '2026-11-22T00:00:00+00:00'
    >>> moment("2026-11-22T10:00:00+02:00").isoformat()
    '2026-11-22T08:00:00+00:00'
    """
    text = text.strip()
    if len(text) <= 10:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    read = datetime.fromisoformat(text)
    try:
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is outside the calendar") from error

"""The sandbox's clock: UTC plus ``CLOCK_OFFSET_SECONDS``, counted in whole microseconds since 1970."""

import os
import time
from datetime import UTC, datetime, timedelta

MICROSECONDS = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> int:
    """Microseconds since 1970 in UTC, moved by the offset that the environment gives."""
    offset = float(os.environ.get("CLOCK_OFFSET_SECONDS") or 0)
    return time.time_ns() // 1000 + int(offset * MICROSECONDS)


def text(at: int | None) -> str | None:
    """The moment as ISO 8601 with microseconds, or None."""
    if at is None:
        return None
    return (_EPOCH + timedelta(microseconds=at)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse(value: str) -> int:
    """Microseconds since 1970 of an ISO 8601 moment; without a zone it is taken as UTC.

    Raises: ValueError when the text is no moment.
    """
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)

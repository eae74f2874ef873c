"""Walmart's moments: epoch milliseconds in orders and feeds, ISO 8601 elsewhere, and its own clock."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from channels_app.adapters.http import Answer
from marketplace_integration import clock

#: From here on a number counts milliseconds, below it seconds.
_MILLISECONDS_FROM = 100_000_000_000


def read_moment(value: Any) -> datetime:
    """Return the moment, aware, in UTC. Raises ValueError or TypeError for what is none."""
    if isinstance(value, str) and not value.strip().isdigit():
        read = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    number = int(value)
    return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC)


def in_query(moment: datetime) -> str:
    """Return the moment as queries take it: ISO 8601 in UTC, with Z instead of a + that would need encoding."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def said_at(answer: Answer) -> datetime:
    """Return Walmart's time of this answer; ours, if it did not say."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return clock.now()


def pause_after(answer: Answer) -> float | None:
    """Return the seconds to wait that a refusal for haste asks for, or None if it does not say.

    UNVERIFIED: X-Next-Replenishment-Time is documented as epoch milliseconds; seconds and ISO text are reported too.
    """
    text = answer.headers.get("x-next-replenishment-time", "").strip()
    if not text:
        return answer.retry_after
    try:
        return max((read_moment(text) - said_at(answer)).total_seconds(), 0.0)
    except (ValueError, OverflowError, OSError):
        return answer.retry_after

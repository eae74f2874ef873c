"""What an adapter declares, as the tables of its document for sellers."""

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.types import Limit
from channels_app.models import ChannelJob
from channels_app.views.words import CAPABILITIES, JOBS

_UNITS = (("second", 1), ("minute", 60), ("hour", 3600), ("day", 86_400))


def markdown(adapter: type[ChannelAdapter]) -> str:
    """Return what works, how often each job runs and how often each operation may be called, as Markdown."""
    return "\n".join([*_capabilities(adapter), "", *_jobs(adapter), "", *_limits(adapter)])


def _capabilities(adapter: type[ChannelAdapter]) -> list[str]:
    rows = [f"| {words} | {'yes' if can in adapter.capabilities else 'no'} |" for can, words in CAPABILITIES.items()]
    return ["| what | here |", "| --- | --- |", *rows]


def _jobs(adapter: type[ChannelAdapter]) -> list[str]:
    rows = [
        f"| {ChannelJob.Kind(kind).label} | {JOBS[ChannelJob.Kind(kind)]} | every {describe_seconds(seconds)} |"
        for kind, seconds in adapter.intervals.items()
    ]
    return ["| job | what it does | how often |", "| --- | --- | --- |", *rows]


def _limits(adapter: type[ChannelAdapter]) -> list[str]:
    rows = [f"| `{operation}` | {describe_limit(limit)} |" for operation, limit in adapter.limits.items()]
    return ["| operation | at most |", "| --- | --- |", *rows]


def describe_seconds(seconds: int) -> str:
    """Return the time in the largest unit that it is a whole number of: "5 minutes", "day"."""
    unit, size = next((unit, size) for unit, size in reversed(_UNITS) if seconds % size == 0)
    count = seconds // size
    return unit if count == 1 else f"{count} {unit}s"


def describe_limit(limit: Limit) -> str:
    """Return the rate in the smallest unit in which it is at least 1: "4 a minute, 20 at once"."""
    unit, size = next(((u, s) for u, s in _UNITS if round(limit.per_second * s, 3) >= 1), _UNITS[-1])
    rate = f"{round(limit.per_second * size, 1):g} {'an' if unit == 'hour' else 'a'} {unit}"
    return f"{rate}, {limit.burst} at once" if limit.burst > 1 else rate

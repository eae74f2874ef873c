"""How often jobs run and calls go out: as the adapter declares, or so many times faster where nobody real is called."""

from collections.abc import Mapping

from django.conf import settings

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.types import Limit


def intervals_of(adapter: ChannelAdapter | type[ChannelAdapter]) -> dict[str, int]:
    """Return the seconds between two runs of each job that the channel has."""
    return {kind: max(seconds // settings.SPEED_UP, 1) for kind, seconds in adapter.intervals.items()}


def limits_of(adapter: type[ChannelAdapter], own: Mapping[str, Limit]) -> dict[str, Limit]:
    """Return the rates that stand in place of the declared ones: those of the account, faster if that is wanted."""
    if settings.SPEED_UP == 1:
        return dict(own)
    return {
        operation: Limit(per_second=limit.per_second * settings.SPEED_UP, burst=limit.burst)
        for operation, limit in {**adapter.limits, **own}.items()
    }

"""What Walmart allows: calls a minute, feeds an hour, bytes a file; and how often jobs run within that.

Source: https://developer.walmart.com/us-marketplace/docs/throttling ("Rate limiting"), as a working seller's table of
it, read 2026-11-23. What the account itself is told (partner profile) takes the place of the feeds' rates.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from channels_app.adapters.types import Limit

MP_ITEM = "MP_ITEM"
MP_ITEM_MATCH = "MP_ITEM_MATCH"
PRICE_AND_PROMOTION = "PRICE_AND_PROMOTION"
INVENTORY = "inventory"
MP_INVENTORY = "MP_INVENTORY"
RETIRE_ITEM = "RETIRE_ITEM"

#: Bytes of one feed file.
FILE_BYTES: Mapping[str, int] = {
    MP_ITEM: 25_000_000,
    MP_ITEM_MATCH: 25_000_000,
    PRICE_AND_PROMOTION: 10_000_000,
    INVENTORY: 10_000_000,
    MP_INVENTORY: 1_000_000,
    RETIRE_ITEM: 400_000,
}
#: In Walmart's own sandbox files are small: "2 to 100 KB", by type, and nothing says which.
SANDBOX_FILE_BYTES = 100_000
#: Items of one feed file.
FILE_ITEMS = 10_000


def per_minute(calls: float, *, burst: int = 10) -> Limit:
    return Limit(per_second=calls / 60, burst=burst)


def per_hour(calls: int) -> Limit:
    """A bucket of so many, refilled bit by bit: 10 an hour are 10 at once, then one each 6 minutes."""
    return Limit(per_second=calls / 3600, burst=calls)


def feed_operation(feed_type: str) -> str:
    """Return the name under which feeds of this type are limited."""
    return f"feed_{feed_type.lower()}"


LIMITS: Mapping[str, Limit] = {
    "token": per_minute(30),  # none is told; a token lives for 15 minutes
    "token_detail": per_minute(50),
    "partner_profile": per_minute(50),
    feed_operation(MP_ITEM): per_hour(10),
    feed_operation(MP_ITEM_MATCH): per_hour(20),
    feed_operation(PRICE_AND_PROMOTION): per_hour(10),
    feed_operation(INVENTORY): per_hour(10),
    feed_operation(MP_INVENTORY): per_hour(50),
    feed_operation(RETIRE_ITEM): per_hour(10),
    "feed_status": per_minute(5000, burst=100),
    "items": per_minute(300),
    "item_spec": per_minute(3, burst=3),
    "taxonomy": per_hour(10),  # none is told; it is asked once a day
    "retire_item": per_minute(900, burst=20),
    "inventory": per_minute(200, burst=20),
    "inventories": per_minute(200, burst=20),
    "report_item": per_hour(1),
    "report_inventory": per_hour(1),
    "report_status": per_hour(20),
    "report_download": per_hour(20),
    "report_file": per_minute(10),  # from a file store, by a short-lived address: no rate is told
    "orders": per_minute(5000, burst=20),
    "order": per_minute(5000, burst=20),
    "acknowledge": per_minute(60),
    "ship": per_minute(60),
    "cancel": per_minute(60),
    "refund": per_minute(60),
    "returns": per_minute(50),
    "return_refund": per_minute(60),
}

#: Seconds between two runs. Feeds are grouped by their quotas; a fall of stock goes out at once.
INTERVALS: Mapping[str, int] = {
    "content": 600,
    "offers": 600,
    "results": 60,  # looks come less and less often: after 1 s, 4 s, ... 8 minutes
    "reconcile": 86_400,
    "categories": 86_400,
    "orders": 300,
    "commands": 60,
    "returns": 1800,
}

#: The profile's name of a feed -> those of ours that share its quota.
_PROFILE_TYPES: Mapping[str, tuple[str, ...]] = {
    "MP_ITEM": (MP_ITEM,),
    "price": (PRICE_AND_PROMOTION,),
    "inventory": (INVENTORY,),
    "RETIRE_ITEM": (RETIRE_ITEM,),
}


def read_feed_limits(profile: Mapping[str, Any]) -> dict[str, Limit]:
    """Return the account's own feed rates by operation, as far as the partner profile tells them."""
    return dict(_iter_feed_limits(profile))


def _iter_feed_limits(profile: Mapping[str, Any]) -> Iterator[tuple[str, Limit]]:
    for configuration in profile.get("configurations") or ():
        for value in (configuration.get("configuration") or {}).get("values") or ():
            for throttle in value.get("throttleConfigurations") or ():
                limit = _read_rate(throttle.get("rate") or {})
                for feed_type in _PROFILE_TYPES.get(str(value.get("feedType")), ()) if limit else ():
                    assert limit is not None
                    yield feed_operation(feed_type), limit


def _read_rate(rate: Mapping[str, Any]) -> Limit | None:
    window = rate.get("replenishTimeWindow") or {}
    count, seconds = rate.get("count"), window.get("value")
    if window.get("unitOfMeasurement") != "SECOND" or not count or not seconds:
        return None
    return Limit(per_second=int(count) / int(seconds), burst=max(int(count), 1))

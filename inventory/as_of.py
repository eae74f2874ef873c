"""Stock as it stood at a moment, told by the movements up to then. Each statement reads one index, for one item."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from inventory.models import Reason, StockMovement

# One pass over the item's part of movement_by_item, which holds all that is summed.
_STOCK = """
SELECT location_id,
       coalesce(sum(on_hand_delta) FILTER (WHERE at <= %(at)s), 0),
       coalesce(sum(reserved_delta) FILTER (WHERE at <= %(at)s), 0),
       max(at) FILTER (WHERE reason = %(opening)s)
FROM inventory_stockmovement WHERE item_id = %(item)s GROUP BY location_id
"""
_RESERVED = """
SELECT line_id, sum(reserved_delta) FROM inventory_stockmovement
WHERE item_id = %(item)s AND at <= %(at)s AND line_id IS NOT NULL
GROUP BY line_id HAVING sum(reserved_delta) <> 0 ORDER BY line_id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One item at one location."""

    on_hand: int = 0
    reserved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StockThen:
    """One item everywhere. Before `told_since` movements are only known as an opening balance; None: all are known."""

    #: By the location's key; where it never moved, there is none.
    balances: dict[int, Balance]
    told_since: datetime | None

    def is_told(self, at: datetime) -> bool:
        return self.told_since is None or at >= self.told_since

    def available(self, locations: Iterable[int] | None = None) -> int:
        """Return on hand less reserved at these locations (None: at all), negative while oversold."""
        chosen = None if locations is None else set(locations)
        return sum(
            balance.on_hand - balance.reserved
            for location, balance in self.balances.items()
            if chosen is None or location in chosen
        )


def stock_as_of(item_id: int, at: datetime) -> StockThen:
    """Return what the item's movements up to `at`, that moment included, come to."""
    with connection.cursor() as cursor:
        cursor.execute(_STOCK, {"item": item_id, "at": at, "opening": Reason.OPENING})
        rows = cursor.fetchall()
    opened = [opening for *_, opening in rows if opening is not None]
    return StockThen(
        balances={place: Balance(on_hand=int(on_hand), reserved=int(held)) for place, on_hand, held, _ in rows},
        told_since=max(opened, default=None),
    )


def reserved_as_of(item_id: int, at: datetime, *, limit: int) -> dict[int, int]:
    """Return the units that order lines held at `at`, by the line's number, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_RESERVED, {"item": item_id, "at": at, "limit": limit})
        return {line: int(units) for line, units in cursor.fetchall()}


def movements_around(item_id: int, at: datetime, *, before: int, after: int) -> Sequence[StockMovement]:
    """Return the last movements up to `at` and the first after it, at most so many, the newest first."""
    rows = StockMovement.objects.filter(item_id=item_id).order_by()
    # The places are found in the index alone; only the rows that are shown are read.
    until = rows.filter(at__lte=at).order_by("-id").values("pk")[:before]
    since = rows.filter(at__gt=at).order_by("id").values("pk")[:after]
    # One set of keys: of two, joined by OR, the planner makes a look at every row there is.
    found = StockMovement.objects.filter(pk__in=until.union(since, all=True)).select_related("location", "actor")
    return sorted(found, key=lambda movement: (movement.at, movement.pk), reverse=True)

"""Quantities. The server counts what is in stock and what of it is reserved for orders; buyers see the difference.

So what goes out is our quantity plus what is reserved there. How much that is, each answer says: it is written, looked
at, and written again where the sum is wrong. That leaves no gap into which an order could fall.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from channels_app.adapters.errors import RejectedByChannel, TemporaryError
from channels_app.adapters.medusa.batches import all_or_blame, chunks
from channels_app.adapters.medusa.client import MedusaClient
from channels_app.adapters.medusa.places import Places

#: Rows of a call: some 130 bytes each, of a body that must stay below 100 KB.
_ROWS = 400
#: Numbers in one question.
_AT_ONCE = 50
#: How often a sum is written anew; orders that come faster than that are for the next time.
_ROUNDS = 4

#: Says of one inventory item why it could not be counted.
Blame = Callable[[str, RejectedByChannel], None]


class StockDesk:
    """The stock of one account at its location."""

    def __init__(self, client: MedusaClient, places: Places) -> None:
        self._client = client
        self._places = places

    def count(self, wanted: Mapping[str, int], blame: Blame) -> None:
        """So many of each inventory item are free to be sold. Those for which that failed are blamed."""
        for some in chunks(list(wanted.items()), _ROWS):
            self._count(dict(some), blame)

    def _count(self, wanted: Mapping[str, int], blame: Blame) -> None:
        rows = dict(wanted)  # item -> what is to be in stock
        for _ in range(_ROUNDS):
            reserved = self._write_or_blame(rows, blame)
            meant = {item: wanted[item] + held for item, held in reserved.items()}
            rows = {item: in_stock for item, in_stock in meant.items() if in_stock != rows[item]}
            if not rows:
                return
        raise TemporaryError("Orders came in faster than their stock could be counted.", code="moving_stock")

    def _write_or_blame(self, rows: Mapping[str, int], blame: Blame) -> dict[str, int]:
        """Write what is in stock, as far as that can be done. Returns what of it is reserved, by item."""
        reserved: dict[str, int] = {}
        all_or_blame(
            list(rows.items()),
            lambda some: reserved.update(self._write(dict(some))),
            lambda row, error: blame(row[0], error),
        )
        return reserved

    def _write(self, rows: Mapping[str, int]) -> dict[str, int]:
        """Write what is in stock. Returns what of it is reserved, by item. One bad row refuses all of them."""
        try:
            return self._call({"update": [self._row(item, count) for item, count in rows.items()]})
        except RejectedByChannel:
            counted = self._counted(list(rows))
            body = {
                "update": [self._row(item, count) for item, count in rows.items() if item in counted],
                "create": [self._row(item, count) for item, count in rows.items() if item not in counted],
            }
            if not body["create"]:
                raise
            return self._call(body)

    def _call(self, body: Mapping[str, Any]) -> dict[str, int]:
        answer = self._client.write("stock", "/inventory-items/location-levels/batch", body)
        levels = [*(answer.get("created") or ()), *(answer.get("updated") or ())]
        return {str(level["inventory_item_id"]): int(level.get("reserved_quantity") or 0) for level in levels}

    def _row(self, item: str, count: int) -> dict[str, Any]:
        return {"inventory_item_id": item, "location_id": self._places.location_id, "stocked_quantity": count}

    def _counted(self, items: Sequence[str]) -> set[str]:
        """Return the items that have been counted at our location before."""
        counted: set[str] = set()
        for some in chunks(items, _AT_ONCE):
            asked = {"id[]": some, "limit": _AT_ONCE, "fields": "id,location_levels.location_id"}
            for item in self._client.get("stock_levels", "/inventory-items", asked)["inventory_items"]:
                here = [one["location_id"] for one in item.get("location_levels") or ()]
                counted |= {str(item["id"])} if self._places.location_id in here else set()
        return counted

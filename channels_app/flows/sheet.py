"""What a packing slip tells: where a parcel goes, and how many units of what it holds. What else changes is no matter.

Kept of a slip that was printed, so that what changed since can be said.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypedDict

from channels_app.models import Order, OrderLine


class Sheet(TypedDict):
    """One slip, as it is stored."""

    #: Tells one address from another.
    to: str
    #: SKU -> units to ship.
    units: dict[str, int]


def sheet_of(order: Order, lines: Iterable[OrderLine]) -> Sheet:
    """Return the order's slip as it would be now. `lines` are all of the order's."""
    units: Counter[str] = Counter()
    for line in lines:
        units[line.sku] += line.open_quantity
    return Sheet(to=_hash(order.ship_to), units=dict(+units))


def mark_of(sheet: Sheet) -> str:
    """Return what tells the slip from an earlier or later one of its order, short enough for a form."""
    return _hash(sheet)


def changes(before: Sheet, after: Sheet) -> Iterator[str]:
    """Yield a sentence for everything that the later slip tells otherwise."""
    if after["to"] != before["to"]:
        yield "The address is another."
    for sku in sorted(before["units"].keys() | after["units"].keys()):
        were, are = before["units"].get(sku, 0), after["units"].get(sku, 0)
        if are and were and are != were:
            yield f"{are} × {sku} to ship instead of {were}."
        elif are and not were:
            yield f"{are} × {sku} to ship in addition."
        elif were and not are:
            yield f"{were} × {sku} no longer to ship."


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]

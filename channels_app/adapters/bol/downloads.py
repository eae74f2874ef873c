"""Download of orders: the list of what changed, and each order on it by itself.

bol.com lists changes of the last 60 minutes, or of one day. A round reads the former; after a longer break, the days
since; and once a day, yesterday, in case anything was missed. Moments are bol.com's own.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

from channels_app.adapters.bol import orders
from channels_app.adapters.bol.client import BolClient, quoted, rows_of
from channels_app.adapters.bol.values import day_of
from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.types import OrderPage, RawOrder

#: The longest interval that the list knows.
_INTERVAL_MINUTES = 60
#: After a longer break than this the interval may not reach back far enough.
_REACHES_BACK = timedelta(minutes=55)
#: Each round looks this far behind the last one: the list may shift between two of its pages.
OVERLAP = timedelta(minutes=15)
#: bol.com keeps changes for three months.
_OLDEST = timedelta(days=89)
#: In a place's windows: the interval, not a day.
_RECENT = ""
#: How something fails to be read that is no order.
_NO_ORDER = (KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a round of orders has come. It crosses the border as text."""

    #: Orders placed before this are not ours.
    first: str
    #: Changes up to this were read by the last round.
    since: str
    #: The last day that was read once more as a whole.
    swept: str
    #: bol.com's time when the round began, from which the next one begins; empty before its first page.
    until: str = ""
    #: What is still to be read: days, or the last 60 minutes.
    windows: tuple[str, ...] = (_RECENT,)
    page: int = 1
    #: Orders of the page that were read before time ran out.
    done: int = 0
    #: Names the page before, to notice one that comes again.
    before: str = ""

    @classmethod
    def beginning(cls, since: datetime) -> Self:
        moment = since.astimezone(UTC).isoformat()
        return cls(first=moment, since=moment, swept=(day_of(since) - timedelta(days=1)).isoformat())

    @classmethod
    def read(cls, cursor: str) -> Self:
        told = json.loads(cursor)
        return cls(**{**told, "windows": tuple(told["windows"])})

    def __str__(self) -> str:
        return json.dumps(asdict(self))

    def begun(self, now: datetime) -> "Place":
        """Return the place with all that the round has to read, now that bol.com's time is known."""
        since, yesterday = datetime.fromisoformat(self.since), day_of(now) - timedelta(days=1)
        days = set() if now - since <= _REACHES_BACK else set(_days(max(since, now - _OLDEST), now))
        if date.fromisoformat(self.swept) < yesterday:
            days.add(yesterday)
        windows = (_RECENT, *(day.isoformat() for day in sorted(days)))
        return replace(self, until=now.isoformat(), windows=windows)

    def after(self, name: str) -> "Place":
        """Return the place behind a page of that name: an empty one ends its window."""
        if name:
            return replace(self, page=self.page + 1, done=0, before=name)
        return replace(self, windows=self.windows[1:], page=1, done=0, before="")

    def next_round(self) -> "Place":
        until = datetime.fromisoformat(self.until)
        swept = max(self.swept, (day_of(until) - timedelta(days=1)).isoformat())
        return Place(first=self.first, since=self.until, swept=swept)


def _days(since: datetime, until: datetime) -> Iterable[date]:
    """Yield the days from one moment to the other, in whichever zone bol.com counts them."""
    day = since.astimezone(UTC).date()
    while day <= day_of(until):
        yield day
        day += timedelta(days=1)


def read_page(client: BolClient, cursor: str) -> OrderPage:
    """Return the orders of one page of the list. What was read before time ran out is not read again."""
    place = Place.read(cursor)
    rows = rows_of(client.get("orders", "/retailer/orders", _params(place)), "orders")
    if not all(row.get("orderId") for row in rows):
        raise TemporaryError("A page of orders is not readable.", code="unreadable")
    if not place.until:
        place = place.begun(client.time)
    name = _name(rows)
    if name and name == place.before:
        raise TemporaryError("bol.com sends the same page again and again.", code="pages_in_a_circle")
    raws, done = _read(client, rows, place)
    if done < len(rows):
        return OrderPage(raws=raws, next_cursor=str(replace(place, done=done)), has_more=True)
    place = place.after(name)
    if place.windows:
        return OrderPage(raws=raws, next_cursor=str(place), has_more=True)
    return OrderPage(
        raws=raws,
        next_cursor=str(place.next_round()),
        has_more=False,
        known_until=datetime.fromisoformat(place.until),
    )


def _params(place: Place) -> dict[str, Any]:
    window = place.windows[0]
    which = {"change-interval-minute": _INTERVAL_MINUTES} if window == _RECENT else {"latest-change-date": window}
    return {"status": "ALL", "fulfilment-method": "FBR", "page": place.page, **which}


def _name(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what names the page; empty if it is."""
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16] if rows else ""


def _read(client: BolClient, rows: Sequence[Mapping[str, Any]], place: Place) -> tuple[tuple[RawOrder, ...], int]:
    """Return the orders that are wanted, and how many rows of the page are done with.

    Raises TemporaryError if time, or the rate, ran out before any of them was read.
    """
    raws: list[RawOrder] = []
    calls = 0
    for number, row in enumerate(rows):
        if number < place.done or not _is_wanted(row, place):
            continue
        try:
            order = client.find("order", f"/retailer/orders/{quoted(str(row['orderId']))}")
        except TemporaryError:
            if not calls:
                raise
            return tuple(raws), number
        calls += 1
        if order is not None and _is_for_us(order):
            raws.append(_raw(str(row["orderId"]), order))
    return tuple(raws), len(rows)


def _raw(order_id: str, order: Mapping[str, Any]) -> RawOrder:
    """Return the order as it came. One that makes no sense is stored all the same: it is blamed when it is read."""
    try:
        return orders.read_raw_order(order)
    except _NO_ORDER:
        return RawOrder(remote_id=order_id, version=0, body=order)


def _is_for_us(order: Mapping[str, Any]) -> bool:
    """Say whether the seller fulfils anything of it, or nobody can tell."""
    try:
        return bool(orders.our_items(order))
    except _NO_ORDER:
        return True


def _is_wanted(row: Mapping[str, Any], place: Place) -> bool:
    """Say whether the order is ours to read: placed since the first round, fulfilled by us, and changed since the last
    round, unless whole days are read. If nobody can tell, it is."""
    try:
        placed, changed = orders.placed_at(row), orders.changed_at(row)
    except _NO_ORDER:
        return True
    if placed is not None and placed < datetime.fromisoformat(place.first) - OVERLAP:
        return False
    if not _is_for_us(row):
        return False
    whole_days = place.windows[0] != _RECENT
    return whole_days or changed is None or changed >= datetime.fromisoformat(place.since) - OVERLAP

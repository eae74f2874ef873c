"""How far orders and returns were read: rounds by time of change, page by page. A place travels as text, our cursor."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.types import OrderPage, ReturnPage
from channels_app.adapters.walmart import orders, returns
from channels_app.adapters.walmart.client import Said, WalmartClient
from channels_app.adapters.walmart.times import in_query
from marketplace_integration import clock

#: Each round begins this much before the last one ended: seen twice is harmless, missed is not.
OVERLAP = timedelta(minutes=10)
#: Walmart knows orders of the last 180 days, and shows those of 7 unless it is asked for more.
_REACH = timedelta(days=179)
#: A longer time is read in parts, so that no part comes near the number of orders at which Walmart refuses to answer.
_LONGEST_ROUND = timedelta(days=7)
_SHORTEST_ROUND = timedelta(minutes=1)
_TOO_MANY = 9_000
_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A round reads what changed from `since` to `end` (None: to now). `page` is Walmart's query of the next page."""

    since: datetime
    end: datetime | None = None
    page: str = ""
    #: Walmart's time when the round began: all that changed before is known once it ends.
    until: datetime | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        told: dict[str, Any] = json.loads(text)
        moments = {name: told[name] and datetime.fromisoformat(told[name]) for name in ("since", "end", "until")}
        return cls(page=told["page"], **moments)

    def __str__(self) -> str:
        moments = {name: getattr(self, name) for name in ("since", "end", "until")}
        told = {name: moment and moment.isoformat() for name, moment in moments.items()}
        return json.dumps({**told, "page": self.page})


def first_place(since: datetime) -> str:
    return str(Place(since=since))


class Pages:
    """The pages of one account."""

    def __init__(self, client: WalmartClient) -> None:
        self._client = client

    # Orders

    def read_orders(self, cursor: str) -> OrderPage:
        """Return a page of orders by time of change; rounds that reach far back, or hold too many, go in parts."""
        place = _within_reason(Place.read(cursor))
        try:
            said = self._client.get_list("orders", *self._orders_query(place))
        except RejectedByChannel:
            if not place.page:
                raise
            # The cursor of the page is too old by now. The round is read anew, in the next run.
            return OrderPage(raws=(), next_cursor=str(Place(since=place.since, end=place.end)), has_more=False)
        following, count = orders.read_meta(said.body)
        if not place.page and count > _TOO_MANY and (shorter := _halved(place, said.at)):
            return OrderPage(raws=(), next_cursor=str(shorter), has_more=True)
        after, known_until = _next_place(place, following, said.at)
        return OrderPage(
            raws=orders.read_page(said.body, read_at=said.at),
            next_cursor=str(after),
            has_more=known_until is None,
            known_until=known_until,
        )

    def _orders_query(self, place: Place) -> tuple[str, dict[str, Any] | None]:
        """Return path and query: that of a following page is Walmart's own, to the letter."""
        if place.page:
            return f"/v3/orders{place.page}", None
        query = {
            "createdStartDate": in_query(clock.now() - _REACH),
            "lastModifiedStartDate": in_query(place.since),
            "shipNodeType": "SellerFulfilled",
            "limit": _PAGE,
        }
        return "/v3/orders", {**query, **({"lastModifiedEndDate": in_query(place.end)} if place.end else {})}

    def read_order(self, purchase_order: str) -> Said:
        """Return the order as it stands now."""
        said = self._client.get("order", orders.path_of(purchase_order))
        return said._replace(body=orders.order_in(said.body))

    # Returns

    def read_returns(self, cursor: str) -> ReturnPage:
        """Return a page of returns by time of change."""
        place = Place.read(cursor)
        try:
            said = self._client.get_list("returns", *self._returns_query(place))
        except RejectedByChannel:
            if not place.page:
                raise
            return ReturnPage(returns=(), next_cursor=str(Place(since=place.since)), has_more=False)
        after, known_until = _next_place(place, returns.read_next(said.body), said.at)
        return ReturnPage(returns=returns.read_page(said.body), next_cursor=str(after), has_more=known_until is None)

    def _returns_query(self, place: Place) -> tuple[str, dict[str, Any] | None]:
        if place.page:
            return f"/v3/returns{place.page}", None
        # Both ends must be given; the later one lies ahead, since Walmart's clock may be ahead of ours.
        query = {
            "returnLastModifiedStartDate": in_query(place.since),
            "returnLastModifiedEndDate": in_query(clock.now() + OVERLAP),
            "isWFSEnabled": "N",
            "limit": _PAGE,
        }
        return "/v3/returns", query


def _within_reason(place: Place) -> Place:
    """Return the place with an end, if the round would be too long."""
    if place.page or place.end or clock.now() - place.since <= _LONGEST_ROUND:
        return place
    return replace(place, end=place.since + _LONGEST_ROUND)


def _halved(place: Place, now: datetime) -> Place | None:
    """Return a round half as long, or None if this one is short enough to be read whatever it holds."""
    length = (place.end or now) - place.since
    return replace(place, end=place.since + length / 2) if length > _SHORTEST_ROUND else None


def _next_place(place: Place, following: str, said_at: datetime) -> tuple[Place, datetime | None]:
    """Return where to go on and, if that was all up to now, the time up to which everything is known."""
    until = place.until or said_at
    if following and following != place.page:
        return replace(place, page=following, until=until), None
    if place.end is not None:
        return Place(since=place.end), None
    return Place(since=until - OVERLAP), until

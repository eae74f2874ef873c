"""What the page shows that tells why one channel shows what it shows of one item, now or at a past moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

from django.conf import settings

from channels_app.flows import why_rows
from channels_app.flows.price import explain_price, price_to_send, why_no_price
from channels_app.flows.quantity import Step, explain_quantity
from channels_app.flows.standing import Standing, stand
from channels_app.flows.why import Confirmed, InForce, Then, kept_since, rewind, state_then
from channels_app.models import Channel, Difference, FeedLine, LedgerState, Listing
from channels_app.views import why_timeline as timeline
from channels_app.views.why_words import describe_line, describe_now, describe_reading, describe_then
from inventory.as_of import Balance, StockThen, movements_around, reserved_as_of, stock_as_of
from inventory.models import Item, LabelItem, Location

#: The page shows no more of each; what is reserved beyond is told as a sum.
LINES_SHOWN = ORDERS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One location, as it stood."""

    name: str
    balance: Balance
    is_counted: bool

    @property
    def available(self) -> int:
        return self.balance.on_hand - self.balance.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as it stood."""

    line: FeedLine
    text: str
    state: str
    state_text: str
    #: None: it had not ended.
    ended_at: datetime | None


def build_context(item: Item, channel: Channel, *, at: datetime | None, now: datetime) -> dict[str, Any]:
    """Return what is known at `at`, or now if it is None. The number of queries is fixed."""
    moment, after = at or now, timeline.AFTER if at else 0
    changed = why_rows.changed_since(channel, at) if at else {}
    in_force = InForce.of(rewind(why_rows.values_today(channel), changed))
    currency = in_force.price.currency or item.currency
    stock = stock_as_of(item.pk, moment)
    places = _places(channel, in_force, stock)
    is_told = stock.is_told(moment) and places is not None
    available = sum(place.available for place in places or () if place.is_counted) if is_told else None
    sent = why_rows.lines_around(channel, item.sku, moment, before=LINES_SHOWN, after=after)
    lines = [line for line in sent if line.created_at <= moment]
    reserved = reserved_as_of(item.pk, moment, limit=ORDERS_SHOWN)
    movements = movements_around(item.pk, moment, before=timeline.BEFORE, after=after)
    orders = why_rows.order_lines([*reserved, *(one.line_id for one in movements if one.line_id)])
    slug = channel.seller.slug
    entries = why_rows.settings_around(channel, moment, before=timeline.BEFORE, after=after)
    # In the order of cause and effect, for what bears the same time.
    events = chain(
        timeline.of_settings(reversed(entries)),
        timeline.of_movements(reversed(movements), orders, slug),
        timeline.of_lines(reversed(sent), slug, currency),
    )
    if at is None:
        standing = stand(item, [channel], now=now)[0]
        headline, tone = describe_now(standing, in_force.quantity, currency), tone_of(standing)
    else:
        standing = None
        kept = _kept(item, channel, lines, at=at, now=now)
        headline, tone = _headline_then(item, channel, in_force, available, sent, kept, currency=currency, at=at)
    return {
        "item": item,
        "channel": channel,
        "at": at,
        "headline": headline,
        "tone": tone,
        "in_force": in_force,
        "currency": currency,
        "places": places,
        "told_since": stock.told_since,
        "is_told": stock.is_told(moment),
        "available": available,
        "reserved": [(orders[key], units) for key, units in reserved.items() if key in orders],
        "has_more_reserved": len(reserved) == ORDERS_SHOWN,
        "membership": _membership(item, channel),
        "label_differs": bool(at) and in_force.label != (channel.label.name if channel.label else ""),
        "lines": [_line(line, moment, currency) for line in lines],
        "lines_days": settings.KEEP_LINES_DAYS,
        "has_more_lines": len(lines) == LINES_SHOWN,
        "timeline": timeline.merge(events, moment),
        "existed": item.created_at <= moment,
        **_steps(item, in_force, available, currency),
        "reading": _reading(channel, item, standing, moment, currency),
        "standing": standing,
    }


def tone_of(standing: Standing) -> str:
    """Return how the sentence about it is coloured."""
    if not standing.differs:
        return standing.tone or ("good" if standing.shown else "info")
    return standing.tone or ("warn" if standing.shown else "info")


def _headline_then(
    item: Item,
    channel: Channel,
    in_force: InForce,
    available: int | None,
    sent: Sequence[FeedLine],
    kept: Confirmed,
    *,
    currency: str,
    at: datetime,
) -> tuple[str, str]:
    if item.created_at > at:
        return "You did not have this item yet.", "info"
    then = Then(
        channel_name=channel.name,
        in_force=in_force,
        available=available,
        lines=[line for line in sent if line.created_at <= at],
        next_line=next((line for line in reversed(sent) if line.created_at > at), None),
        kept=kept,
        at=at,
    )
    text, tone = describe_then(then, currency)
    return text, tone or "info"


def _kept(item: Item, channel: Channel, lines: Sequence[FeedLine], *, at: datetime, now: datetime) -> Confirmed:
    """Return what the listing tells of that moment beside the lines, which are not kept for ever."""
    listing = Listing.objects.filter(channel=channel, sku=item.sku).first()
    kept_from = now - timedelta(days=settings.KEEP_LINES_DAYS)
    is_complete = max(item.created_at, channel.created_at) >= kept_from and len(lines) < LINES_SHOWN
    return kept_since(listing, at, is_complete=is_complete)


def _places(channel: Channel, in_force: InForce, stock: StockThen) -> list[Place] | None:
    """Return the locations with what stood there; None if those that served then cannot be told by their names."""
    rows = list(Location.objects.filter(seller_id=channel.seller_id).order_by("name", "pk"))
    serving = [served.location_id for served in channel.channel_locations.select_related("location")]
    names = {row.pk: row.name for row in rows}
    if tuple(names.get(key, "") for key in serving) != in_force.locations:
        by_name = {row.name: row.pk for row in rows}
        is_clear = len(by_name) == len(rows) and set(in_force.locations) <= by_name.keys()
        if not is_clear and in_force.locations:
            return None
        serving = [by_name[name] for name in in_force.locations]
    rank = {key: place for place, key in enumerate(serving)}
    rows.sort(key=lambda row: rank.get(row.pk, len(rank)))
    return [
        Place(
            name=row.name,
            balance=stock.balances.get(row.pk, Balance()),
            is_counted=not rank or row.pk in rank,
        )
        for row in rows
        if row.pk in stock.balances or row.pk in rank
    ]


def _steps(item: Item, in_force: InForce, available: int | None, currency: str) -> dict[str, Any]:
    """Return what the rules made of stock and price, step by step; the price is the item's of today."""
    quantity = [] if available is None else explain_quantity(available, in_force.quantity)
    rule = in_force.price
    problem = why_no_price(item.price, item.currency, rule) if rule.currency else ""
    price: list[Step] = []
    found: Decimal | None = None
    if item.price is not None and not problem:
        own = rule.for_currency(item.currency) if rule.currency else rule
        price, found = explain_price(item.price, own), price_to_send(item.price, own)
    return {"quantity_steps": quantity, "price_steps": price, "price_problem": problem, "price_found": found}


def _membership(item: Item, channel: Channel) -> str:
    """Return how the item stands to the channel's label today; "" if it is not on it, or there is none."""
    row = LabelItem.objects.filter(label=channel.label_id, item=item).first() if channel.label_id else None
    return row.source if row else ""


def _line(line: FeedLine, moment: datetime, currency: str) -> Line:
    state = LedgerState(state_then(line, moment))
    ended_at = line.closed_at if line.closed_at and line.closed_at <= moment else None
    return Line(
        line=line,
        text=describe_line(line, currency),
        state=state.value,
        state_text=state.label,
        ended_at=ended_at,
    )


def _reading(
    channel: Channel, item: Item, standing: Standing | None, moment: datetime, currency: str
) -> tuple[Any, str]:
    """Return when the reconciler last read the channel's list, None for never, and what it found of the item."""
    if standing is not None and standing.reading is not None:
        reading = standing.reading
        return reading.as_of, describe_reading(reading.is_shown, reading.quantity, reading.price, currency)
    run, noted = why_rows.read_then(channel, item.sku, moment)
    if run is None:
        return None, ""
    for one in noted:
        is_shown = one.kind != Difference.Kind.MISSING
        return run.as_of, f"{describe_reading(is_shown, one.remote_quantity, one.remote_price, currency)} {one.reason}"
    return (
        run.as_of,
        "It noted nothing of this item: it showed what was confirmed by then, or something was on its way.",
    )

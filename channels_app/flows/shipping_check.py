"""What each row of a CSV of parcels comes to: which order and units, in which parcel, or what is wrong with it.

Judged when the file is brought, and each parcel once more right before it is recorded.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from channels_app.adapters.types import Capability
from channels_app.flows.carriers import Carriers
from channels_app.flows.fulfil_rules import (
    LONGEST_TRACKING_NUMBER,
    ONE_PARCEL,
    FulfilmentError,
    check_is_everything,
    check_parcel,
    why_not_ship,
)
from channels_app.flows.shipping_sheet import SheetRow
from channels_app.models import Channel, Order, OrderLine, ShipmentLine, ShippingRow
from inventory.models import Seller

State = ShippingRow.State

#: What makes units of an order one parcel.
_HOW = ("carrier_code", "carrier_name", "tracking_number")
#: 2, 2.0 and 2,00; but 1,000 may be one or a thousand.
_WHOLE = re.compile(r"(\d{1,6})([.,]0{1,2})?")


def judge(seller: Seller, rows: Sequence[SheetRow], *, now: datetime) -> list[ShippingRow]:
    """Return what the rows come to, not yet stored."""
    book = OrderBook(seller, [row.cells["order"] for row in rows])
    judged = [_judge_row(row, book) for row in rows]
    desk = Desk({row.order.pk: row.order for row in judged if row.order}.values())
    for parcel in _parcels(judged):
        try:
            desk.place(parcel, now=now)
        except FulfilmentError as error:
            set_aside(parcel, str(error))
    return judged


def set_aside(rows: Iterable[ShippingRow], problem: str) -> None:
    """These rows are to be mended, but for those that left before."""
    for row in rows:
        if row.state != State.KNOWN:
            row.state, row.problem = State.WRONG, problem


def _judge_row(row: SheetRow, book: "OrderBook") -> ShippingRow:
    judged = ShippingRow(line=row.line, cells=row.cells, state=State.EMPTY)
    if row.is_unfilled:
        return judged
    try:
        if row.problem:
            raise FulfilmentError(row.problem)
        judged.order = book.find(row.cells["order"], row.cells["marketplace"])
        judged.sku = row.cells["sku"][:100]
        judged.units = _units(row.cells["units"])
        judged.carrier_code, judged.carrier_name = book.carriers(judged.order.channel).find(row.cells["carrier"])
        judged.tracking_number = _tracking_number(row.cells["tracking"])
        judged.state = State.EMPTY if judged.units == 0 else State.READY
    except FulfilmentError as error:
        set_aside([judged], str(error))
    return judged


def _units(text: str) -> int | None:
    """Return how many; None for all that is open."""
    if not text:
        return None
    if found := _WHOLE.fullmatch(text):
        return int(found[1])
    raise FulfilmentError(f"“{text}” is no number of units.")


def _tracking_number(text: str) -> str:
    if len(text) > LONGEST_TRACKING_NUMBER:
        raise FulfilmentError(f"A tracking number has {LONGEST_TRACKING_NUMBER} characters at most.")
    return text


def _how(row: ShippingRow) -> tuple[str, ...]:
    return tuple(getattr(row, name) for name in _HOW)


def _parcels(rows: Iterable[ShippingRow]) -> list[list[ShippingRow]]:
    """Return the rows that are ready, those of one order with the same carrier and tracking number together."""
    parcels: dict[tuple[object, ...], list[ShippingRow]] = {}
    for row in rows:
        if row.state == State.READY:
            key = (row.order_id, *_how(row))
            parcels.setdefault(key, []).append(row)
            row.parcel = parcels[key][0].line
    return list(parcels.values())


class OrderBook:
    """The seller's orders of some numbers, as a file names them."""

    def __init__(self, seller: Seller, numbers: Iterable[str]) -> None:
        self._channels = {channel.pk: channel for channel in Channel.objects.filter(seller=seller)}
        self._carriers: dict[int, Carriers] = {}
        self._orders: dict[str, list[Order]] = defaultdict(list)
        for order in Order.objects.filter(channel__in=self._channels, remote_id__in=set(numbers)).order_by("pk"):
            order.channel = self._channels[order.channel_id]
            self._orders[order.remote_id].append(order)

    def carriers(self, channel: Channel) -> Carriers:
        if channel.pk not in self._carriers:
            self._carriers[channel.pk] = Carriers(channel)
        return self._carriers[channel.pk]

    def find(self, number: str, marketplace: str) -> Order:
        """Return the order of this number. Raises FulfilmentError if there is none, or more than one."""
        if not number:
            raise FulfilmentError("Enter the order number.")
        found = self._orders.get(number, [])
        if marketplace:
            named = [c.pk for c in self._channels.values() if c.name.casefold() == marketplace.casefold()]
            if not named:
                raise FulfilmentError(f"You have no marketplace called “{marketplace}”.")
            found = [order for order in found if order.channel_id in named]
        if not found:
            raise FulfilmentError(f"There is no order {number}{' on ' + marketplace if marketplace else ''}.")
        if len(found) > 1:
            names = [order.channel.name for order in found]
            if len({name.casefold() for name in names}) == 1:
                raise FulfilmentError(
                    f"There is an order {number} on {len(names)} marketplaces of the same name, “{names[0]}”. Give one"
                    " of them another name, or ship the order on its page."
                )
            raise FulfilmentError(f"There is an order {number} on {' and '.join(names)}: name the marketplace.")
        return found[0]


class Desk:
    """Some orders while rows are laid against them: their lines, what of them is still open, what has left before."""

    def __init__(self, orders: Iterable[Order]) -> None:
        ids = [order.pk for order in orders]
        self._lines: dict[int, list[OrderLine]] = defaultdict(list)
        for line in OrderLine.objects.filter(order__in=ids).select_related("item").order_by("pk"):
            self._lines[line.order_id].append(line)
        self._open = {line.pk: line.open_quantity for lines in self._lines.values() for line in lines}
        shipped = ShippingRow.objects.filter(order__in=ids, state=State.SHIPPED)
        self._brought = set(shipped.values_list("order", "sku", "units", *_HOW))
        left = ShipmentLine.objects.filter(shipment__order__in=ids).exclude(shipment__tracking_number="")
        self._tracked = set(left.values_list("line_id", "shipment__tracking_number"))

    def place(self, parcel: Sequence[ShippingRow], *, now: datetime) -> Mapping[OrderLine, int]:
        """Return the units that the parcel takes; none if all of it left before, which its rows then say.

        Raises FulfilmentError if the marketplace would not take it, or not so much is open.
        """
        rows = self._not_known(parcel)
        if not rows:
            return {}
        order = rows[0].order
        assert order is not None
        lines = self._lines[order.pk]
        if why := why_not_ship(order, lines):
            raise FulfilmentError(why)
        still_open = {line.pk: self._open[line.pk] for line in lines}
        taken = self._take(rows, still_open)
        if not order.channel.can(Capability.SHIP_PARTIAL):
            check_is_everything(taken, lines, words=ONE_PARCEL)
        first = rows[0]
        check_parcel(
            order.channel,
            carrier_code=first.carrier_code,
            carrier_name=first.carrier_name,
            tracking_number=first.tracking_number,
            shipped_at=now,
            now=now,
        )
        self._open |= still_open
        return taken

    def _not_known(self, parcel: Sequence[ShippingRow]) -> list[ShippingRow]:
        """Return the rows that have not left; the others say so."""
        for row in parcel:
            is_tracked = any((line.pk, row.tracking_number) in self._tracked for line in self._named(row))
            if is_tracked or (row.order_id, row.sku, row.units, *_how(row)) in self._brought:
                row.state = State.KNOWN
        return [row for row in parcel if row.state == State.READY]

    def _take(self, rows: Sequence[ShippingRow], still_open: dict[int, int]) -> dict[OrderLine, int]:
        """Return the units by line, taken from what is open; each row then says how many it has."""
        taken: dict[OrderLine, int] = defaultdict(int)
        for row in rows:
            lines = self._named(row)
            if not lines:
                raise FulfilmentError(f"There is no {row.sku} in this order.")
            has = sum(still_open[line.pk] for line in lines)
            if row.units is None:
                row.units = has
            if not has or row.units > has:
                raise FulfilmentError(_shortage(row, lines, has))
            missing = row.units
            for line in lines:
                units = min(missing, still_open[line.pk])
                still_open[line.pk] -= units
                missing -= units
                if units:
                    taken[line] += units
        return taken

    def _named(self, row: ShippingRow) -> list[OrderLine]:
        """Return the lines that the row is about: those of its SKU, the marketplace's or ours; else all."""
        lines = self._lines[row.order_id or 0]
        if not row.sku:
            return lines
        same = [line for line in lines if line.sku == row.sku]
        return same or [line for line in lines if line.item and line.item.sku == row.sku]


def _shortage(row: ShippingRow, lines: Sequence[OrderLine], has: int) -> str:
    name = row.sku or (lines[0].sku if len(lines) == 1 else "this order")
    if not has:
        return f"Nothing of {name} is left to ship."
    return f"Only {has} of {name} can still be shipped."

"""bol.com's orders as ours. Pure. There is no order status: what is open, shipped and cancelled stands on each item.

Source: bol.com's Retailer API 10 (OpenAPI, read 2026-05), get-orders and get-order.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from channels_app.adapters.bol.values import CURRENCY, in_milliseconds, read_moment, read_money
from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.types import (
    PaymentStatus,
    RawOrder,
    RemoteCancellationRequest,
    RemoteOrder,
    RemoteOrderLine,
)

Order = Mapping[str, Any]
Item = Mapping[str, Any]

#: Shipped from bol.com's own warehouse, out of stock that lies there.
_BY_BOL = "FBB"


def our_items(order: Order) -> list[Item]:
    """Return the items that the seller fulfils; those that bol.com does are none of ours."""
    return [item for item in order.get("orderItems") or () if method_of(item) != _BY_BOL]


def method_of(item: Item) -> str:
    """Return how the item is fulfilled, which a list and a single order tell in different places."""
    return str(item.get("fulfilmentMethod") or (item.get("fulfilment") or {}).get("method") or "")


def find_item(order: Order, item_id: str) -> Item | None:
    return next((item for item in our_items(order) if str(item["orderItemId"]) == item_id), None)


def open_units(item: Item) -> int:
    return max(int(item["quantity"]) - int(item["quantityShipped"]) - int(item["quantityCancelled"]), 0)


def changed_at(order: Order) -> datetime | None:
    """Return when the newest change of any item was made, as far as bol.com says."""
    told = [item.get("latestChangedDateTime") for item in order.get("orderItems") or ()]
    return max((read_moment(text) for text in told if text), default=None)


def placed_at(order: Order) -> datetime | None:
    """Return when the buyer ordered; bol.com may leave it out."""
    told = order.get("orderPlacedDateTime")
    return read_moment(told) if told else None


def read_raw_order(order: Order) -> RawOrder:
    """Return the order as it came, under its number and the moment of its last change."""
    moment = changed_at(order) or placed_at(order)
    return RawOrder(
        remote_id=str(order["orderId"]), version=in_milliseconds(moment) if moment is not None else 0, body=order
    )


def read_order(body: Order) -> RemoteOrder:
    """Return the order that the raw body describes. Raises RejectedByChannel for a body that is no order."""
    try:
        return _order(body)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise RejectedByChannel(
            f"This order cannot be read: {type(error).__name__} {error}.", code="unreadable_order"
        ) from error


def _order(body: Order) -> RemoteOrder:
    raw = read_raw_order(body)
    items = our_items(body)
    placed = placed_at(body) or changed_at(body)
    if placed is None:
        raise ValueError("it has no date")
    return RemoteOrder(
        remote_id=raw.remote_id,
        version=raw.version,
        status=_status(items),
        payment=PaymentStatus.CLEARED,  # bol.com shows only orders that were paid
        placed_at=placed,
        currency=CURRENCY,
        tax_included=True,
        total=sum((read_money(item["totalPrice"]) for item in items), Decimal(0)),
        shipping=Decimal(0),  # to be confirmed live: that shipping fees, if any, are inside totalPrice
        lines=tuple(_line(item) for item in items),
        buyer=_buyer(body),
        ship_to=_address(body["shipmentDetails"]),
        is_accepted=True,
        cancellation_request=_cancellation_request(raw.remote_id, items, placed),
    )


def _status(items: list[Item]) -> str:
    """Return a word for the whole, which bol.com has none for."""
    still_open = sum(open_units(item) for item in items)
    shipped = sum(int(item["quantityShipped"]) for item in items)
    if still_open:
        return "PARTLY_SHIPPED" if shipped else "OPEN"
    return "SHIPPED" if shipped else "CANCELLED"


def _line(item: Item) -> RemoteOrderLine:
    offer, product = item.get("offer") or {}, item.get("product") or {}
    return RemoteOrderLine(
        remote_id=str(item["orderItemId"]),
        sku=str(offer.get("reference") or product.get("ean") or ""),
        title=str(product.get("title") or ""),
        quantity=int(item["quantity"]),
        shipped_quantity=int(item["quantityShipped"]),
        cancelled_quantity=int(item["quantityCancelled"]),
        unit_price=read_money(item["unitPrice"]),
        amount=read_money(item["totalPrice"]),
    )


def _cancellation_request(order_id: str, items: list[Item], placed: datetime) -> RemoteCancellationRequest | None:
    """Return the buyer's wish, as long as something is open. bol.com does not say when or why it came.

    So the item's last change stands for the time: a wish that comes again after it was refused is seen.
    """
    asked = [item for item in items if item.get("cancellationRequest") is True and open_units(item)]
    if not asked:
        return None
    return RemoteCancellationRequest(
        remote_id=order_id,
        reason="",
        requested_at=changed_at({"orderItems": asked}) or placed,
        lines=tuple(str(item["orderItemId"]) for item in asked),
    )


def _buyer(body: Order) -> dict[str, str]:
    """Return who bought. The e-mail address is a relay."""
    person = body.get("billingDetails") or body["shipmentDetails"]
    told = {"name": _name(person), "email": person.get("email"), "company": person.get("company")}
    return {name: str(value) for name, value in told.items() if value}


def _name(person: Mapping[str, Any]) -> str:
    return " ".join(str(person[part]) for part in ("firstName", "surname") if person.get(part))


def _address(details: Mapping[str, Any]) -> dict[str, str]:
    """Return the address under our names, without what is empty."""
    house = [details.get(part) for part in ("streetName", "houseNumber", "houseNumberExtension")]
    told = {
        "name": _name(details),
        "company": details.get("company"),
        "street": " ".join(str(part) for part in house if part),
        "street2": details.get("pickupPointName"),
        "postal_code": details.get("zipCode"),
        "city": details.get("city"),
        "country": details.get("countryCode"),
        "phone": details.get("deliveryPhoneNumber"),
        "note": details.get("extraAddressInformation"),
    }
    return {name: str(value) for name, value in told.items() if value}

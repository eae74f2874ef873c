"""Orders as the server shows them, as ours. Pure.

The status of an order stays "pending" when it was shipped or refunded; what happened stands in the quantities of its
items and in its payments. Its total shrinks with each refund, and the "original_order_total" of its summary is only
that of before the last one; what items and shipping come to stays as it was sold.
"""

from collections.abc import Mapping, Sequence
from decimal import InvalidOperation
from typing import Any

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.medusa.values import Body, read_moment, read_number
from channels_app.adapters.types import PaymentStatus, RawOrder, RemoteOrder, RemoteOrderLine

#: What is asked of an order that is read. Its items always come in full.
FIELDS = (
    "id,display_id,status,payment_status,fulfillment_status,created_at,updated_at,email,currency_code,item_total,"
    "shipping_total,items.*,items.detail.*,shipping_address.*"
)
CANCELED = "canceled"
_ENDED = frozenset((CANCELED, "archived"))
#: Money that is promised or here, also if some of it went back. Others (not_paid, awaiting, ...) may still come.
_CLEARED = frozenset(("authorized", "partially_captured", "captured", "partially_refunded", "refunded"))


def read_raw_order(body: Body) -> RawOrder:
    """Return the order with its version: the moment of its last change, which all but a capture of money moves."""
    moment = read_moment(str(body["updated_at"]))
    return RawOrder(remote_id=str(body["id"]), version=int(moment.timestamp() * 1000), body=body)


def is_unpaid(body: Body) -> bool:
    """Say whether the buyer's money may still come: that changes nothing by which the order would be seen again."""
    return payment_of(body) is PaymentStatus.PENDING and body.get("status") not in _ENDED


def payment_of(body: Body) -> PaymentStatus:
    status = body.get("payment_status")
    if status in _CLEARED:
        return PaymentStatus.CLEARED
    return PaymentStatus.FAILED if status == CANCELED else PaymentStatus.PENDING


def read_order(body: Body) -> RemoteOrder:
    """Return the order. Raises RejectedByChannel for a body that cannot be read."""
    try:
        return _order(body)
    except (AttributeError, KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise RejectedByChannel(f"This order cannot be read: {error!r}.", code="unreadable") from error


def _order(body: Body) -> RemoteOrder:
    items: Sequence[Body] = body["items"]
    address = body.get("shipping_address") or {}
    return RemoteOrder(
        remote_id=str(body["id"]),
        version=read_raw_order(body).version,
        status=_status(body),
        payment=payment_of(body),
        placed_at=read_moment(str(body["created_at"])),
        currency=str(body["currency_code"]).upper(),
        # Totals of items are what the buyer pays for them, whether their prices were given with taxes or not.
        tax_included=True,
        total=read_number(body["item_total"]) + read_number(body["shipping_total"]),
        shipping=read_number(body["shipping_total"]),
        lines=tuple(_line(item, is_cancelled=body["status"] == CANCELED) for item in items),
        buyer={
            "name": _name(address),
            "email": str(body.get("email") or ""),
            "phone": str(address.get("phone") or ""),
        },
        ship_to=_ship_to(address),
        is_accepted=True,
    )


def _status(body: Body) -> str:
    """Return the status in one word: of an order that is open, how far it has been fulfilled."""
    fulfilled = str(body.get("fulfillment_status") or "")
    return fulfilled if body["status"] == "pending" and fulfilled else str(body["status"])


def _line(item: Body, *, is_cancelled: bool) -> RemoteOrderLine:
    done: Mapping[str, Any] = item.get("detail") or {}
    quantity, shipped = int(item["quantity"]), int(done.get("shipped_quantity") or 0)
    return RemoteOrderLine(
        remote_id=str(item["id"]),
        sku=str(item.get("variant_sku") or ""),
        title=str(item.get("product_title") or item.get("title") or ""),
        quantity=quantity,
        shipped_quantity=shipped,
        cancelled_quantity=quantity - shipped if is_cancelled else 0,
        unit_price=read_number(item["unit_price"]),
        amount=read_number(item["total"]),
        tax=read_number(item.get("tax_total")),
    )


def _ship_to(address: Body) -> dict[str, str]:
    said = {
        "name": _name(address),
        "company": address.get("company"),
        "street": address.get("address_1"),
        "street2": address.get("address_2"),
        "city": address.get("city"),
        "region": address.get("province"),
        "postal_code": address.get("postal_code"),
        "country": str(address.get("country_code") or "").upper(),
        "phone": address.get("phone"),
    }
    return {name: str(value or "") for name, value in said.items()}


def _name(address: Body) -> str:
    return " ".join(str(address[name]) for name in ("first_name", "last_name") if address.get(name))

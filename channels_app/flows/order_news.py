"""What a newer version of an order changed that its page shows, told in sentences. Pure.

What we did ourselves is no news when the marketplace shows it back: units that we shipped or cancelled count already.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from channels_app.adapters.types import PaymentStatus
from channels_app.models import Order, OrderLine
from inventory.money import spell

_PAYMENT = {
    PaymentStatus.PENDING: "The payment is pending.",
    PaymentStatus.CLEARED: "The payment cleared.",
    PaymentStatus.FAILED: "The payment failed.",
}
_CALLED = "The marketplace calls the order"


@dataclass(frozen=True, slots=True, kw_only=True)
class _LineSeen:
    sku: str
    quantity: int
    shipped: int
    cancelled: int
    unit_price: Decimal
    #: Amount and tax.
    sums: tuple[Decimal, Decimal]
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the page shows of an order at one moment."""

    status: str
    payment: str
    currency: str
    total: Decimal
    shipping: Decimal
    buyer: Mapping[str, str]
    ship_to: Mapping[str, str]
    ship_by: datetime | None
    lines: Mapping[str, _LineSeen]


def seen_of(order: Order, lines: Sequence[OrderLine]) -> Seen:
    """Return what the page shows now."""
    return Seen(
        status=order.remote_status,
        payment=order.payment_status,
        currency=order.currency,
        total=order.total,
        shipping=order.shipping,
        buyer=order.buyer,
        ship_to=order.ship_to,
        ship_by=order.ship_by,
        lines={
            line.remote_id: _LineSeen(
                sku=line.sku,
                quantity=line.quantity,
                shipped=line.shipped_quantity,
                cancelled=line.cancelled_quantity,
                unit_price=line.unit_price,
                sums=(line.amount, line.tax),
                title=line.title,
            )
            for line in lines
        },
    )


def news_of(before: Seen, after: Seen, *, vanished: Collection[str] = ()) -> list[str]:
    """Return a sentence for everything that changed; what the marketplace calls the order comes last.

    `vanished` are the remote ids of lines that it listed before and lists no more.
    """
    told = list(_of_order(before, after))
    for remote_id, line in after.lines.items():
        earlier = before.lines.get(remote_id)
        if earlier is None:
            told.append(f"{line.quantity} × {line.sku} came in addition.")
        elif remote_id in vanished:
            told.append(_of_vanished(earlier))
        else:
            told += _of_line(earlier, line)
    if after.status != before.status:
        told.append(f"{_CALLED} “{after.status}”.")
    return told


def is_only_a_word(news: Sequence[str]) -> bool:
    """Say whether the marketplace calls the order by another word, and all else is as it was."""
    return len(news) == 1 and news[0].startswith(_CALLED)


def _of_order(before: Seen, after: Seen) -> Iterator[str]:
    if after.payment != before.payment:
        yield _PAYMENT[PaymentStatus(after.payment)]
    if after.buyer != before.buyer:
        yield "The buyer's details changed."
    if after.ship_to != before.ship_to:
        yield "The address changed."
    if after.ship_by != before.ship_by:
        yield "The time to ship it by changed."
    if (after.total, after.currency) != (before.total, before.currency):
        yield f"The total is {spell(after.total, after.currency)} instead of {spell(before.total, before.currency)}."
    if after.shipping != before.shipping:
        now, then = (spell(seen.shipping, seen.currency) for seen in (after, before))
        yield f"The shipping charge is {now} instead of {then}."


def _of_vanished(line: _LineSeen) -> str:
    were_open = line.quantity > line.shipped + line.cancelled
    follows = "what had not left counts as cancelled" if were_open else "nothing of it was still to ship"
    return f"The marketplace no longer lists {line.quantity} × {line.sku} in this order: {follows}."


def _of_line(before: _LineSeen, after: _LineSeen) -> Iterator[str]:
    if after.quantity != before.quantity:
        yield f"{after.quantity} × {after.sku} are ordered instead of {before.quantity}."
    if after.cancelled > before.cancelled:
        yield f"{after.cancelled - before.cancelled} × {after.sku} cancelled at the marketplace."
    elif after.cancelled < before.cancelled:
        yield f"{before.cancelled - after.cancelled} × {after.sku} no longer cancelled at the marketplace."
    if after.shipped > before.shipped:
        yield f"{after.shipped - before.shipped} × {after.sku} shipped at the marketplace."
    elif after.shipped < before.shipped:
        yield f"{before.shipped - after.shipped} × {after.sku} no longer shipped at the marketplace."
    # Of another quantity the sums are others, too.
    if after.unit_price != before.unit_price or (after.quantity == before.quantity and after.sums != before.sums):
        yield f"The price of {after.sku} changed."
    if (after.sku, after.title) != (before.sku, before.title):
        yield f"SKU or title of {after.sku} changed."

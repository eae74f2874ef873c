"""Buyers' requests to cancel, and what saying yes to one does: how many units of what, and the sum that goes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from channels_app.adapters.types import PaymentStatus
from channels_app.flows.fulfil_rules import Refundable, paid_for
from channels_app.models import CancellationRequest, Order, OrderLine
from inventory.money import spell

#: Lines that are named; of an order of many the others are counted.
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One request that nobody has decided about."""

    asked: CancellationRequest
    #: "2 × MUG-1 and 1 × CUP-1", what would be cancelled; empty: all that it is about has left or is cancelled.
    units: str
    #: What becomes of the money then, in a sentence.
    money: str


def request_rows(
    order: Order, lines: Sequence[OrderLine], requests: Sequence[CancellationRequest], *, left: Mapping[int, Refundable]
) -> list[RequestRow]:
    """Return the open ones among the order's requests. `left` is what is left to give back, by line."""
    still_open = [line for line in lines if line.open_quantity]
    nothing_left = not any(line.shipped_quantity for line in lines)
    rows = []
    for asked in requests:
        if asked.state == CancellationRequest.State.OPEN:
            about = [line for line in still_open if asked.is_about(line)]
            money = _money(order, about, left, is_whole=nothing_left and about == still_open)
            rows.append(RequestRow(asked=asked, units=_units(about), money=money))
    return rows


def _units(lines: Sequence[OrderLine]) -> str:
    named = [f"{line.open_quantity:,} × {line.sku}" for line in lines[:_MOST_NAMED]]
    if others := sum(line.open_quantity for line in lines[_MOST_NAMED:]):
        named.append(f"{others:,} more unit{'' if others == 1 else 's'}")
    return f"{', '.join(named[:-1])} and {named[-1]}" if len(named) > 1 else "".join(named)


def _money(order: Order, lines: Sequence[OrderLine], left: Mapping[int, Refundable], *, is_whole: bool) -> str:
    """Say what goes back for the open units of these lines, as far as it is known before the marketplace says it."""
    if order.payment_status == PaymentStatus.PENDING:
        return "The buyer's payment has not cleared yet."
    if order.payment_status == PaymentStatus.FAILED:
        return "The buyer's payment failed: no money goes back."
    amount = sum((_cost(order, line, left[line.pk].amount) for line in lines), Decimal(0))
    told = (
        f"The buyer gets {spell(amount, order.currency)} back"
        if amount
        else "The marketplace did not say what was paid"
    )
    if is_whole and order.shipping:
        return f"{told}; about the shipping charge of {spell(order.shipping, order.currency)} the marketplace decides."
    return f"{told}."


def _cost(order: Order, line: OrderLine, left: Decimal) -> Decimal:
    """Return what the open units of the line cost, no more than is left to give back."""
    return min(paid_for(order, line) * line.open_quantity / line.quantity, left)

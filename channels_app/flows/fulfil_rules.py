"""What may still be done to an order, and why not: read by the forms and by the flow, so that they never disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from channels_app.adapters.types import Capability, PaymentStatus
from channels_app.models import Channel, Command, LedgerState, Order, OrderLine

#: Clocks differ a little: a parcel may have left this far in our future.
_CLOCK_SKEW = timedelta(minutes=5)
#: As long as the columns.
LONGEST_TRACKING_NUMBER = 100
LONGEST_REASON = 60
ONE_PARCEL = "This marketplace takes one parcel an order: ship everything that is open."


class FulfilmentError(Exception):
    """What was asked cannot be done to this order. The message is for the seller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLine:
    """Money to give back for one line. Amounts are positive, in the order's currency."""

    line_id: int
    quantity: int = 0
    amount: Decimal = Decimal(0)
    shipping_amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refundable:
    """What is left to give back for one line."""

    amount: Decimal
    quantity: int


def why_not_tell(order: Order) -> str:
    """Return why nothing about this order is ever told to the channel, or ""."""
    if not order.is_ours:
        return (
            "This order is Third Party Managed: it was imported while Fulfillments was off, and is handled elsewhere."
        )
    return ""


def why_not_ship(order: Order, lines: Sequence[OrderLine]) -> str:
    """Return why no parcel can be recorded now, or ""."""
    if told := why_not_tell(order):
        return told
    if order.payment_status == PaymentStatus.FAILED:
        return "The buyer's payment failed: do not ship this order."
    if order.payment_status == PaymentStatus.PENDING:
        return "The buyer's payment has not cleared yet: ship once it has."
    return "" if any(line.open_quantity for line in lines) else "Everything was shipped or cancelled already."


def why_not_cancel(order: Order, lines: Sequence[OrderLine]) -> str:
    """Return why the seller can cancel nothing now, or ""."""
    if told := why_not_tell(order):
        return told
    if not any(line.open_quantity for line in lines):
        return "Everything was shipped or cancelled already."
    if not order.channel.can(Capability.CANCEL_LINE) and any(line.shipped_quantity for line in lines):
        return "This marketplace cancels whole orders only, and part of this one was shipped."
    if not any(cancellable(order.channel, line) for line in lines):
        return "This marketplace cancels whole lines only, and part of each open one was shipped."
    return ""


def cancellable(channel: Channel, line: OrderLine) -> int:
    """Return how many units of the line may be cancelled; where parts of lines cannot be, it is all of them or none."""
    if channel.can(Capability.CANCEL_PARTIAL) or not line.shipped_quantity:
        return line.open_quantity
    return 0


def check_cancellation(channel: Channel, chosen: Mapping[OrderLine, int], lines: Sequence[OrderLine]) -> None:
    """Raise FulfilmentError unless the marketplace cancels exactly this."""
    if not channel.can(Capability.CANCEL_LINE):
        words = "This marketplace cancels whole orders only: cancel everything that is open."
        check_is_everything(chosen, lines, words=words)
    if channel.can(Capability.CANCEL_PARTIAL):
        return
    for line, units in chosen.items():
        if units != cancellable(channel, line):
            raise FulfilmentError(f"This marketplace cancels whole lines only: all of {line.sku}, or none of it.")


def why_not_refund(order: Order, lines: Sequence[OrderLine], left: Mapping[int, Refundable]) -> str:
    """Return why no money can be given back from here now, or ""."""
    if told := why_not_tell(order):
        return told
    if not order.channel.can(Capability.REFUND):
        return "This marketplace takes no refunds from sellers; it refunds buyers itself."
    if not any(line.shipped_quantity for line in lines):
        return "Nothing was shipped yet: cancel the line instead."
    if not any(left[line.pk].amount > 0 for line in lines if line.shipped_quantity):
        return "Everything that was shipped has been refunded."
    return ""


def refundable(order: Order, lines: Sequence[OrderLine], commands: Sequence[Command]) -> dict[int, Refundable]:
    """Return what is left to give back, by line. `commands` are the order's."""
    refunds = [c for c in commands if c.kind == Command.Kind.REFUND and c.state != LedgerState.REJECTED]
    left = {}
    for line in lines:
        back = sum(c.quantity for c in refunds if c.line_id == line.pk)
        left[line.pk] = Refundable(
            amount=max(paid_for(order, line) - line.refunded, Decimal(0)), quantity=max(line.shipped_quantity - back, 0)
        )
    return left


def paid_for(order: Order, line: OrderLine) -> Decimal:
    """Return what the buyer paid for the line, all its units, with tax."""
    return line.amount if order.tax_included else line.amount + line.tax


def shipping_left(order: Order, commands: Sequence[Command]) -> Decimal:
    """Return what is left of the shipping charge."""
    given = sum(
        (
            c.shipping_amount or Decimal(0)
            for c in commands
            if c.kind == Command.Kind.REFUND and c.state != LedgerState.REJECTED
        ),
        Decimal(0),
    )
    return max(order.shipping - given, Decimal(0))


def check_units(wanted: Mapping[int, int], lines: Mapping[int, OrderLine]) -> dict[OrderLine, int]:
    """Return the lines asked for with their units. Raises FulfilmentError if they are not this order's, or too many."""
    if not any(wanted.values()):
        raise FulfilmentError("Enter how many units, for at least one line.")
    checked = {}
    for line_id, units in wanted.items():
        line = lines.get(line_id)
        if line is None:
            raise FulfilmentError("This order has no such line.")
        if units < 0:
            raise FulfilmentError(f"{units} units of {line.sku} make no sense.")
        if units > line.open_quantity:
            raise FulfilmentError(f"Only {line.open_quantity} of {line.sku} can still be shipped or cancelled.")
        if units:
            checked[line] = units
    return checked


def check_is_everything(chosen: Mapping[OrderLine, int], lines: Sequence[OrderLine], *, words: str) -> None:
    """Raise FulfilmentError unless `chosen` holds every open unit of the order."""
    if any(chosen.get(line, 0) != line.open_quantity for line in lines):
        raise FulfilmentError(words)


def check_choice(code: str, choices: Sequence[tuple[str, str]], *, what: str) -> str:
    """Return the name of what was chosen from the connection's list. Raises FulfilmentError if it is not there.

    A connection without a list takes any words, which are then their own name.
    """
    if not choices:
        if len(code) > LONGEST_REASON:
            raise FulfilmentError(f"The {what} may have {LONGEST_REASON} characters at most.")
        return code
    for known, name in choices:
        if known == code:
            return name
    raise FulfilmentError(f"Choose a {what} that this marketplace knows.")


def check_parcel(
    channel: Channel, *, carrier_code: str, carrier_name: str, tracking_number: str, shipped_at: datetime, now: datetime
) -> str:
    """Return the carrier's name. Raises FulfilmentError if the marketplace would not take the parcel like this."""
    if channel.choices("carriers"):
        carrier_name = check_choice(carrier_code, channel.choices("carriers"), what="carrier")
    if channel.can(Capability.TRACKING_REQUIRED) and not tracking_number:
        raise FulfilmentError("This marketplace wants a tracking number.")
    if len(tracking_number) > LONGEST_TRACKING_NUMBER:
        raise FulfilmentError(f"A tracking number has {LONGEST_TRACKING_NUMBER} characters at most.")
    if shipped_at > now + _CLOCK_SKEW:
        raise FulfilmentError("A parcel cannot have left in the future.")
    return carrier_name[:100]

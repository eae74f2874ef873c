"""What is told to the server about an order, and the look at it that makes each call repeatable.

Medusa knows no idempotency keys. A parcel takes two calls: units are fulfilled, then they ship with their tracking
number. A refund names an amount and may carry a note: ours holds the key of the command.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel
from channels_app.adapters.medusa.client import MedusaClient, quoted
from channels_app.adapters.medusa.orders import CANCELED
from channels_app.adapters.medusa.places import Places
from channels_app.adapters.medusa.values import Body, build_amount, read_moment, read_number
from channels_app.adapters.types import CommandLineResult, CommandResult, OrderCommand, Outcome, Verb

#: What is asked of an order before something is done to it.
_FIELDS = (
    "id,status,items.*,fulfillments.id,fulfillments.shipped_at,fulfillments.canceled_at,"
    "fulfillments.items.line_item_id,fulfillments.items.quantity,fulfillments.labels.tracking_number,"
    "payment_collections.payments.id,payment_collections.payments.amount,payment_collections.payments.captured_at,"
    "payment_collections.payments.canceled_at,payment_collections.payments.refunds.amount,"
    "payment_collections.payments.refunds.note"
)
#: The server's moments and ours, put on one clock, agree to about this.
_AGREE = timedelta(seconds=5)
#: What was shipped so shortly before could be this command's doing or an earlier one's.
_UNSURE = timedelta(minutes=2)


class OrderDesk:
    """Does what is commanded, for one account."""

    def __init__(self, client: MedusaClient, places: Places) -> None:
        self._client = client
        self._places = places

    def read(self, command: OrderCommand) -> dict[str, Any]:
        """Return the order as it stands. Raises RejectedByChannel if the server does not know it."""
        return dict(self._client.get("order", _path(command), {"fields": _FIELDS})["order"])

    # --- ship ---------------------------------------------------------------------------------------------------------

    def ship(self, command: OrderCommand) -> CommandResult:
        """The units are fulfilled and have shipped. Units that are fulfilled already, by us or by hand, only ship."""
        order = self.read(command)
        waiting = next((one for one in _parcels(order, command) if not one.get("shipped_at")), None)
        number = str(waiting["id"]) if waiting else self._fulfil(command, order)
        body = {
            "items": _items(command),
            "labels": [{"tracking_number": command.tracking_number, "tracking_url": "", "label_url": ""}],
        }
        path = f"{_path(command)}/fulfillments/{quoted(number)}/shipments"
        self._client.write("ship", path, body, fields="id")
        return accepted(command)

    def _fulfil(self, command: OrderCommand, order: Body) -> str:
        """Return the number of the fulfillment that was made. One flavour answers with it, the other with the order."""
        body: dict[str, Any] = {"items": _items(command), "location_id": self._places.location_id}
        if self._client.flavour.asks_for_shipping:
            body["requires_shipping"] = True
        before = {one["id"] for one in order.get("fulfillments") or ()}
        answer = self._client.write("fulfil", f"{_path(command)}/fulfillments", body, fields=_FIELDS)
        made = [answer["fulfillment"]] if "fulfillment" in answer else _parcels(answer["order"], command)
        new = [str(one["id"]) for one in made if one["id"] not in before]
        if len(new) != 1:
            raise OutcomeUnknown("The server does not say which fulfillment it made.", code="nothing_said")
        return new[0]

    def _find_shipped(self, command: OrderCommand, order: Body) -> CommandResult | None:
        """Return that such a parcel shipped since it was sent, or None. Raises OutcomeUnknown if that is not clear."""
        for parcel in _parcels(order, command):
            numbers = {str(label.get("tracking_number") or "") for label in parcel.get("labels") or ()}
            shipped_at = parcel.get("shipped_at")
            if shipped_at and command.tracking_number in (numbers or {""}) and self._is_since(command, str(shipped_at)):
                return accepted(command)
        return None

    def _is_since(self, command: OrderCommand, moment: str) -> bool:
        if command.sent_at is None:
            raise OutcomeUnknown("It is not known when this was sent.", code="no_date")
        before = command.sent_at + (self._client.clock_ahead or timedelta()) - read_moment(moment)
        if before <= _AGREE:
            return True
        if before <= _UNSURE and not command.tracking_number:
            raise OutcomeUnknown("The server shows the like of this, shipped at about the same time.", code="unclear")
        return False

    # --- cancel -------------------------------------------------------------------------------------------------------

    def cancel(self, command: OrderCommand) -> CommandResult:
        """The whole order is cancelled: single lines or units cannot be."""
        order = self.read(command)
        if order.get("status") == CANCELED:
            return accepted(command)
        ordered = {str(item["id"]): int(item["quantity"]) for item in order["items"]}
        if ordered != {line.line_remote_id: line.quantity for line in command.lines}:
            raise RejectedByChannel("Here only whole orders can be cancelled.", code="whole_order_only")
        self._client.write("cancel", f"{_path(command)}/cancel", {}, fields="id")
        return accepted(command)

    # --- refund -------------------------------------------------------------------------------------------------------

    def refund(self, command: OrderCommand, *, key: str) -> CommandResult:
        """The money is on its way back; what was only authorized is captured first, since nothing else can be."""
        payment = _payment_for(_amount(command), self.read(command))
        path = f"/payments/{quoted(str(payment['id']))}"
        if not payment.get("captured_at"):
            self._client.write("capture", f"{path}/capture", {}, fields="id")
        body = {"amount": build_amount(_amount(command)), "note": _note(key)}
        self._client.write("refund", f"{path}/refund", body, fields="id")
        return accepted(command)

    # --- find ---------------------------------------------------------------------------------------------------------

    def find(self, command: OrderCommand, *, key: str) -> CommandResult | None:
        """Return what the order shows of the command; None if nothing, or half of a parcel, which is done on then."""
        order = self.read(command)
        if command.verb is Verb.SHIP:
            return self._find_shipped(command, order)
        if command.verb is Verb.REFUND:
            notes = [refund.get("note") for payment in _payments(order) for refund in payment.get("refunds") or ()]
            return accepted(command) if _note(key) in notes else None
        return accepted(command) if order.get("status") == CANCELED else None


def accepted(command: OrderCommand) -> CommandResult:
    """Return that every line of the command was done."""
    return CommandResult(
        results=tuple(
            CommandLineResult(line_remote_id=line.line_remote_id, outcome=Outcome.ACCEPTED) for line in command.lines
        )
    )


def _path(command: OrderCommand) -> str:
    return f"/orders/{quoted(command.order_remote_id)}"


def _items(command: OrderCommand) -> list[dict[str, Any]]:
    return [{"id": line.line_remote_id, "quantity": line.quantity} for line in command.lines]


def _parcels(order: Body, command: OrderCommand) -> Sequence[Mapping[str, Any]]:
    """Return the order's living fulfillments of exactly these units."""
    wanted = {line.line_remote_id: line.quantity for line in command.lines}
    return [
        one
        for one in order.get("fulfillments") or ()
        if not one.get("canceled_at")
        and {str(item["line_item_id"]): int(item["quantity"]) for item in one.get("items") or ()} == wanted
    ]


def _payments(order: Body) -> list[dict[str, Any]]:
    return [
        payment
        for collection in order.get("payment_collections") or ()
        for payment in (collection or {}).get("payments") or ()
        if not payment.get("canceled_at")
    ]


def _payment_for(amount: Decimal, order: Body) -> dict[str, Any]:
    """Return a payment of which so much is left. Medusa itself is generous: it gives back a cent too much."""
    payments = _payments(order)
    for one in payments:
        if _left(one) >= amount:
            return one
    most = max(map(_left, payments), default=Decimal(0))
    raise RejectedByChannel(f"Of what the buyer paid {most} is left, less than {amount}.", code="too_much")


def _left(payment: Body) -> Decimal:
    given_back = sum((read_number(one.get("amount")) for one in payment.get("refunds") or ()), Decimal(0))
    return read_number(payment.get("amount")) - given_back


def _amount(command: OrderCommand) -> Decimal:
    return sum((part for line in command.lines for part in (line.amount, line.shipping_amount) if part), Decimal(0))


def _note(key: str) -> str:
    return f"Refund {key}"

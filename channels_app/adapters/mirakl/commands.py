"""The calls that change an order, and the look at it where Mirakl's state machine has the last word."""

from collections.abc import Callable, Mapping
from typing import Any

from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel
from channels_app.adapters.mirakl import bodies, evidence
from channels_app.adapters.mirakl.client import PAGE, MiraklClient, quoted
from channels_app.adapters.mirakl.orders import (
    SHIPPING,
    UNPAID,
    WAITING_ACCEPTANCE,
    Order,
    cancelled_units,
    has_shipped,
    lines_of,
    state_of,
)
from channels_app.adapters.types import CommandLineResult, CommandResult, OrderCommand, Outcome, Verb


class OrderDesk:
    """Does what is commanded at one shop. `parcels` says that the operator takes several parcels an order."""

    def __init__(self, client: MiraklClient, *, parcels: bool) -> None:
        self._client = client
        self._parcels = parcels

    def read(self, order_id: str) -> Order:
        """Return the order as it stands. Raises RejectedByChannel if the operator does not know it."""
        page = self._client.get("order", "/api/orders", {"order_ids": order_id})
        for order in page.get("orders") or ():
            if str(order.get("order_id")) == order_id:
                return dict(order)
        raise RejectedByChannel("The marketplace does not know this order (any more).", code="no_such_order")

    # --- accept -------------------------------------------------------------------------------------------------------

    def accept(self, command: OrderCommand) -> CommandResult:
        """The lines are accepted. Refused, the order is read: it says which lines really wait, if any still do."""
        line_ids = [line.line_remote_id for line in command.lines]
        try:
            self._decide(command, bodies.build_decisions(line_ids))
        except RejectedByChannel as error:
            return self._accept_what_waits(command, line_ids, error)
        return evidence.results_for(command, Outcome.ACCEPTED)

    def _accept_what_waits(self, command: OrderCommand, tried: list[str], error: RejectedByChannel) -> CommandResult:
        order = self.read(command.order_remote_id)
        waiting = evidence.waiting_ids(order)
        if not waiting:
            found = evidence.find_acceptance(command, order)
            assert found is not None  # nothing waits
            return found
        if sorted(waiting) == sorted(tried):
            raise error
        self._decide(command, bodies.build_decisions(waiting))
        return evidence.results_for(command, Outcome.ACCEPTED)

    def _decide(self, command: OrderCommand, body: Mapping[str, Any]) -> None:
        self._client.do("accept", "PUT", f"/api/orders/{quoted(command.order_remote_id)}/accept", body)

    # --- ship ---------------------------------------------------------------------------------------------------------

    def ship(self, command: OrderCommand) -> CommandResult:
        """The parcel is told. Refused, the order is read: it may have left already, or wait for the buyer's money."""
        try:
            return self._ship_parcel(command) if self._parcels else self._ship_order(command)
        except RejectedByChannel as error:
            return self._why_not_shipped(command, error)

    def _ship_order(self, command: OrderCommand) -> CommandResult:
        path = f"/api/orders/{quoted(command.order_remote_id)}"
        if tracking := bodies.build_tracking(command):
            self._client.do("tracking", "PUT", f"{path}/tracking", tracking)
        self._client.do("ship", "PUT", f"{path}/ship")
        return evidence.results_for(command, Outcome.ACCEPTED)

    def _ship_parcel(self, command: OrderCommand) -> CommandResult:
        """A success of the call says nothing of the parcel: that stands inside."""
        answer = self._client.write("shipments", "POST", "/api/shipments", bodies.build_shipment(command))
        for error in answer.get("shipment_errors") or ():
            raise RejectedByChannel(str(error.get("message") or "The marketplace refused the parcel."))
        if not answer.get("shipment_success"):
            raise OutcomeUnknown("The marketplace says nothing of the parcel.", code="nothing_said")
        return evidence.results_for(command, Outcome.ACCEPTED)

    def _why_not_shipped(self, command: OrderCommand, error: RejectedByChannel) -> CommandResult:
        order = self.read(command.order_remote_id)
        if found := evidence.find_shipping(command, order):
            return found
        lines = evidence.commanded(command, order)
        if any(state_of(line) in UNPAID for line in lines):
            return evidence.results_for(command, Outcome.TRY_AGAIN, reason="The buyer has not paid yet.")
        if order.get("can_shop_ship") is False and any(state_of(line) == SHIPPING for line in lines):
            reason = "The marketplace does not let the shop ship this order."
            return evidence.results_for(command, Outcome.REJECTED, code="no_shop_shipping", reason=reason)
        raise error

    # --- cancel and refund --------------------------------------------------------------------------------------------

    def cancel(self, command: OrderCommand) -> CommandResult:
        """The units are cancelled; lines that wait for acceptance are refused instead."""
        order = self.read(command.order_remote_id)
        states = [state_of(bodies.find_line(order, line)) for line in command.lines]
        if all(state == WAITING_ACCEPTANCE for state in states):
            return self._refuse(command, order)
        if order.get("can_cancel") is False:
            reason = f"The marketplace does not let the shop cancel an order that is {order.get('order_state')}."
            return evidence.results_for(command, Outcome.REJECTED, code="cannot_cancel", reason=reason)
        if not all(line.reason for line in command.lines):
            return self._cancel_order(command, order)
        answer = self._client.write("cancel", "PUT", "/api/orders/cancel", bodies.build_cancelations(command, order))
        return _told(answer.get("cancelations"), lambda one: str(one.get("cancelation_id") or ""))

    def _cancel_order(self, command: OrderCommand, order: Order) -> CommandResult:
        """The order is cancelled: the one call that takes no reason. Parts of it need one."""
        if not _is_all_of(order, command):
            reason = "The marketplace wants a reason, and gives shops none: cancel the whole order, or there."
            return evidence.results_for(command, Outcome.REJECTED, code="no_reason", reason=reason)
        self._client.do("cancel_order", "PUT", f"/api/orders/{quoted(command.order_remote_id)}/cancel")
        return evidence.results_for(command, Outcome.ACCEPTED)

    def _refuse(self, command: OrderCommand, order: Order) -> CommandResult:
        """The lines are refused. All that wait must be decided in one go, so the others are accepted."""
        if any(line.quantity < int(bodies.find_line(order, line)["quantity"]) for line in command.lines):
            reason = "Until an order is accepted, only whole lines of it can be refused."
            return evidence.results_for(command, Outcome.REJECTED, code="whole_lines_only", reason=reason)
        refused = {line.line_remote_id for line in command.lines}
        self._decide(command, bodies.build_decisions(evidence.waiting_ids(order), refused=refused))
        return evidence.results_for(command, Outcome.ACCEPTED)

    def refund(self, command: OrderCommand) -> CommandResult:
        """The money is given back. The result's code holds the two numbers that Mirakl gives a refund."""
        order = self.read(command.order_remote_id)
        answer = self._client.write("refund", "PUT", "/api/orders/refund", bodies.build_refunds(command, order))
        return _told(answer.get("refunds"), lambda one: f"{one.get('refund_id')}/{one.get('order_refund_id')}")

    # --- find ---------------------------------------------------------------------------------------------------------

    def find(self, command: OrderCommand) -> CommandResult | None:
        """Return what the order shows of the command. Raises OutcomeUnknown if that is not clear."""
        order = self.read(command.order_remote_id)
        ahead = self._client.clock_ahead
        if command.verb is Verb.REFUND:
            sent = bodies.build_refunds(command, order)["refunds"]
            return evidence.find_refunds(command, sent, order, clock_ahead=ahead)
        if command.verb is Verb.SHIP:
            return evidence.find_shipping(command, order) or self._find_parcel(command)
        if command.verb is Verb.CANCEL:
            sent = bodies.build_cancelations(command, order)["cancelations"]
            return evidence.find_cancelations(command, sent, order, clock_ahead=ahead)
        return evidence.find_acceptance(command, order)

    def _find_parcel(self, command: OrderCommand) -> CommandResult | None:
        if not self._parcels:
            return None
        of_order = {"order_id": command.order_remote_id, "limit": PAGE}
        shipments = self._client.get("find_shipments", "/api/shipments", of_order).get("data") or ()
        return evidence.find_parcel(command, shipments, clock_ahead=self._client.clock_ahead)


def _is_all_of(order: Order, command: OrderCommand) -> bool:
    """Say whether the command is about every unit of the order that is not cancelled, and none has left."""
    units = {str(line["order_line_id"]): int(line["quantity"]) - cancelled_units(line) for line in lines_of(order)}
    asked = {line.line_remote_id: line.quantity for line in command.lines}
    return asked == {line: left for line, left in units.items() if left} and not any(map(has_shipped, lines_of(order)))


def _told(rows: object, number: Callable[[Mapping[str, Any]], str]) -> CommandResult:
    """Return the lines that the answer names as done; one that it leaves out is looked for."""
    done = rows if isinstance(rows, list) else []
    return CommandResult(
        results=tuple(
            CommandLineResult(line_remote_id=str(one["order_line_id"]), outcome=Outcome.ACCEPTED, code=number(one))
            for one in done
        )
    )

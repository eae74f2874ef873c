"""What is told to bol.com about orders and returns, and how it is found again after a lost answer.

Every call is answered with a process status. bol.com knows no idempotency keys, so a parcel carries ours as its
reference, cancellations show on the item, and decisions on the return; a process that still runs is found by what it is
about.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from channels_app.adapters.bol.choices import BUYER_ASKED
from channels_app.adapters.bol.client import BolClient, quoted, rows_of
from channels_app.adapters.bol.orders import Order, find_item, open_units
from channels_app.adapters.bol.processes import MOST_AT_ONCE, PENDING, SUCCESS, Status, Told, read_handle, told_of
from channels_app.adapters.bol.returns import find_return_item, read_decision
from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel, SettingsError, TemporaryError
from channels_app.adapters.types import CommandLine, CommandResult, OrderCommand, Outcome, Verb

#: Most items of an order that one parcel may name.
ITEMS_AT_ONCE = 100
_PROCESSES = "/shared/process-status"

Part = Sequence[CommandLine]


class OrderDesk:
    """Does what is commanded for one account."""

    def __init__(self, client: BolClient) -> None:
        self._client = client

    # --- doing --------------------------------------------------------------------------------------------------------

    def ship(self, command: OrderCommand, *, key: str) -> CommandResult:
        """The parcel is told, with our key as its reference."""

        def call(part: Part) -> Status:
            return self._client.write("ship", "POST", "/retailer/shipments", build_shipment(command, part, key=key))

        lines = command.lines
        return _in_turn([lines[at : at + ITEMS_AT_ONCE] for at in range(0, len(lines), ITEMS_AT_ONCE)], call, Told())

    def cancel(self, command: OrderCommand) -> CommandResult:
        """The items are cancelled, one call each; what the order shows already, or forbids, is not asked for."""
        told, left = Told(), []
        order = self._order(command)
        for line in command.lines:
            if not _is_decided(order, line, told):
                left.append([line])
        return _in_turn(left, self._cancel_item, told)

    def _cancel_item(self, part: Part) -> Status:
        body = {"orderItems": [{"orderItemId": part[0].line_remote_id, "reasonCode": part[0].reason or BUYER_ASKED}]}
        return self._client.write("cancel", "PUT", "/retailer/orders/cancellation", body)

    def answer_cancellation(self, command: OrderCommand) -> CommandResult:
        """A wish that is granted is a cancellation. To refuse it there is nothing to say: one ships."""
        if command.approve_request:
            return self.cancel(command)
        return _all(command, Outcome.ACCEPTED)

    def handle_return(self, command: OrderCommand) -> CommandResult:
        """The decision about each line of the return is told."""

        def call(part: Part) -> Status:
            line = part[0]
            body = {"handlingResult": line.reason, "quantityReturned": line.quantity}
            return self._client.write("handle_return", "PUT", f"/retailer/returns/{quoted(line.line_remote_id)}", body)

        return _in_turn([[line] for line in command.lines], call, Told())

    def poll(self, handles: Sequence[str]) -> dict[str, CommandResult]:
        """Return what became of the processes behind these handles, up to 1,000 in one call."""
        asked = sorted({process for handle in handles for process in read_handle(handle)})
        statuses: dict[str, Status] = {}
        for start in range(0, len(asked), MOST_AT_ONCE):
            queries = [{"processStatusId": process} for process in asked[start : start + MOST_AT_ONCE]]
            found = self._client.find_by("process_status", _PROCESSES, {"processStatusQueries": queries})
            rows = rows_of(found, "processStatuses") if found is not None else []
            statuses |= {str(row.get("processStatusId")): row for row in rows}
        return {handle: told_of(handle, statuses) for handle in handles}

    # --- finding ------------------------------------------------------------------------------------------------------

    def find(self, command: OrderCommand, *, key: str) -> CommandResult | None:
        """Return what a command did whose answer was lost, or None. A line that shows nothing of it is done again.

        Raises OutcomeUnknown if bol.com says that it shipped an item, and does not show the parcel yet.
        """
        if command.verb is Verb.SHIP:
            told = self._find_parcel(command, key=key)
        elif command.verb is Verb.HANDLE_RETURN:
            told = self._find_decisions(command)
        elif command.verb is Verb.ANSWER_CANCELLATION and not command.approve_request:
            return _all(command, Outcome.ACCEPTED)
        else:
            told = self._find_cancellations(command)
        if not told:
            return None
        told.note(
            [line.line_remote_id for line in command.lines if not told.knows(line.line_remote_id)], Outcome.TRY_AGAIN
        )
        return told.as_result()

    def _find_parcel(self, command: OrderCommand, *, key: str) -> Told:
        """Note the lines that stand in a parcel with our key, or in a process that runs.

        One call tells of all lines. So if bol.com shows some of them alone, nobody knows about the others.
        """
        told = Told()
        page = self._client.get("shipments", "/retailer/shipments", {"order-id": command.order_remote_id})
        parcels = rows_of(page, "shipments")
        ours = [parcel for parcel in parcels if parcel.get("shipmentReference") == key]
        ids = [line.line_remote_id for line in command.lines]
        missing = [item_id for item_id in ids if not _count_holding(ours, item_id)]
        told.note([item_id for item_id in ids if item_id not in missing], Outcome.ACCEPTED)
        shown = {item_id: _count_holding(parcels, item_id) for item_id in missing}
        running = next((one for item_id in missing if (one := self._running_parcel(item_id, shown[item_id]))), None)
        if running is not None:
            told.note_process(missing, running)
        elif missing and told:
            raise OutcomeUnknown("bol.com shows only some items of this parcel.", code="partly_shown")
        return told

    def _running_parcel(self, item_id: str, shown: int) -> Status | None:
        """Return the shipment of this item that still runs, or None.

        Raises OutcomeUnknown if more of them have succeeded than parcels with it are shown.
        """
        statuses = self._statuses(item_id, "CREATE_SHIPMENT")
        if sum(one.get("status") == SUCCESS for one in statuses) > shown:
            raise OutcomeUnknown("bol.com says that this was shipped, and does not show the parcel.", code="not_shown")
        return _running(statuses)

    def _find_cancellations(self, command: OrderCommand) -> Told:
        """An item that is open and has no process that runs was not cancelled; asking again does no harm."""
        told, order = Told(), self._order(command)
        for line in command.lines:
            if not _is_decided(order, line, told):
                self._note_running(line.line_remote_id, "CANCEL_ORDER", told)
        return told

    def _find_decisions(self, command: OrderCommand) -> Told:
        told = Told()
        return_id = command.return_remote_id.partition("/")[0]
        one = self._client.find("return", f"/retailer/returns/{quoted(return_id)}") or {}
        for line in command.lines:
            item = find_return_item(one, line.line_remote_id)
            if item is not None and read_decision(item) == line.reason:
                told.note([line.line_remote_id], Outcome.ACCEPTED)
            else:
                self._note_running(line.line_remote_id, "HANDLE_RETURN_ITEM", told)
        return told

    def _note_running(self, entity: str, event: str, told: Told) -> None:
        running = _running(self._statuses(entity, event))
        if running is not None:
            told.note_process([entity], running)

    def _statuses(self, entity: str, event: str) -> list[dict[str, Any]]:
        """Return what became of such calls about `entity`, as far as bol.com still knows."""
        page = self._client.find("find_process", _PROCESSES, {"entity-id": entity, "event-type": event})
        return rows_of(page, "processStatuses") if page is not None else []

    def _order(self, command: OrderCommand) -> Order:
        return self._client.get("order", f"/retailer/orders/{quoted(command.order_remote_id)}")


def _in_turn(parts: Sequence[Part], call: Callable[[Part], Status], told: Told) -> CommandResult:
    """Return what became of one call a part. A refusal is its own; what could not be tried any more is sent again.

    Raises what stopped it if nothing was sent before.
    """
    for place, part in enumerate(parts):
        ids = [line.line_remote_id for line in part]
        try:
            status = call(part)
        except RejectedByChannel as error:
            told.note(ids, Outcome.REJECTED, code=error.code, reason=str(error))
        except (TemporaryError, SettingsError) as error:
            if not told:
                raise
            left = [line.line_remote_id for later in parts[place:] for line in later]
            told.note(left, Outcome.TRY_AGAIN, code=error.code, reason=str(error))
            break
        else:
            if not status.get("processStatusId"):
                raise OutcomeUnknown("bol.com took it, and gives no number to ask about.", code="no_number")
            told.note_process(ids, status)
    return told.as_result()


def build_shipment(command: OrderCommand, lines: Part, *, key: str) -> dict[str, Any]:
    """Return the body of a shipping notice."""
    transport = {"transporterCode": command.carrier_code or "OTHER"}
    if command.tracking_number:
        transport["trackAndTrace"] = command.tracking_number
    return {
        "orderItems": [{"orderItemId": line.line_remote_id, "quantity": line.quantity} for line in lines],
        "shipmentReference": key,
        "transport": transport,
    }


def _is_decided(order: Order, line: CommandLine, told: Told) -> bool:
    """Note what the order says of a cancellation before it is asked for. Returns whether it says anything.

    To be confirmed live: what a cancellation does to an item of which a part has shipped. So it is not asked for.
    """
    ids = [line.line_remote_id]
    item = find_item(order, line.line_remote_id)
    if item is None:
        told.note(ids, Outcome.REJECTED, code="no_such_item", reason="bol.com does not know this item (any more).")
        return True
    still_open, shipped = open_units(item), int(item["quantityShipped"])
    if not still_open and not shipped:
        told.note(ids, Outcome.ACCEPTED)
    elif not still_open:
        told.note(ids, Outcome.REJECTED, code="shipped", reason="This item was shipped already.")
    elif shipped:
        reason = "bol.com cancels whole items only, and part of this one was shipped."
        told.note(ids, Outcome.REJECTED, code="whole_items_only", reason=reason)
    elif line.quantity != still_open:
        reason = f"bol.com cancels whole items only: all {still_open} of it, or none."
        told.note(ids, Outcome.REJECTED, code="whole_items_only", reason=reason)
    else:
        return False
    return True


def _running(statuses: Sequence[Status]) -> Status | None:
    return next((one for one in statuses if one.get("status") == PENDING and one.get("processStatusId")), None)


def _count_holding(parcels: Sequence[Mapping[str, Any]], item_id: str) -> int:
    """Return how many of these parcels hold the item."""
    held = [[str(item.get("orderItemId")) for item in parcel.get("shipmentItems") or ()] for parcel in parcels]
    return sum(item_id in items for items in held)


def _all(command: OrderCommand, outcome: Outcome) -> CommandResult:
    told = Told()
    told.note([line.line_remote_id for line in command.lines], outcome)
    return told.as_result()

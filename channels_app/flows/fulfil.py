"""What the seller does to an order: parcels, cancellations, refunds, answers. Recorded at once, told afterwards.

Each function writes its rows, its commands and its stock in one transaction. It is idempotent by the form's key: a
double click records one. Third Party Managed orders are never touched.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from channels_app.adapters.types import Capability
from channels_app.flows import attention
from channels_app.flows.fulfil_rules import (
    ONE_PARCEL,
    FulfilmentError,
    RefundLine,
    check_cancellation,
    check_choice,
    check_is_everything,
    check_parcel,
    check_units,
    refundable,
    shipping_left,
    why_not_cancel,
    why_not_refund,
    why_not_ship,
    why_not_tell,
)
from channels_app.flows.opened import Actor, OpenOrder, opened_order, refuse
from channels_app.flows.reservation import held_by_lines
from channels_app.flows.restock import put_back
from channels_app.models import (
    CancellationRequest,
    Command,
    LedgerState,
    Order,
    OrderLine,
    Shipment,
    ShipmentLine,
)


def record_shipment(
    order: Order,
    *,
    key: UUID,
    lines: Mapping[int, int],
    carrier_code: str,
    carrier_name: str = "",
    tracking_number: str = "",
    shipped_at: datetime,
    actor: Actor,
    now: datetime,
) -> Shipment:
    """The parcel is recorded, its units have left the stock whatever the channel answers, and the channel will be told.

    `lines` maps line ids to units. Raises FulfilmentError.
    """
    tracking_number = tracking_number.strip()
    with opened_order(order.pk, actor=actor, now=now) as held:
        if known := Shipment.objects.filter(key=key, order=held.order).first():
            return known
        refuse(why_not_ship(held.order, held.all_lines))
        channel = held.order.channel
        chosen = check_units(lines, held.lines)
        if not channel.can(Capability.SHIP_PARTIAL):
            check_is_everything(chosen, held.all_lines, words=ONE_PARCEL)
        carrier_name = check_parcel(
            channel,
            carrier_code=carrier_code,
            carrier_name=carrier_name,
            tracking_number=tracking_number,
            shipped_at=shipped_at,
            now=now,
        )
        shipment = Shipment.objects.create(
            channel_id=held.order.channel_id,
            order=held.order,
            key=key,
            carrier_code=carrier_code,
            carrier_name=carrier_name,
            tracking_number=tracking_number,
            shipped_at=shipped_at,
            created_at=now,
            created_by_id=actor.pk if actor else None,
        )
        _take_from_stock(held, chosen, shipment)
        Command.objects.bulk_create(
            held.command(Command.Kind.SHIP, line, key, quantity=units, shipment=shipment)
            for line, units in chosen.items()
        )
        held.save_status()
    return shipment


def _take_from_stock(held: OpenOrder, chosen: Mapping[OrderLine, int], shipment: Shipment) -> None:
    """The units leave the shelf where they were reserved; the parcel names the place if it was one."""
    before = held_by_lines(list(chosen))
    for line, units in chosen.items():
        line.shipped = line.shipped_quantity + units
        line.save(update_fields=["shipped"])
    held.rebalance(list(chosen))
    after = held_by_lines(list(chosen))
    parts = []
    for line, units in chosen.items():
        was = before.get(line.pk, {})
        places = [
            place
            for place, now in after.get(line.pk, {}).items()
            if now.gone > (was[place].gone if place in was else 0)
        ]
        place_id = places[0] if len(places) == 1 else None
        parts.append(ShipmentLine(shipment=shipment, line=line, quantity=units, location_id=place_id))
    ShipmentLine.objects.bulk_create(parts)


def cancel_lines(
    order: Order, *, key: UUID, lines: Mapping[int, int], reason_code: str, actor: Actor, now: datetime
) -> list[Command]:
    """These units are cancelled and their stock is free; the channel will be told. Raises FulfilmentError."""
    with opened_order(order.pk, actor=actor, now=now) as held:
        if known := held.recorded(key):
            return known
        refuse(why_not_cancel(held.order, held.all_lines))
        channel = held.order.channel
        chosen = check_units(lines, held.lines)
        check_cancellation(channel, chosen, held.all_lines)
        check_choice(reason_code, channel.choices("cancel_reasons"), what="reason")
        commands = Command.objects.bulk_create(
            held.command(Command.Kind.CANCEL, line, key, quantity=units, reason_code=reason_code)
            for line, units in chosen.items()
        )
        _cancel(held, chosen)
    return commands


def _cancel(held: OpenOrder, chosen: Mapping[OrderLine, int]) -> None:
    for line, units in chosen.items():
        line.cancelled = line.cancelled_quantity + units
        line.save(update_fields=["cancelled"])
    held.rebalance(list(chosen))
    held.save_status()


def refund_lines(
    order: Order,
    *,
    key: UUID,
    lines: Sequence[RefundLine],
    reason_code: str,
    restock: bool,
    actor: Actor,
    now: datetime,
) -> list[Command]:
    """The money is recorded as given back and the channel will be told; with `restock` the units are on hand again.

    Raises FulfilmentError.
    """
    with opened_order(order.pk, actor=actor, now=now) as held:
        if known := held.recorded(key):
            return known
        wanted = [line for line in lines if line.amount or line.shipping_amount or line.quantity]
        _check_refund(held, wanted)
        check_choice(reason_code, held.order.channel.choices("refund_reasons"), what="reason")
        commands = []
        for asked in wanted:
            line = held.lines[asked.line_id]
            line.refunded += asked.amount
            line.save(update_fields=["refunded"])
            commands.append(
                held.command(
                    Command.Kind.REFUND,
                    line,
                    key,
                    quantity=asked.quantity,
                    amount=asked.amount,
                    shipping_amount=asked.shipping_amount,
                    reason_code=reason_code,
                    restock=restock,
                )
            )
        Command.objects.bulk_create(commands)
        if restock:
            put_back(held, {held.lines[asked.line_id]: asked.quantity for asked in wanted if asked.quantity}, key=key)
    return commands


def _check_refund(held: OpenOrder, wanted: Sequence[RefundLine]) -> None:
    order, commands = held.order, list(held.order.commands.all())
    left = refundable(order, held.all_lines, commands)
    refuse(why_not_refund(order, held.all_lines, left))
    if not any(asked.amount or asked.shipping_amount for asked in wanted):
        raise FulfilmentError("Enter an amount to refund, for at least one line.")
    if len({asked.line_id for asked in wanted}) < len(wanted):
        raise FulfilmentError("A line is named twice.")
    for asked in wanted:
        line = held.lines.get(asked.line_id)
        if line is None:
            raise FulfilmentError("This order has no such line.")
        if min(asked.amount, asked.shipping_amount) < 0 or asked.quantity < 0:
            raise FulfilmentError("Amounts and units of a refund are positive.")
        if not line.shipped_quantity:
            raise FulfilmentError(f"{line.sku} was not shipped: cancel it instead.")
        if asked.amount > left[line.pk].amount:
            raise FulfilmentError(f"Only {left[line.pk].amount:.2f} {order.currency} of {line.sku} is left to refund.")
        if asked.quantity > left[line.pk].quantity:
            raise FulfilmentError(f"Only {left[line.pk].quantity} of {line.sku} can still come back.")
        if not order.channel.can(Capability.REFUND_PARTIAL) and asked.amount != left[line.pk].amount:
            whole = f"{left[line.pk].amount:.2f} {order.currency}"
            raise FulfilmentError(f"This marketplace refunds whole lines only: {whole} for {line.sku}.")
    of_shipping, most = sum((asked.shipping_amount for asked in wanted), Decimal(0)), shipping_left(order, commands)
    if of_shipping > most:
        raise FulfilmentError(f"Only {most:.2f} {order.currency} of the shipping charge is left to refund.")


def answer_cancellation(
    request: CancellationRequest, *, approve: bool, actor: Actor, now: datetime
) -> CancellationRequest:
    """The buyer's request is decided and the channel will be told; approved units are cancelled and their stock free.

    The same answer again changes nothing. Raises FulfilmentError.
    """
    decision = CancellationRequest.State.APPROVED if approve else CancellationRequest.State.REFUSED
    with opened_order(request.order_id, actor=actor, now=now) as held:
        request = CancellationRequest.objects.select_for_update().get(pk=request.pk)
        if request.state == decision:
            return request
        refuse(why_not_tell(held.order))
        if request.state == CancellationRequest.State.WITHDRAWN:
            raise FulfilmentError("The buyer no longer asks for this.")
        if request.state != CancellationRequest.State.OPEN:
            raise FulfilmentError(f"This request was {request.get_state_display().lower()} already.")
        asked = [line for line in held.all_lines if request.is_about(line)]
        still_open = {line: line.open_quantity for line in asked if line.open_quantity}
        if approve and not still_open:
            raise FulfilmentError("Everything was shipped or cancelled already: refuse the request instead.")
        group = uuid.uuid4()
        Command.objects.bulk_create(
            held.command(
                Command.Kind.ANSWER_CANCELLATION,
                line,
                group,
                quantity=line.open_quantity,
                approve_request=approve,
                request=request,
            )
            for line in (still_open if approve else asked)
        )
        request.state, request.decided_at = decision, now
        request.decided_by_id = actor.pk if actor else None
        request.save()
        if approve:
            _cancel(held, still_open)
    return request


def send_again(order: Order, *, group_key: UUID, actor: Actor, now: datetime) -> int:
    """What the channel refused will be sent once more, as a new call. Returns the lines; none if none was refused.

    Only shipping notices and acceptances: a refused cancellation or refund was taken back and is entered anew.
    """
    with opened_order(order.pk, actor=actor, now=now) as held:
        refuse(why_not_tell(held.order))
        refused = held.order.commands.filter(
            group_key=group_key,
            state=LedgerState.REJECTED,
            kind__in=[Command.Kind.SHIP, Command.Kind.ACCEPT],
        )
        said = [attention.refused(row.kind, row.line.sku, row.reason) for row in refused.select_related("line")]
        held.order.attention = attention.raised(held.order.attention, before=said, after=[])
        held.order.save(update_fields=["attention"])
        return refused.update(
            state=LedgerState.PENDING,
            group_key=uuid.uuid4(),
            handle="",
            attempts=0,
            not_before=None,
            overdue=False,
            code="",
            reason="",
            created_at=now,
            sent_at=None,
            closed_at=None,
        )


def dismiss_attention(order: Order) -> None:
    """A person has looked: nothing stands against the order until something new happens."""
    Order.objects.filter(pk=order.pk).update(attention="")

"""What the order page shows: lines, what may be done, and everything that happened, newest first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from channels_app.flows.attention import command_name
from channels_app.flows.carriers import last_used
from channels_app.flows.decide_return import why_not_decide
from channels_app.flows.fulfil_rules import (
    refundable,
    shipping_left,
    why_not_cancel,
    why_not_refund,
    why_not_ship,
)
from channels_app.models import (
    CancellationRequest,
    Command,
    LedgerState,
    Order,
    OrderLine,
    RawOrder,
    Return,
    ReturnLine,
)
from channels_app.order_forms import CancelForm, LinkForm, RefundForm, ReturnForm, ShipForm
from channels_app.views.order_list import next_to_ship
from inventory.models import Seller
from inventory.money import quantize

#: Versions shown in the timeline.
_VERSIONS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to an order, or that the channel was told."""

    at: datetime
    text: str
    note: str = ""
    by: str = ""
    #: A ledger state with its words, for what was told to the channel.
    state: str = ""
    state_text: str = ""
    #: What can be sent again.
    group_key: UUID | None = None
    #: What a person must look for at the marketplace.
    lost_key: UUID | None = None
    #: The parcel that left.
    parcel: UUID | None = None


def build_context(seller: Seller, order: Order, *, bound: Any = None, can_manage: bool) -> dict[str, Any]:
    """Return everything the order template shows. `bound` is a form with errors, in place of a fresh one."""
    lines = list(order.lines.select_related("item", "location").order_by("pk"))
    commands = list(order.commands.select_related("line", "created_by").order_by("pk"))
    requests = list(order.cancellation_requests.select_related("decided_by").order_by("-pk"))
    left, of_shipping = refundable(order, lines, commands), shipping_left(order, commands)
    why = {
        "ship": why_not_ship(order, lines),
        "cancel": why_not_cancel(order, lines),
        "refund": why_not_refund(order, lines, left),
    }
    carrier = last_used(order.channel) if can_manage and not why["ship"] else ""
    fresh: dict[str, Any] = {
        "ship": ShipForm(None, order=order, lines=lines, carrier=carrier),
        "cancel": CancelForm(None, order=order, lines=lines),
        "refund": RefundForm(None, order=order, lines=lines, left=left, shipping=of_shipping),
    }
    if bound is not None and bound.prefix in fresh:
        fresh[bound.prefix] = bound
    return {
        "order": order,
        "channel": order.channel,
        "lines": [(line, LinkForm(initial={"line": n})) for n, line in enumerate(lines, start=1)],
        "forms": {name: form for name, form in fresh.items() if can_manage and not why[name]},
        "why": why,
        "open_dialog": bound.prefix if bound is not None else "",
        "returns": return_rows(order, bound=bound, can_manage=can_manage),
        "requests": [one for one in requests if one.state == CancellationRequest.State.OPEN],
        "problems": order.attention.splitlines(),
        "address": address_lines(order.ship_to),
        "timeline": timeline(order, commands, requests),
        "can_manage": can_manage,
        "next_to_ship": next_to_ship(seller, order) if can_manage else None,
        "waits_for_channel": not order.channel.is_running and any(c.state == LedgerState.PENDING for c in commands),
    }


def why_form_is_gone(context: Mapping[str, Any], form: Any) -> str:
    """Return why a form that was sent no longer stands on the page, since nothing is left to do with it, or ""."""
    if form.prefix in context["why"]:
        return "" if form.prefix in context["forms"] else context["why"][form.prefix]
    shown = any(row.form is form for row in context["returns"])
    return "" if shown else "Everything in this return was decided already."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRow:
    """One return with what was decided about its lines, and the form for the rest."""

    of_return: Return
    #: Each line with the words of its decision, or "".
    lines: Sequence[tuple[ReturnLine, str]]
    form: ReturnForm | None
    why_not: str


def return_rows(order: Order, *, bound: Any = None, can_manage: bool) -> list[ReturnRow]:
    """Return the order's returns, newest first."""
    names = dict(order.channel.choices("return_decisions"))
    rows = []
    for one in order.returns.prefetch_related("lines__order_line").order_by("-requested_at", "-pk"):
        lines = sorted(one.lines.all(), key=lambda line: line.pk)
        why = why_not_decide(order, lines)
        form = ReturnForm(None, of_return=one, lines=lines, channel=order.channel)
        if bound is not None and bound.prefix == form.prefix:
            form = bound
        rows.append(
            ReturnRow(
                of_return=one,
                lines=[(line, names.get(line.decision, line.decision)) for line in lines],
                form=form if can_manage and not why else None,
                why_not=why if any(not line.decision for line in lines) else "",
            )
        )
    return rows


#: Parts of an address, those of one line together.
_ADDRESS = (("name",), ("company",), ("street",), ("street2",), ("postal_code", "city", "region"), ("country",))
#: Where the town stands before its code.
_TOWN_FIRST = {"AU", "CA", "GB", "IE", "IN", "NZ", "US"}


def address_lines(ship_to: Mapping[str, str]) -> list[str]:
    """Return an address as it is written on a parcel; parts that we do not know come last."""
    lines = [[ship_to[name] for name in names if ship_to.get(name)] for names in _ADDRESS]
    if ship_to.get("country", "").upper() in _TOWN_FIRST and ship_to.get("postal_code"):
        lines[4] = [*lines[4][1:], lines[4][0]]
    known = {name for names in _ADDRESS for name in names}
    others = [value for name, value in ship_to.items() if value and name not in known]
    return [" ".join(line) for line in lines if line] + others


def timeline(order: Order, commands: Sequence[Command], requests: Iterable[CancellationRequest]) -> list[Event]:
    """Return what happened, newest first."""
    events = [Event(at=order.placed_at, text="The buyer placed the order.")]
    events += _of_versions(order)
    events += _of_requests(requests)
    events += _of_shipments(order)
    events += _of_returns(order)
    events += _of_commands(order, commands)
    # Of what happened at the same moment, the consequence stands above its cause.
    return sorted(events, key=lambda event: event.at)[::-1]


def _of_versions(order: Order) -> Iterable[Event]:
    raws = RawOrder.objects.filter(channel_id=order.channel_id, remote_id=order.remote_id).defer("body")
    words = {
        RawOrder.State.DONE: "The order had changed at the marketplace, and was downloaded again.",
        RawOrder.State.OLDER: "A version was downloaded that is older than what we have.",
        RawOrder.State.NEW: "A version was downloaded and waits to be read.",
        RawOrder.State.NEEDS_ATTENTION: "A version was downloaded that could not be read.",
    }
    for number, raw in enumerate(raws.order_by("fetched_at", "pk")[:_VERSIONS]):
        text = words[RawOrder.State(raw.state)]
        if number == 0 and raw.state == RawOrder.State.DONE:
            text = "The order was downloaded, and its stock reserved."
        yield Event(at=raw.fetched_at, text=text, note=raw.reason)


def _of_requests(requests: Iterable[CancellationRequest]) -> Iterable[Event]:
    for request in requests:
        yield Event(at=request.requested_at, text="The buyer asked to cancel.", note=request.reason)
        if request.decided_at is not None:
            text = f"The request to cancel: {request.get_state_display().lower()}."
            yield Event(at=request.decided_at, text=text, by=_name(request.decided_by))


def _of_shipments(order: Order) -> Iterable[Event]:
    for parcel in order.shipments.select_related("created_by").prefetch_related("lines__line", "lines__location"):
        held = ", ".join(f"{part.quantity} × {part.line.sku}" for part in parcel.lines.all())
        note = " ".join(part for part in (parcel.carrier_name, parcel.tracking_number) if part)
        by = _name(parcel.created_by)
        yield Event(at=parcel.created_at, text=f"A parcel left: {held}.", note=note, by=by, parcel=parcel.public_id)


def _of_returns(order: Order) -> Iterable[Event]:
    for one in order.returns.prefetch_related("lines__order_line"):
        lines = one.lines.all()
        about = ", ".join(f"{line.quantity} × {line.name}" for line in lines)
        note = "; ".join(": ".join(filter(None, (line.reason, line.comment))) for line in lines if line.reason)
        yield Event(at=one.requested_at, text=f"The buyer sends back: {about}.", note=note)


def _subject(command: Command, currency: str) -> str:
    """Return what a command is about: an amount, or units, of a line."""
    if command.kind == Command.Kind.REFUND:
        amount = (command.amount or Decimal(0)) + (command.shipping_amount or Decimal(0))
        return f"{quantize(amount, currency):,} {currency} for {command.line.sku}"
    return f"{command.quantity} × {command.line.sku}" if command.quantity else command.line.sku


def _of_commands(order: Order, commands: Sequence[Command]) -> Iterable[Event]:
    ordered = sorted(commands, key=lambda c: (str(c.group_key), c.state, c.pk))
    for _, group in groupby(ordered, key=lambda c: (c.group_key, c.state)):
        rows = list(group)
        first = rows[0]
        about = ", ".join(_subject(row, order.currency) for row in rows)
        kind = command_name(first.kind)
        if first.kind == Command.Kind.ANSWER_CANCELLATION:
            kind = "yes to the cancellation request" if first.approve_request else "no to the cancellation request"
        refused = first.state == LedgerState.REJECTED and first.kind in (Command.Kind.SHIP, Command.Kind.ACCEPT)
        yield Event(
            at=first.closed_at or first.sent_at or first.created_at,
            text=f"Told to the marketplace: {kind}, {about}.",
            note=first.reason,
            by=_name(first.created_by),
            state=first.state,
            state_text=LedgerState(first.state).label,
            group_key=first.group_key if refused else None,
            lost_key=first.group_key if first.is_lost else None,
        )


def _name(user: Any) -> str:
    return user.get_username() if user is not None else ""


def find_lines(order: Order) -> list[OrderLine]:
    """Return the order's lines in the order in which forms number them."""
    return list(order.lines.select_related("item").order_by("pk"))

"""What the order page shows: lines, what may be done, and everything that happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels_app.flows.carriers import last_used
from channels_app.flows.decide_return import why_not_decide
from channels_app.flows.fulfil_rules import (
    refundable,
    shipping_left,
    why_not_cancel,
    why_not_refund,
    why_not_ship,
)
from channels_app.flows.sheet import changes, sheet_of
from channels_app.models import LedgerState, Order, OrderLine, Return, ReturnLine
from channels_app.order_forms import CancelForm, LinkForm, NoteForm, RefundForm, ReturnForm, ShipForm
from channels_app.views.order_list import next_to_ship
from channels_app.views.order_requests import request_rows
from channels_app.views.order_timeline import timeline
from inventory.tenancy import SellerRequest


def build_context(request: SellerRequest, order: Order, *, bound: Any = None) -> dict[str, Any]:
    """Return everything the order template shows. `bound` is a form with errors, in place of a fresh one."""
    can_manage = request.membership.can_manage
    lines = list(order.lines.select_related("item", "location").order_by("pk"))
    commands = list(order.commands.select_related("line", "created_by").order_by("pk"))
    requests = list(order.cancellation_requests.select_related("decided_by").order_by("-pk"))
    notes = list(order.notes.select_related("author").order_by("pk"))
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
        "requests": request_rows(order, lines, requests, left=left),
        "problems": order.attention.splitlines(),
        "slip_changes": _slip_changes(order, lines),
        "address": address_lines(order.ship_to),
        "timeline": timeline(order, commands, requests, notes),
        "note_words": f"{len(notes)} note{'' if len(notes) == 1 else 's'}" if notes else "",
        "note_form": bound if isinstance(bound, NoteForm) else NoteForm(),
        "can_manage": can_manage,
        "next_to_ship": next_to_ship(request.seller, order) if can_manage else None,
        "waits_for_channel": not order.channel.is_running and any(c.state == LedgerState.PENDING for c in commands),
    }


def _slip_changes(order: Order, lines: Sequence[OrderLine]) -> list[str]:
    """Return what makes the slip that was printed wrong, a sentence each."""
    if not order.is_slip_wrong or order.printed_sheet is None:
        return []
    return list(changes(order.printed_sheet, sheet_of(order, lines)))


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


def find_lines(order: Order) -> list[OrderLine]:
    """Return the order's lines in the order in which forms number them."""
    return list(order.lines.select_related("item").order_by("pk"))

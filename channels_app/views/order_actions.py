"""What is done to an order: find, form, one flow call, message, redirect. A form that fails is shown again with 422."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from channels_app.flows.decide_return import decide_return
from channels_app.flows.fulfil import (
    answer_cancellation,
    cancel_lines,
    dismiss_attention,
    record_shipment,
    refund_lines,
    send_again,
)
from channels_app.flows.fulfil_rules import FulfilmentError, refundable, shipping_left
from channels_app.flows.lost_commands import settle_lost
from channels_app.flows.orders import LinkError, link_line
from channels_app.models import Order
from channels_app.order_forms import CancelForm, LinkForm, RefundForm, ReturnForm, ShipForm
from channels_app.views.order_list import next_to_ship
from channels_app.views.order_page import build_context, find_lines, why_form_is_gone
from channels_app.views.orders import find_order
from inventory.models import Item, Role
from inventory.tenancy import SellerRequest, seller_page
from inventory.views.back import back_to_activity
from marketplace_integration import clock


@require_POST
@seller_page(Role.MANAGER)
def order_ship(request: SellerRequest, order: UUID) -> HttpResponse:
    """Record a parcel."""
    found = find_order(request, order)
    # "Left at" is entered in the seller's zone, like all times on the page.
    with timezone.override(ZoneInfo(request.seller.time_zone)):
        form = ShipForm(request.POST, order=found, lines=find_lines(found))
        form.is_valid()

    def act() -> None:
        now = clock.now()
        record_shipment(
            found,
            key=form.cleaned_data["key"],
            lines=form.units(),
            **form.carrier,
            tracking_number=form.cleaned_data["tracking_number"],
            shipped_at=form.cleaned_data["shipped_at"] or now,
            actor=request.membership.user,
            now=now,
        )

    answer = _done(request, found, form, act, "The parcel is recorded. The marketplace is being told.")
    if answer.status_code == HTTPStatus.FOUND and (following := next_to_ship(request.seller, found)):
        url = reverse("order", args=[request.seller.slug, following.public_id])
        messages.info(request, format_html('Next to ship: <a href="{}">{}</a>', url, following.remote_id))
    return answer


@require_POST
@seller_page(Role.MANAGER)
def order_cancel(request: SellerRequest, order: UUID) -> HttpResponse:
    """Cancel units of lines."""
    found = find_order(request, order)
    form = CancelForm(request.POST, order=found, lines=find_lines(found))

    def act() -> None:
        cancel_lines(
            found,
            key=form.cleaned_data["key"],
            lines=form.units(),
            reason_code=form.cleaned_data["reason"],
            actor=request.membership.user,
            now=clock.now(),
        )

    return _done(request, found, form, act, "Cancelled. The stock is free again, and the marketplace is being told.")


@require_POST
@seller_page(Role.MANAGER)
def order_refund(request: SellerRequest, order: UUID) -> HttpResponse:
    """Give money back."""
    found = find_order(request, order)
    lines, commands = find_lines(found), list(found.commands.all())
    form = RefundForm(
        request.POST,
        order=found,
        lines=lines,
        left=refundable(found, lines, commands),
        shipping=shipping_left(found, commands),
    )

    def act() -> None:
        refund_lines(
            found,
            key=form.cleaned_data["key"],
            lines=form.refund_lines(),
            reason_code=form.cleaned_data["reason"],
            restock=form.cleaned_data["restock"],
            actor=request.membership.user,
            now=clock.now(),
        )

    return _done(request, found, form, act, "The refund is recorded. The marketplace is being told.")


def _done(request: SellerRequest, order: Order, form: Any, act: Callable[[], None], success: str) -> HttpResponse:
    """Act if the form is valid; show the page again, the form open, if it is not or if the flow refuses."""
    if _seen_before(order, form):
        messages.success(request, "That is recorded already.")
        return _back(request, order)
    if form.is_valid():
        try:
            act()
        except FulfilmentError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, success)
            return _back(request, order)
    context = build_context(request, order, bound=form)
    gone = why_form_is_gone(context, form)
    if gone:
        messages.error(request, gone)
        return _back(request, order)
    return render(request, "channels_app/order.html", context, status=422)


def _seen_before(order: Order, form: Any) -> bool:
    """Say whether this very form was sent before: its lines may be shipped by now, so its fields no longer fit."""
    form.is_valid()
    key = form.cleaned_data.get("key")
    return key is not None and order.commands.filter(group_key=key).exists()


@require_POST
@seller_page(Role.MANAGER)
def order_answer(request: SellerRequest, order: UUID, pk: int) -> HttpResponse:
    """Answer a buyer's request to cancel."""
    found = find_order(request, order)
    asked = get_object_or_404(found.cancellation_requests, pk=pk)
    decision = request.POST.get("decision")
    if decision not in ("approve", "refuse"):
        return HttpResponseBadRequest("Approve or refuse.")
    approve = decision == "approve"
    try:
        answer_cancellation(asked, approve=approve, actor=request.membership.user, now=clock.now())
    except FulfilmentError as error:
        messages.error(request, str(error))
    else:
        words = "Approved: what had not left is cancelled." if approve else "Refused: the order goes on."
        messages.success(request, f"{words} The marketplace is being told.")
    return _back(request, found)


@require_POST
@seller_page(Role.MANAGER)
def order_return(request: SellerRequest, order: UUID, pk: int) -> HttpResponse:
    """Decide about lines of a return."""
    found = find_order(request, order)
    asked = get_object_or_404(found.returns, pk=pk)
    lines = list(asked.lines.select_related("order_line").order_by("pk"))
    form = ReturnForm(request.POST, of_return=asked, lines=lines, channel=found.channel)

    def act() -> None:
        decide_return(
            asked,
            key=form.cleaned_data["key"],
            decisions=form.decisions(),
            restock=form.cleaned_data["restock"],
            actor=request.membership.user,
            now=clock.now(),
        )

    return _done(request, found, form, act, "Decided. The marketplace is being told.")


@require_POST
@seller_page(Role.MANAGER)
def order_link(request: SellerRequest, order: UUID) -> HttpResponse:
    """Link a line with an unknown SKU to one of the seller's items."""
    found = find_order(request, order)
    form = LinkForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Enter the SKU of one of your items.")
        return _back(request, found)
    lines = dict(enumerate(find_lines(found), start=1))
    if form.cleaned_data["line"] not in lines:
        raise Http404("No such line.")
    sku = form.cleaned_data["sku"].strip()
    item = Item.objects.filter(seller=request.seller, sku=sku).first()
    if item is None:
        messages.error(request, f"You have no item with the SKU {sku}.")
        return _back(request, found)
    try:
        link_line(lines[form.cleaned_data["line"]], item, actor=request.membership.user, now=clock.now())
    except LinkError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The line is about {sku} now, and its stock is reserved.")
    return _back(request, found)


@require_POST
@seller_page(Role.MANAGER)
def order_dismiss(request: SellerRequest, order: UUID) -> HttpResponse:
    """A person has looked at what needed attention."""
    found = find_order(request, order)
    dismiss_attention(found)
    messages.success(request, "Marked as seen.")
    return _back(request, found)


@require_POST
@seller_page(Role.MANAGER)
def order_send_again(request: SellerRequest, order: UUID, group_key: UUID) -> HttpResponse:
    """What the marketplace refused is sent once more."""
    found = find_order(request, order)
    try:
        count = send_again(found, group_key=group_key, actor=request.membership.user, now=clock.now())
    except FulfilmentError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "It is being sent again." if count else "There was nothing to send again.")
    return back_to_activity(request) or _back(request, found)


@require_POST
@seller_page(Role.MANAGER)
def order_settle_lost(request: SellerRequest, order: UUID, group_key: UUID) -> HttpResponse:
    """A person says what they saw at the marketplace of something whose answer was lost."""
    found = find_order(request, order)
    seen = request.POST.get("seen")
    if seen not in ("done", "not_done"):
        return HttpResponseBadRequest("Say whether it was done.")
    try:
        count = settle_lost(
            found, group_key=group_key, was_done=seen == "done", actor=request.membership.user, now=clock.now()
        )
    except FulfilmentError as error:
        messages.error(request, str(error))
    else:
        words = "Noted: it counts as done." if seen == "done" else "It is being sent again."
        messages.success(request, words if count else "That was cleared up already.")
    return _back(request, found)


def _back(request: SellerRequest, order: Order) -> HttpResponse:
    return redirect("order", request.seller.slug, order.public_id)

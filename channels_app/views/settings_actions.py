"""The settings page's single buttons: deactivate, remove, ask support, run a job now, and the parts htmx asks for."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST
from django_fsm import TransitionNotAllowed

from channels_app.flows import activate, change_requests, jobs, permissions
from channels_app.flows.permissions import Action, NotAllowed
from channels_app.forms import AskSupportForm, DeactivateForm
from channels_app.models import ChangeRequest, Channel, ChannelJob
from channels_app.views.example import build_example
from channels_app.views.find import find_channel
from channels_app.views.settings_page import COUNT_LIMIT, label_effect
from channels_app.views.settings_save import build_parts
from inventory import labels
from inventory.models import Label, Role
from inventory.paging import number_in, text_in
from inventory.tenancy import SellerRequest, seller_page
from inventory.views.back import back_to_activity
from marketplace_integration import clock


@require_POST
@seller_page(Role.OWNER)
def channel_deactivate(request: SellerRequest, channel: UUID) -> HttpResponse:
    """Back to Setup; the listings are left, set to 0 or ended as chosen."""
    found = find_channel(request, channel)
    form = DeactivateForm(request.POST, prefix="deactivate")
    if not form.is_valid():
        messages.error(request, "Choose what should happen to the listings. The channel is still active.")
        return _back(request, found)
    try:
        activate.deactivate(found, choice=form.cleaned_data["choice"], actor=request.membership.user, now=clock.now())
    except TransitionNotAllowed:
        messages.info(request, "This channel is not active.")
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The channel is deactivated. Its settings are kept.")
    return _back(request, found)


@require_POST
@seller_page(Role.OWNER)
def channel_remove(request: SellerRequest, channel: UUID) -> HttpResponse:
    """A channel in Setup is gone from all pages; its orders and history stay."""
    found = find_channel(request, channel)
    try:
        activate.archive(found, actor=request.membership.user, now=clock.now())
    except NotAllowed as error:
        messages.error(request, str(error))
        return _back(request, found)
    messages.success(request, f"{found.name} is removed. Its orders and history are kept.")
    return redirect("marketplaces", request.seller.slug)


@require_POST
@seller_page(Role.MANAGER)
def channel_ask(request: SellerRequest, channel: UUID) -> HttpResponse:
    """Support has the request; its answer will stand on the settings page."""
    found = find_channel(request, channel)
    form = AskSupportForm(list(ChangeRequest.What.choices), request.POST)
    if not form.is_valid():
        messages.error(request, "Not sent: say what should change, and why.")
        return _back(request, found, "requests")
    try:
        change_requests.ask(found, **form.cleaned_data, actor=request.membership.user, now=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Support has your request. The answer will stand on this page.")
    return _back(request, found, "requests")


@require_POST
@seller_page(Role.MANAGER)
def channel_withdraw_request(request: SellerRequest, channel: UUID, pk: int) -> HttpResponse:
    """The seller no longer asks."""
    found = find_channel(request, channel)
    asked = get_object_or_404(ChangeRequest, channel=found, pk=pk)
    try:
        change_requests.withdraw(asked, actor=request.membership.user, now=clock.now())
    except (change_requests.AlreadyDecided, NotAllowed) as error:
        messages.info(request, str(error))
    else:
        messages.success(request, "Your request is withdrawn.")
    return _back(request, found, "requests")


@require_POST
@seller_page(Role.MANAGER)
def channel_run_now(request: SellerRequest, channel: UUID, kind: str) -> HttpResponse:
    """The job is due now."""
    found = find_channel(request, channel)
    job = get_object_or_404(ChannelJob, channel=found, kind=kind)
    try:
        permissions.require(found, request.membership.user, Action.RUN_NOW)
    except NotAllowed as error:
        messages.error(request, str(error))
        return _back(request, found, "frequency")
    if job.enabled:
        jobs.run_now(job, now=clock.now())
        messages.success(request, f"{job.get_kind_display()}: starts within seconds.")
    else:
        messages.error(request, f"{job.get_kind_display()} is switched off.")
    return back_to_activity(request) or _back(request, found, "frequency")


@require_GET
@seller_page()
def channel_label_summary(request: SellerRequest, channel: UUID) -> HttpResponse:
    """Say how many items the chosen label holds and, on a running channel, how many listings begin and end."""
    found = find_channel(request, channel)
    chosen = number_in(request.GET.get("label-label", ""))
    label = Label.objects.filter(seller=request.seller, pk=chosen).first() if chosen is not None else None
    context: dict[str, Any] = {"channel": found, "label": label}
    if label is not None and found.is_running and label != found.label:
        context["effect"] = label_effect(found, label)
    elif label is not None:
        context["label_count"] = labels.member_count(label, limit=COUNT_LIMIT)
    return render(request, "channels_app/label_summary.html", context)


@require_GET
@seller_page()
def channel_example(request: SellerRequest, channel: UUID) -> HttpResponse:
    """Show step by step what the rules, as they stand in the form, send for one SKU."""
    found = find_channel(request, channel)
    parts = build_parts(found, permissions.actor_of_role(request.membership.role), request.GET)
    example = build_example(found, text_in(request.GET.get("sku", "")), parts["quantity"], parts["price"])
    return render(request, "channels_app/example.html", {"channel": found, "example": example})


def _back(request: SellerRequest, channel: Channel, anchor: str = "") -> HttpResponse:
    response = redirect("channel_settings", request.seller.slug, channel.public_id)
    if anchor:
        response["Location"] += f"#{anchor}"
    return response

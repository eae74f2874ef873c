"""Listings of a channel: what should be shown, what the marketplace confirmed, and why the two differ."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from channels_app.flows import brake
from channels_app.flows.permissions import Action, NotAllowed, actor_of_role, allowed, require
from channels_app.flows.resend import send_again
from channels_app.models import Channel
from channels_app.views.find import find_channel
from channels_app.views.ledger import find_alarm
from channels_app.views.listing_rows import (
    MOST_FOUND,
    MOST_TOLD,
    SHOW,
    ListingsAsked,
    count_rows,
    find_skus,
    page_of_rows,
    read_rows,
)
from inventory.models import Role
from inventory.paging import text_in
from inventory.templatetags.ui import count
from inventory.tenancy import SellerRequest, seller_page
from marketplace_integration import clock


@seller_page()
def channel_listings(request: SellerRequest, channel: UUID) -> HttpResponse:
    """Show one page of the channel's SKUs; before activation, what would be sent."""
    found, now = find_channel(request, channel), clock.now()
    asked = ListingsAsked.of(request.GET)
    show, words = asked
    skus = find_skus(found, words) if words else None
    page = page_of_rows(found, show, request.GET, skus)
    context = {
        "channel": found,
        "rows": read_rows(found, [row.sku for row in page.rows], now=now),
        "page": page,
        "show": show,
        "tabs": _tabs(found, show, request.GET),
        "words": words,
        "filter_query": urlencode({name: value for name, value in (("show", show), ("sku", words)) if value}),
        "is_cut": skus is not None and len(skus) > MOST_FOUND + 1,
        "most": MOST_FOUND,
        "held": brake.held(found, now=now),
        "alarm": find_alarm(found, now=now),
        "may_manage": allowed(found.state, actor_of_role(request.membership.role), Action.RUN_NOW),
    }
    return render(request, "channels_app/channel_listings.html", context)


def _tabs(channel: Channel, current: str, query: QueryDict) -> list[dict[str, Any]]:
    """Return the filters as tabs; what is searched for stays."""
    counts, asked = count_rows(channel), query.copy()
    for name in ("after", "before"):
        asked.pop(name, None)
    tabs = []
    for show, text in SHOW.items():
        asked["show"] = show
        told = count(counts[show], MOST_TOLD) if counts.get(show) else ""
        tabs.append({"text": text, "url": f"?{asked.urlencode()}", "is_current": show == current, "count": told})
    return tabs


@require_POST
@seller_page(Role.MANAGER)
def channel_send_again(request: SellerRequest, channel: UUID) -> HttpResponse:
    """What was refused of the ticked SKUs is tried once more."""
    found = find_channel(request, channel)
    skus = [text_in(sku) for sku in request.POST.getlist("sku")]
    try:
        count = send_again(found, skus, actor=request.membership.user, now=clock.now())
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{count} will be sent again." if count else "Nothing of these was refused.")
    return _back(request, found)


@require_POST
@seller_page(Role.MANAGER)
def channel_withdrawals(request: SellerRequest, channel: UUID) -> HttpResponse:
    """The endings that the brake holds go out, or are put off for a day."""
    found = find_channel(request, channel)
    try:
        require(found, request.membership.user, Action.DECIDE_WITHDRAWALS)
    except NotAllowed as error:
        messages.error(request, str(error))
        return _back(request, found)
    if request.POST.get("decision") == "release":
        count = brake.release(found, actor=request.membership.user, now=clock.now())
        messages.success(request, f"{count:,} listings will be ended.")
    else:
        count = brake.dismiss(found, actor=request.membership.user, now=clock.now())
        messages.success(request, f"{count:,} listings stay as they are. You will be asked again tomorrow.")
    return _back(request, found)


def _back(request: SellerRequest, channel: Channel) -> HttpResponse:
    response = redirect("channel_listings", request.seller.slug, channel.public_id)
    if request.POST.get("show") in SHOW:
        response["Location"] += f"?show={request.POST['show']}"
    return response

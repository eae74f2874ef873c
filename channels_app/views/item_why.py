"""Why one channel shows what it shows of one item, now or at a past moment."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from channels_app.views.find import find_channel
from channels_app.views.moments import JUMPS, in_address, in_field, moment_in
from channels_app.views.why_page import build_context
from inventory.tenancy import SellerRequest, seller_page
from inventory.views.find import find_item
from marketplace_integration import clock


@seller_page()
def item_why(request: SellerRequest, public_id: UUID, channel: UUID) -> HttpResponse:
    """Show it; `at` names a past moment."""
    item, found, now = find_item(request, public_id), find_channel(request, channel), clock.now()
    asked = request.GET.get("at", "")
    at = moment_in(asked, request.seller, now=now)
    context = {
        "field": in_field(at or now, request.seller),
        "was_misread": bool(asked) and at is None,
        "jumps": [(f"?at={in_address(now - span)}", words) for span, words in JUMPS],
        **build_context(item, found, at=at, now=now),
    }
    return render(request, "channels_app/item_why.html", context)

"""How an item stands on every channel: a part of the item's page, which lies a floor below and asks by address."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from channels_app.flows.standing import stand
from channels_app.models import Channel
from inventory.tenancy import SellerRequest, seller_page
from inventory.views.find import find_item
from marketplace_integration import clock


@seller_page()
def item_listings(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Show for every channel what is wanted, confirmed and shown, or why the item is not listed there."""
    item = find_item(request, public_id)
    channels = Channel.objects.select_related("label").filter(seller=request.seller, archived_at=None)
    standings = stand(item, list(channels.order_by("name", "pk")), now=clock.now())
    context = {
        "item": item,
        "listed": [one for one in standings if one.wanted or one.shown],
        "others": [one for one in standings if not (one.wanted or one.shown)],
    }
    return render(request, "channels_app/item_listings.html", context)

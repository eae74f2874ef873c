"""What the channels show of one item: a part of the item's page, which lies a floor below and asks by address."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from channels_app.models import Listing
from inventory.models import Item
from inventory.tenancy import SellerRequest, seller_page


@seller_page()
def item_listings(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Show the item's listing on every channel that has, or had, one."""
    item = get_object_or_404(Item, seller=request.seller, public_id=public_id)
    rows = Listing.objects.filter(item=item, channel__archived_at=None).select_related("channel")
    return render(
        request, "channels_app/item_listings.html", {"item": item, "listings": rows.order_by("channel__name")}
    )

"""Finding the seller's own rows: what belongs to others does not exist here."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from channels_app.models import Channel
from inventory.tenancy import SellerRequest


def find_channel(request: SellerRequest, public_id: UUID) -> Channel:
    """Return the channel with its seller and label. Raises Http404 for other sellers' channels and removed ones."""
    rows = Channel.objects.select_related("label").filter(seller=request.seller, archived_at=None)
    channel = get_object_or_404(rows, public_id=public_id)
    channel.seller = request.seller
    return channel

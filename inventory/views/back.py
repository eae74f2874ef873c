"""Where a button leads that stands on several pages."""

from django.http import HttpResponse
from django.shortcuts import redirect

from inventory.tenancy import SellerRequest


def back_to_activity(request: SellerRequest) -> HttpResponse | None:
    """Return the way back for a button that was pressed on Activity, None for others."""
    return redirect("activity", request.seller.slug) if request.POST.get("from") == "activity" else None

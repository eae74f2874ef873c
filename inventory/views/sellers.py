"""The first page after signing in: the seller's own, or a choice between several."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from inventory.models import Seller


@login_required
def choose_seller(request: HttpRequest) -> HttpResponse:
    """Lead to the only seller there is for this person; else show which there are."""
    sellers = list(Seller.objects.of(request.user).order_by("name"))
    if len(sellers) == 1:
        return redirect("home", sellers[0].slug)
    return render(request, "inventory/choose_seller.html", {"sellers": sellers})

"""Where a button leads that stands on several pages, and where somebody goes on who was led aside."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from inventory.tenancy import SellerRequest


def back_to_activity(request: SellerRequest) -> HttpResponse | None:
    """Return the way back for a button that was pressed on Activity, None for others."""
    return redirect("activity", request.seller.slug) if request.POST.get("from") == "activity" else None


def asked_for(request: HttpRequest) -> str:
    """Return the address of this site that `next` names, in the form or in the address; empty if it names none."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    is_here = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if is_here else ""


def site_of(request: HttpRequest) -> str:
    """Return the site as this browser knows it, for links in letters: "https://shop.example.com"."""
    return request.build_absolute_uri("/").rstrip("/")

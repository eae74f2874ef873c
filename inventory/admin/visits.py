"""Visits to sellers' pages: beginning one with a reason, ending it, and the record of all."""

from typing import cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, reverse
from django.views.decorators.http import require_POST

from inventory.admin.asking import ask
from inventory.admin.base import SellerRowsAdmin
from inventory.admin.values import spell
from inventory.models import Seller, SupportVisit
from inventory.shelves import DESK
from inventory.support import MINUTES, CannotVisit, end_visit, find_visit, start_visit
from inventory.views.back import asked_for
from marketplace_integration import clock


class VisitForm(forms.Form):
    """Why, and for how long."""

    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="Kept on record; the seller reads it on the Team page.",
    )
    minutes = forms.TypedChoiceField(
        label="How long",
        coerce=int,
        choices=[(minutes, f"{minutes} minutes") for minutes in MINUTES],
        widget=forms.RadioSelect,
        initial=MINUTES[0],
    )


def begin_visit(request: HttpRequest, object_id: int) -> HttpResponse:
    """Ask why and how long, then lead to the seller's pages; straight there while a visit is open."""
    seller, staff, now = get_object_or_404(Seller, pk=object_id), cast(User, request.user), clock.now()
    there = _place(request, seller)
    if request.method == "GET" and find_visit(seller, staff, now=now):
        return redirect(there)
    form = VisitForm(request.POST or None)
    if form.is_valid():
        try:
            start_visit(seller, staff=staff, **form.cleaned_data, now=now)
        except CannotVisit as error:
            form.add_error(None, str(error))
        else:
            return redirect(there)
    page = reverse("admin:inventory_seller_change", args=[seller.pk])
    return ask(
        request,
        form,
        title=f"Look at {seller} as support",
        words="You see the pages as the seller's viewers do and change nothing, under your own name. "
        "Files and packing slips stay closed. The seller's team sees when you looked, and why.",
        button="Begin",
        trail=[("Sellers", reverse("admin:inventory_seller_changelist")), (str(seller), page)],
    )


def _place(request: HttpRequest, seller: Seller) -> str:
    """Return the page that was asked for if it is this seller's, else the seller's home."""
    home, asked = reverse("home", args=[seller.slug]), asked_for(request)
    return asked if asked.startswith(home) else home


@admin.register(SupportVisit)
class SupportVisitAdmin(SellerRowsAdmin):
    """Who looked at whose pages, newest first. Nothing of it can be changed."""

    words = "Visits to sellers"
    shelf = DESK
    list_display = ("started_at", "who", "seller", "reason", "ended")
    search_fields = ("who", "seller__name", "seller__slug", "reason")
    search_help_text = "The seller, who looked, or the reason."
    fields = ("seller", "who", "reason", "started_at", "ends_at", "ended")

    @admin.display(description="ended")
    def ended(self, visit: SupportVisit) -> str:
        return "not yet" if visit.is_open(clock.now()) else spell(visit.until)

    def get_urls(self) -> list[URLPattern]:
        return [self.path_of("<int:object_id>/end/", require_POST(self.end), "end"), *super().get_urls()]

    def end(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """End one's own visit; leads to the seller in the support desk."""
        visit = get_object_or_404(SupportVisit.objects.select_related("seller"), pk=object_id, staff=request.user)
        end_visit(visit, now=clock.now())
        messages.success(request, f"You no longer look at {visit.seller}.")
        return redirect("admin:inventory_seller_change", visit.seller_id)

"""A member keeps what a list shows as a tab above it, and removes it again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from inventory import saved_views
from inventory.models import SavedView
from inventory.saved_views import KeepForm, TabbedList
from inventory.tenancy import MemberRequest, member_page


@require_POST
@member_page()
def view_keep(request: MemberRequest, *, tabbed: TabbedList) -> HttpResponse:
    """What the list shows is a tab of this member from now on; the same name again replaces it."""
    form, query = KeepForm(tabbed, request.POST), tabbed.asked_in(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["name"][0]))
    elif not query:
        messages.error(request, "Search for something first, then keep it.")
    elif not saved_views.keep(request.membership, tabbed, query, name=form.cleaned_data["name"]):
        messages.error(request, f"At most {saved_views.MOST} views can be kept: remove one first.")
    return redirect(reverse(tabbed.page, args=[request.seller.slug]) + saved_views.address_of(query))


@require_POST
@member_page()
def view_forget(request: MemberRequest, pk: int, *, tabbed: TabbedList) -> HttpResponse:
    """The tab is gone; what it showed is still shown."""
    kept = get_object_or_404(SavedView, membership=request.membership, page=tabbed.page, pk=pk)
    kept.delete()
    return redirect(reverse(tabbed.page, args=[request.seller.slug]) + saved_views.address_of(kept.query))

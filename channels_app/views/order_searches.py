"""The tabs above the list of orders: ours, and those that a member keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from channels_app.models import SavedSearch
from channels_app.views.order_list import SHOW
from inventory.models import Membership
from inventory.paging import text_in
from inventory.tenancy import SellerRequest, seller_page

#: What a search is made of, as it stands in the address.
NAMES = ("show", "channel", "q")
#: Tabs of one member; more would be found by nobody.
MOST = 12


class SearchForm(forms.Form):
    """What to call the search that is shown."""

    name = forms.CharField(max_length=40, error_messages={"required": "Give the search a name."})

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if name in SHOW.values():
            raise forms.ValidationError(f"There is a tab “{name}” already.")
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabs:
    """The tabs of one member, and what can be done with the one that is shown."""

    tabs: list[dict[str, Any]]
    #: The member's own that is shown.
    kept: SavedSearch | None
    #: What is shown is no tab yet.
    can_keep: bool


def search_in(query: QueryDict) -> dict[str, str]:
    """Return what the address or a form asks for, without what it leaves open."""
    found = {name: text_in(query.get(name, "")).strip()[:200] for name in NAMES}
    return {name: value for name, value in found.items() if value and (name != "show" or value in SHOW)}


def tabs_of(membership: Membership, query: QueryDict) -> Tabs:
    """Return all tabs; the one that asks for just this is marked, else ours that shows the same kind."""
    asked = search_in(query)
    own = list(SavedSearch.objects.filter(membership=membership).order_by("name"))
    kept = next((search for search in own if search.query == asked), None)
    ours = [_tab(words, {"show": show}, kept is None and show == asked.get("show", "")) for show, words in SHOW.items()]
    tabs = ours + [_tab(search.name, search.query, search == kept) for search in own]
    return Tabs(tabs=tabs, kept=kept, can_keep=kept is None and bool(asked.keys() - {"show"}) and len(own) < MOST)


def _tab(words: str, query: Mapping[str, str], is_current: bool) -> dict[str, Any]:
    return {"text": words, "url": _address(query), "is_current": is_current}


def _address(query: Mapping[str, str]) -> str:
    return f"?{urlencode({name: value for name, value in query.items() if value})}"


@require_POST
@seller_page()
def search_keep(request: SellerRequest) -> HttpResponse:
    """The search is a tab of this member from now on; the same name again replaces it."""
    form, query = SearchForm(request.POST), search_in(request.POST)
    own = SavedSearch.objects.filter(membership=request.membership)
    if not form.is_valid():
        messages.error(request, str(form.errors["name"][0]))
    elif not query:
        messages.error(request, "Search for something first, then keep it.")
    elif own.exclude(name=form.cleaned_data["name"]).count() >= MOST:
        messages.error(request, f"At most {MOST} searches can be kept: remove one first.")
    else:
        own.update_or_create(membership=request.membership, name=form.cleaned_data["name"], defaults={"query": query})
    return redirect(reverse("orders", args=[request.seller.slug]) + _address(query))


@require_POST
@seller_page()
def search_forget(request: SellerRequest, pk: int) -> HttpResponse:
    """The tab is gone; what it showed is still shown."""
    kept = get_object_or_404(SavedSearch, membership=request.membership, pk=pk)
    kept.delete()
    return redirect(reverse("orders", args=[request.seller.slug]) + _address(kept.query))

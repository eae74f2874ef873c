"""Marketplaces: the seller's channels, the catalogue of what can be added, and adding one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from channels_app.adapters import registry
from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.types import Mode
from channels_app.flows.listing_counts import ListingCounts, count_listings
from channels_app.flows.settings import add_channel
from channels_app.flows.to_ship import orders_to_ship
from channels_app.forms import AddChannelForm
from channels_app.models import Channel
from channels_app.views.words import describe_capabilities, describe_lacks
from inventory.models import Role
from inventory.paging import COUNT_LIMIT
from inventory.tenancy import SellerRequest, seller_page
from marketplace_integration import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """One marketplace of the catalogue."""

    key: str
    label: str
    summary: str
    capabilities: list[str]
    lacks: list[str]
    channel_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """One of the seller's channels."""

    channel: Channel
    marketplace: str
    counts: ListingCounts
    to_ship: int


@seller_page()
def marketplaces(request: SellerRequest) -> HttpResponse:
    """Show the seller's channels and every marketplace that can be added."""
    channels = list(
        Channel.objects.filter(seller=request.seller, archived_at=None)
        .select_related("label")
        .annotate(
            blocked_jobs=Count("jobs", filter=Q(jobs__enabled=True, jobs__blocked=True)),
            failing_jobs=Count("jobs", filter=Q(jobs__enabled=True, jobs__blocked=False, jobs__failures__gte=3)),
        )
        .order_by("name", "pk")
    )
    to_ship = Counter(orders_to_ship(request.seller).values_list("channel_id", flat=True)[:COUNT_LIMIT])
    context = {
        "rows": _rows(channels, to_ship),
        # Beyond, the numbers are of the first only.
        "has_more_to_ship": to_ship.total() == COUNT_LIMIT,
        "catalogue": _catalogue(channels),
        "elsewhere": registry.SET_UP_ELSEWHERE.values(),
        "can_manage": request.membership.can_manage,
    }
    return render(request, "channels_app/marketplaces.html", context)


def _rows(channels: Sequence[Channel], to_ship: Counter[int]) -> list[ChannelRow]:
    names = {key: adapter.label for key, adapter in registry.adapters().items()}
    counts = count_listings(channels)
    return [
        ChannelRow(
            channel=channel,
            marketplace=names.get(channel.adapter_key, channel.adapter_key),
            counts=counts[channel.pk],
            to_ship=to_ship[channel.pk],
        )
        for channel in channels
    ]


@seller_page(Role.MANAGER)
def channel_add(request: SellerRequest, adapter_key: str) -> HttpResponse:
    """Make a channel in Setup and lead to its settings; shows the form again with 422 if it is not valid."""
    adapter = _find_adapter(adapter_key)
    form = AddChannelForm(
        request.POST if request.method == "POST" else None, initial={"name": adapter.label, "mode": Mode.TEST.value}
    )
    if request.method == "POST" and form.is_valid():
        channel = add_channel(
            request.seller,
            adapter.key,
            form.cleaned_data["name"],
            mode=form.cleaned_data["mode"],
            actor=request.membership.user,
            now=clock.now(),
        )
        return redirect("channel_settings", request.seller.slug, channel.public_id)
    context = {
        "form": form,
        "marketplace": adapter.label,
        "capabilities": describe_capabilities(adapter.capabilities),
        "lacks": describe_lacks(adapter.capabilities),
    }
    return render(request, "channels_app/channel_add.html", context, status=422 if form.errors else 200)


def _catalogue(channels: Iterable[Channel]) -> list[CatalogueEntry]:
    used = [channel.adapter_key for channel in channels]
    return [
        CatalogueEntry(
            key=key,
            label=adapter.label,
            summary=adapter.summary,
            capabilities=describe_capabilities(adapter.capabilities),
            lacks=describe_lacks(adapter.capabilities),
            channel_count=used.count(key),
        )
        for key, adapter in registry.adapters().items()
    ]


def _find_adapter(key: str) -> type[ChannelAdapter]:
    try:
        return registry.get_adapter_class(key)
    except registry.UnknownAdapter:
        raise Http404("No such marketplace.") from None

"""The support desk: Django's admin, its lists by what support does with them, and one search over everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.db.models import Min, Q
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse

from channels_app.models import ChangeRequest, Channel, ChannelJob, Listing, Order
from inventory.models import Item, Seller, SupportVisit
from inventory.paging import text_in
from inventory.shelves import SHELVES
from inventory.support import is_support
from marketplace_integration import clock

#: Of each kind of thing; whoever needs more searches its own list.
MOST_FOUND = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that a search found, with its page at the desk and its page at the seller's."""

    kind: str
    name: str
    #: What tells it from others of that name.
    note: str
    url: str
    sellers_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for somebody at the desk."""

    requests: int
    #: Since when the oldest of them waits.
    since: datetime | None
    #: Channels with a job that stopped.
    stopped: list[Channel]
    visits: list[SupportVisit]


class SupportSite(AdminSite):
    """The desk of the people who help sellers."""

    site_header = site_title = "Support"
    index_title = "Support desk"
    index_template = "admin/desk.html"

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the lists by shelf; what is on none, such as accounts, comes last."""
        names = [*SHELVES, "More"]
        shelves: dict[str, list[Any]] = {name: [] for name in names}
        for app in super().get_app_list(request, app_label):
            for entry in app["models"]:
                listed: Any = self._registry[entry["model"]]
                shelf = getattr(listed, "shelf", "More")
                shelves[shelf].append({**entry, "name": getattr(listed, "title", lambda name=entry["name"]: name)()})
        home = reverse("admin:index", current_app=self.name)
        return [
            {"name": name, "app_label": name.lower().replace(" ", "-"), "app_url": home, "models": entries}
            for name, entries in shelves.items()
            if entries
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        q = text_in(request.GET.get("q", "")).strip()[:100]
        more: dict[str, Any] = {"q": q}
        if is_support(request.user):
            more |= {"found": find(q) if q else [], "waiting": _waiting(cast(User, request.user), now=clock.now())}
        return super().index(request, {**(extra_context or {}), **more})


def find(q: str) -> list[Found]:
    """Return sellers and channels that are called so, and items, listings and orders of just this SKU or number."""
    # All are named, since the indexes of what belongs to channels begin with the channel.
    channels = list(Channel.objects.values_list("pk", flat=True))
    return [*_sellers(q), *_channels(q), *_items(q), *_listings(q, channels), *_orders(q, channels)]


def _sellers(q: str) -> list[Found]:
    rows = Seller.objects.filter(Q(name__icontains=q) | Q(slug__icontains=q)).order_by("name")[:MOST_FOUND]
    return [
        Found(
            kind="Seller",
            name=seller.name,
            note=seller.slug,
            url=_page("inventory_seller", seller.pk),
            sellers_url=reverse("home", args=[seller.slug]),
        )
        for seller in rows
    ]


def _channels(q: str) -> list[Found]:
    rows = Channel.objects.filter(Q(name__icontains=q) | Q(seller__name__icontains=q) | Q(account_id=q))
    return [
        Found(
            kind="Channel",
            name=channel.name,
            note=f"{channel.seller}, {channel.get_state_display()}",
            url=_page("channels_app_channel", channel.pk),
            sellers_url=reverse("channel_settings", args=[channel.seller.slug, channel.public_id]),
        )
        for channel in rows.select_related("seller").order_by("seller__name", "name")[:MOST_FOUND]
    ]


def _items(q: str) -> list[Found]:
    rows = Item.objects.filter(sku__iexact=q).select_related("seller")[:MOST_FOUND]
    return [
        Found(
            kind="Item",
            name=item.sku,
            note=f"{item.seller}: {item.title}",
            url=_page("inventory_item", item.pk),
            sellers_url=reverse("item", args=[item.seller.slug, item.public_id]),
        )
        for item in rows
    ]


def _listings(q: str, channels: Sequence[int]) -> list[Found]:
    rows = Listing.objects.filter(channel__in=channels, sku=q).select_related("channel__seller")[:MOST_FOUND]
    return [
        Found(
            kind="Listing",
            name=listing.sku,
            note=f"{listing.channel} of {listing.channel.seller}, {listing.get_state_display()}",
            url=_page("channels_app_listing", listing.pk),
        )
        for listing in rows
    ]


def _orders(q: str, channels: Sequence[int]) -> list[Found]:
    rows = Order.objects.filter(channel__in=channels, remote_id=q).select_related("channel__seller")[:MOST_FOUND]
    return [
        Found(
            kind="Order",
            name=order.remote_id,
            note=f"{order.channel} of {order.channel.seller}, {order.get_shipping_status_display()}",
            url=_page("channels_app_order", order.pk),
            sellers_url=reverse("order", args=[order.channel.seller.slug, order.public_id]),
        )
        for order in rows
    ]


def _page(name: str, pk: int) -> str:
    return reverse(f"admin:{name}_change", args=[pk])


def _waiting(user: User, *, now: datetime) -> Waiting:
    asked = ChangeRequest.objects.filter(state=ChangeRequest.State.OPEN)
    stopped = ChannelJob.objects.filter(enabled=True, blocked=True).values("channel")
    visits = SupportVisit.objects.filter(staff=user, ended_at=None, ends_at__gt=now).select_related("seller")
    channels = Channel.objects.filter(pk__in=stopped).select_related("seller").order_by("seller__name", "name")
    return Waiting(
        requests=asked.count(),
        since=asked.aggregate(since=Min("created_at"))["since"],
        stopped=list(channels[:MOST_FOUND]),
        visits=list(visits),
    )

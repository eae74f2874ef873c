"""Home: is anything wrong, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from channels_app.flows.listing_counts import ListingCounts, count_listings
from channels_app.flows.measured import last_sendings, measured_of
from channels_app.flows.to_ship import DUE_AT, orders_to_ship
from channels_app.flows.troubles import troubles_of, with_job_counts
from channels_app.models import Channel
from channels_app.views.home_figures import HEIGHT, WIDTH, Share, draw, sales_of, shares_of
from inventory.models import LabelItem, Seller
from inventory.paging import count_up_to
from inventory.templatetags.ui import duration
from inventory.tenancy import SellerRequest, seller_page
from marketplace_integration import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One of the things that a new seller does once; `url` is empty while it cannot be done yet."""

    text: str
    note: str
    url: str
    link: str
    is_done: bool


class Off(NamedTuple):
    """Something that is switched off on a channel that runs, and what follows: "Listings", "nothing is sent"."""

    what: str
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """One of the seller's channels: what it lists, how long it is still tested, and what it does not do meanwhile."""

    channel: Channel
    counts: ListingCounts
    shares: Sequence[Share]
    days_left: int | None
    off: Sequence[Off]


@seller_page()
def home(request: SellerRequest) -> HttpResponse:
    """Show what waits for a person, what a new seller does next, and a few figures."""
    seller, now = request.seller, clock.now()
    channels = with_job_counts(seller)
    steps = _steps(seller, channels)
    sendings = last_sendings([channel for channel in channels if channel.is_running])
    rows = _rows(channels, now=now)
    to_ship = orders_to_ship(seller)
    context = {
        "rows": rows,
        "idle": [row for row in rows if row.off or not row.channel.is_running],
        "troubles": troubles_of(seller, channels, now=now),
        "steps": steps,
        "next_step": next((step for step in steps if not step.is_done), None),
        "item_count": count_up_to(seller.items.filter(archived_at=None)),
        "listed_count": sum(row.counts.listed for row in rows),
        "troubled_count": sum(row.counts.troubled for row in rows),
        "to_ship_count": count_up_to(to_ship),
        "first_to_ship": to_ship.order_by(DUE_AT, "pk").first(),
        "sales": sales_of(seller, now=now),
        "measured": measured_of(sendings),
        "speed_bars": draw(
            [sending.half.total_seconds() for sending in sendings],
            lambda place: duration(sendings[place].half),
            gap=1,
        ),
        "slowest": max((sending.half for sending in sendings), default=None),
        "speed_since": sendings[0].at if sendings else None,
        "bars_size": (WIDTH, HEIGHT),
    }
    return render(request, "channels_app/home.html", context)


def _rows(channels: Sequence[Channel], *, now: datetime) -> list[ChannelRow]:
    counts = count_listings(channels)
    return [
        ChannelRow(
            channel=channel,
            counts=counts[channel.pk],
            shares=shares_of(counts[channel.pk]),
            days_left=channel.days_left(now),
            off=_off(channel),
        )
        for channel in channels
    ]


def _off(channel: Channel) -> list[Off]:
    if not channel.is_running:
        return []
    listings = [] if channel.listings_on else [Off("Listings", "nothing is sent")]
    orders = [] if channel.orders_on else [Off("Orders", "none is downloaded")]
    return listings + orders


def _steps(seller: Seller, channels: list[Channel]) -> list[Step]:
    slug = seller.slug
    has_labelled = LabelItem.objects.filter(label__seller=seller).exists()
    first = channels[0] if channels else None
    settings_url = reverse("channel_settings", args=[slug, first.public_id]) if first else ""
    return [
        Step(
            text="Bring in your items",
            note="A CSV file with SKU, title, price and quantity is enough.",
            url=reverse("import_new", args=[slug]),
            link="Import a CSV",
            is_done=seller.items.exists(),
        ),
        Step(
            text="Put items on a label",
            note="A channel lists the items of one label.",
            url=reverse("labels", args=[slug]),
            link="Go to labels",
            is_done=has_labelled,
        ),
        Step(
            text="Connect a marketplace",
            note="The sandbox is a marketplace to try everything on; nothing there is real.",
            url=reverse("marketplaces", args=[slug]),
            link="Go to marketplaces",
            is_done=bool(channels),
        ),
        Step(
            text="Activate it",
            note="Choose its label, enter the account, and activate. Testing begins then.",
            url=settings_url,
            link="Go to its settings",
            is_done=any(channel.is_running for channel in channels),
        ),
    ]

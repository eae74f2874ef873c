"""Home: is anything wrong, and what to do next."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from channels_app.flows.troubles import troubles_of, with_job_counts
from channels_app.models import Channel, Listing, Order
from channels_app.views.home_figures import HEIGHT, WIDTH, orders_by_day
from inventory.models import LabelItem, Seller
from inventory.paging import count_up_to
from inventory.tenancy import SellerRequest, seller_page
from marketplace_integration import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One of the things that a new seller does once."""

    text: str
    note: str
    url: str
    link: str
    is_done: bool


@seller_page()
def home(request: SellerRequest) -> HttpResponse:
    """Show what waits for a person, what a new seller does next, and a few figures."""
    seller, now = request.seller, clock.now()
    channels = with_job_counts(seller)
    steps = _steps(seller, channels)
    open_orders = Order.objects.filter(
        seller_id=seller.pk,
        shipping_status__in=[Order.Shipping.UNSHIPPED, Order.Shipping.PARTIALLY_SHIPPED],
        managed_by=Order.ManagedBy.US,
    )
    bars = orders_by_day(seller, now=now)
    context = {
        "bars": bars,
        "bars_total": sum(bar.count for bar in bars),
        "bars_today": bars[-1].count if bars else 0,
        "bars_size": (WIDTH, HEIGHT),
        "channels": channels,
        "troubles": troubles_of(seller, channels, now=now),
        "steps": steps,
        "is_new": not all(step.is_done for step in steps),
        "item_count": count_up_to(seller.items.filter(archived_at=None)),
        "listed_count": count_up_to(Listing.objects.filter(channel__in=channels, state=Listing.State.LISTED)),
        "to_ship_count": count_up_to(open_orders),
    }
    return render(request, "channels_app/home.html", context)


def _steps(seller: Seller, channels: list[Channel]) -> list[Step]:
    slug = seller.slug
    has_labelled = LabelItem.objects.filter(label__seller=seller).exists()
    first = channels[0] if channels else None
    settings_url = reverse("channel_settings", args=[slug, first.public_id]) if first else ""
    marketplaces_url = reverse("marketplaces", args=[slug])
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
            url=marketplaces_url,
            link="Go to marketplaces",
            is_done=bool(channels),
        ),
        Step(
            text="Activate it",
            note="Choose its label, enter the account, and activate. Testing begins then.",
            url=settings_url or marketplaces_url,
            link="Go to its settings" if first else "Go to marketplaces",
            is_done=any(channel.is_running for channel in channels),
        ),
    ]

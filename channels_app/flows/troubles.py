"""What waits for a person at a seller: stopped jobs, refusals, held withdrawals, orders. Told by Home and by letter."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, OuterRef, Q, QuerySet
from django.urls import reverse

from channels_app.flows.expiry import expiring
from channels_app.flows.to_ship import orders_late
from channels_app.models import (
    CancellationRequest,
    Channel,
    ChannelLedger,
    Listing,
    Order,
    PendingChange,
    RawOrder,
    ReconcileRun,
    ReturnLine,
)
from inventory.models import CsvImport, Seller
from inventory.paging import COUNT_LIMIT, count_of, count_up_to

#: Failures in a row before a job is worth a seller's look.
FAILURES_TOLD = 3


class About(StrEnum):
    """What kind of trouble it is."""

    STOPPED = "stopped"
    FAILING = "failing"
    UNEXPLAINED = "unexplained"
    EXPIRY = "expiry"
    EXPIRY_AHEAD = "expiry_ahead"
    HELD = "held"
    REFUSED = "refused"
    PLAN = "plan"
    LATE = "late"
    ORDERS = "orders"
    REQUESTS = "requests"
    RETURNS = "returns"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that waits for a person."""

    about: About
    text: str
    url: str
    link: str
    is_urgent: bool = False
    #: Not yet, but soon.
    is_near: bool = False


def with_job_counts(seller: Seller) -> list[Channel]:
    """Return the seller's channels, each with how many of its jobs are blocked and how many keep failing."""
    rows = Channel.objects.filter(seller=seller, archived_at=None).select_related("label", "seller")
    is_enabled = Q(jobs__enabled=True)
    return list(
        rows.annotate(
            blocked_jobs=Count("jobs", filter=is_enabled & Q(jobs__blocked=True)),
            failing_jobs=Count("jobs", filter=is_enabled & Q(jobs__blocked=False, jobs__failures__gte=FAILURES_TOLD)),
        ).order_by("name", "pk")
    )


def troubles_of(seller: Seller, channels: list[Channel], *, now: datetime) -> list[Trouble]:
    """Return all that waits for a person; `channels` are those of `with_job_counts`."""
    return [
        *_of_channels(seller, channels),
        *_of_credentials(seller, channels, now=now),
        *_of_orders(seller, now=now),
        *_of_the_inventory(seller),
    ]


def undecided_returns(seller: Seller) -> QuerySet[ReturnLine]:
    """Return what buyers send back of orders that are here, and nobody has decided about."""
    return ReturnLine.objects.filter(seller_id=seller.pk, decision="", of_return__order__managed_by=Order.ManagedBy.US)


def undecided_requests(seller: Seller) -> QuerySet[CancellationRequest]:
    """Return the buyers' wishes to cancel orders that are here, which nobody has decided about."""
    wishes = CancellationRequest.objects.filter(seller_id=seller.pk, state=CancellationRequest.State.OPEN)
    return wishes.filter(order__managed_by=Order.ManagedBy.US)


def _of_channels(seller: Seller, channels: list[Channel]) -> list[Trouble]:
    """Return what is wrong with channels: stopped or failing jobs, refusals, held withdrawals, waiting plans."""
    troubles = []
    by_id = {channel.pk: channel for channel in channels}
    for channel in channels:
        jobs_url = f"{reverse('activity', args=[seller.slug])}?channel={channel.public_id}"
        blocked, failing = getattr(channel, "blocked_jobs", 0), getattr(channel, "failing_jobs", 0)
        if blocked:
            text = f"{channel.name}: {_number(blocked, 'job')} stopped and {_verb(blocked)} for you."
            troubles.append(Trouble(about=About.STOPPED, text=text, url=jobs_url, link="See why", is_urgent=True))
        if failing:
            text = f"{channel.name}: {_number(failing, 'job')} failed several times and will try again."
            troubles.append(Trouble(about=About.FAILING, text=text, url=jobs_url, link="See why"))
    for ledger in ChannelLedger.objects.filter(channel__in=channels, offences__gt=0).defer("sample", "skus"):
        troubles.append(_of_the_ledger(seller, by_id[ledger.channel_id], ledger.offences))
    for channel, what in _counted(channels):
        troubles.append(_of_listings(seller, channel, what))
    return troubles


def _of_credentials(seller: Seller, channels: list[Channel], *, now: datetime) -> list[Trouble]:
    """Return the credentials that will not work for much longer; a month ahead calmly, on the last days urgently."""
    return [
        Trouble(
            about=About.EXPIRY_AHEAD if expiry.tone == "info" else About.EXPIRY,
            text=f"The credentials of {channel.name} {expiry.words}: enter new ones.",
            url=f"{reverse('channel_settings', args=[seller.slug, channel.public_id])}#account",
            link="Go to the account",
            is_urgent=expiry.tone == "bad",
            is_near=expiry.tone == "warn",
        )
        for channel, expiry in expiring(channels, now=now)
    ]


def _of_the_ledger(seller: Seller, channel: Channel, count: int) -> Trouble:
    text = f"{channel.name}: the nightly check found {_number(count, 'thing')} that it cannot explain."
    url = reverse("channel_listings", args=[seller.slug, channel.public_id])
    return Trouble(about=About.UNEXPLAINED, text=text, url=url, link="See what", is_urgent=True)


def _counted(channels: list[Channel]) -> "list[tuple[Channel, tuple[str, int]]]":
    """Return, for each channel, the kinds of trouble that its rows show, with how many."""
    own = OuterRef("pk")
    counts = {
        "held": count_of(PendingChange.objects.filter(channel=own, held=True)),
        "refused": count_of(Listing.objects.filter(channel=own).exclude(rejected_hash="")),
        "planned": count_of(ReconcileRun.objects.filter(channel=own, state=ReconcileRun.State.PLANNED)),
    }
    rows = {
        row["pk"]: row
        for row in Channel.objects.filter(pk__in=[one.pk for one in channels]).values("pk").annotate(**counts)
    }
    return [
        (channel, (what, rows[channel.pk][what])) for what in counts for channel in channels if rows[channel.pk][what]
    ]


def _of_listings(seller: Seller, channel: Channel, what: tuple[str, int]) -> Trouble:
    kind, count = what
    place = [seller.slug, channel.public_id]
    if kind == "held":
        text = f"{channel.name}: {_number(count, 'ending')} of listings {_verb(count)} for your decision."
        return Trouble(
            about=About.HELD, text=text, url=reverse("channel_listings", args=place), link="Decide", is_urgent=True
        )
    if kind == "refused":
        text = f"{channel.name} refused {_number(count, 'listing')}."
        url = f"{reverse('issues', args=[seller.slug])}?channel={channel.public_id}"
        return Trouble(about=About.REFUSED, text=text, url=url, link="See the causes")
    text = f"{channel.name}: the reconciler found differences and waits for you."
    return Trouble(about=About.PLAN, text=text, url=reverse("channel_reconciler", args=place), link="Look at the plan")


def _of_orders(seller: Seller, *, now: datetime) -> list[Trouble]:
    late = count_up_to(orders_late(seller, now=now))
    flagged = count_up_to(Order.objects.filter(seller_id=seller.pk).exclude(attention=""))
    unread = count_up_to(
        RawOrder.objects.filter(channel__seller=seller, state=RawOrder.State.NEEDS_ATTENTION),
    )
    asked = count_up_to(undecided_requests(seller).values("order").distinct())
    returned = count_up_to(undecided_returns(seller))
    orders_url, troubles = reverse("orders", args=[seller.slug]), []
    if late:
        who = "is late: it" if late == 1 else "are late: they"
        text = f"{_number(late, 'order')} {who} should have left by now."
        troubles.append(
            Trouble(about=About.LATE, text=text, url=f"{orders_url}?show=late", link="Ship them", is_urgent=True)
        )
    if total := flagged + unread:
        text = f"{_number(total, 'order')} need{'s' if total == 1 else ''} attention."
        url = f"{orders_url}?show=attention"
        troubles.append(Trouble(about=About.ORDERS, text=text, url=url, link="Look at them", is_urgent=True))
    if asked:
        text = f"{_number(asked, 'buyer')} ask{'s' if asked == 1 else ''} to cancel an order."
        troubles.append(Trouble(about=About.REQUESTS, text=text, url=f"{orders_url}?show=requests", link="Decide"))
    if returned:
        text = f"{_number(returned, 'returned line')} {_verb(returned)} for your decision."
        troubles.append(
            Trouble(about=About.RETURNS, text=text, url=f"{orders_url}?show=returns", link="Decide about them")
        )
    return troubles


def _of_the_inventory(seller: Seller) -> list[Trouble]:
    """Return files that wait for the seller."""
    words = {
        CsvImport.State.MAPPING: ("needs to know what its columns mean.", "Name its columns"),
        CsvImport.State.PREVIEW: ("was read and waits for your confirmation.", "Look at the preview"),
    }
    return [
        Trouble(
            about=About.FILE,
            text=f"The file {csv_import.file_name} {words[CsvImport.State(csv_import.state)][0]}",
            url=reverse("import_detail", args=[seller.slug, csv_import.public_id]),
            link=words[CsvImport.State(csv_import.state)][1],
        )
        for csv_import in seller.csv_imports.filter(state__in=list(words)).order_by("-id")[:3]
    ]


def _number(count: int, noun: str) -> str:
    shown = f"{count:,}" if count < COUNT_LIMIT else f"{COUNT_LIMIT - 1:,}+"
    return f"{shown} {noun}{'' if count == 1 else 's'}"


def _verb(count: int) -> str:
    return "waits" if count == 1 else "wait"

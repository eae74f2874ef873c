"""The desk as a whole: its search, what waits, names that people say, and pages that need few queries."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels_app.models import ChangeRequest, Channel, ChannelHistory, FeedLine, JobRun, Listing, Order, Submission
from inventory.models import Seller, SupportVisit, TeamChange
from inventory.support import start_visit
from marketplace_integration import clock
from tests.factories import NOW, make_channel, make_item, make_job, make_label, make_seller, make_user
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]

DESK = "/support/"
QUEUE = "/support/channels_app/changerequest/"


@pytest.fixture
def seller() -> Seller:
    return make_seller(name="Nordlicht Outdoor")


def ask(channel: Channel, what: str = "orders_off", **fields: object) -> ChangeRequest:
    defaults = {"reason": "A break.", "created_at": clock.now() - timedelta(days=2)}
    return ChangeRequest.objects.create(**{"channel": channel, "what": what} | defaults | fields)


def text(client: Client, url: str, **query: str) -> str:
    return client.get(url, query).content.decode()


def test_the_first_page_says_what_waits(desk: Client, seller: Seller, support: User):
    assert "No seller waits for an answer." in text(desk, DESK)
    channel = make_channel(seller, state="live", name="Main shop")
    ask(channel)
    make_job(channel, "orders", blocked=True)
    start_visit(seller, staff=support, reason="x", minutes=15, now=clock.now())

    shown = text(desk, DESK)

    assert "1 change request" in shown
    assert "2 days ago" in shown
    assert shown.count("Main shop") == 1
    assert f'href="{reverse("home", args=[seller.slug])}"' in shown


@pytest.mark.parametrize("q", ["nordlicht", "MAIN", "MUG-1", "A-1"])
def test_one_search_finds_sellers_channels_skus_and_orders(desk: Client, rig: Rig, q: str):
    Seller.objects.filter(pk=rig.seller.pk).update(name="Nordlicht")
    Channel.objects.filter(pk=rig.channel.pk).update(name="Main shop")
    item = rig.item("MUG-1", on_hand=3)
    rig.market.has_order("A-1", lines=[("MUG-1", 1, "10.00")])
    rig.download()
    listing = Listing.objects.create(channel=rig.channel, sku="MUG-1", item=item)
    pages = {
        "nordlicht": [("inventory_seller", rig.seller.pk), ("channels_app_channel", rig.channel.pk)],
        "MAIN": [("channels_app_channel", rig.channel.pk)],
        "MUG-1": [("inventory_item", item.pk), ("channels_app_listing", listing.pk)],
        "A-1": [("channels_app_order", rig.order("A-1").pk)],
    }[q]

    shown = text(desk, DESK, q=q)

    for name, key in pages:
        assert f'href="{reverse(f"admin:{name}_change", args=[key])}"' in shown


def test_a_search_that_finds_nothing_says_how_to_search(desk: Client):
    assert "must be typed in full" in text(desk, DESK, q="no such thing")
    assert "<script>alert" not in text(desk, DESK, q="<script>alert(1)</script>\x00")


def test_a_superuser_who_is_no_stranger_to_the_desk_sees_accounts_last(client: Client):
    client.force_login(User.objects.create_superuser("root@example.com"))
    shelves = client.get(DESK).context["app_list"]

    assert [shelf["name"] for shelf in shelves] == ["Desk", "Look up", "Behind the scenes", "More"]
    assert {entry["name"] for entry in shelves[-1]["models"]} >= {"Users"}


def test_staff_without_the_permission_find_nothing(client: Client, seller: Seller):
    staff = make_user("staff@example.com")
    User.objects.filter(pk=staff.pk).update(is_staff=True)
    client.force_login(staff)

    assert "Nordlicht" not in text(client, DESK, q="Nordlicht")


def test_the_queue_says_who_waits_how_long_and_what_would_change_oldest_first(desk: Client, seller: Seller):
    channel = make_channel(seller, state="live", name="Main shop")
    ask(channel, "back_to_testing", created_at=clock.now() - timedelta(hours=5))
    ask(channel, "orders_off")
    ask(channel, "deactivate", created_at=clock.now() - timedelta(hours=3))

    shown = text(desk, QUEUE)

    assert shown.index("waits 2 days") < shown.index("waits 5 hours") < shown.index("waits 3 hours")
    assert "sales on this marketplace reserve no stock here" in shown
    assert "Testing begins again, until" in shown
    assert "The listings stay as they are." in shown
    assert shown.count('name="apply"') == shown.count('name="decline"') == 3


def test_a_request_is_applied_from_the_queue_with_one_click(desk: Client, seller: Seller):
    channel = make_channel(seller, state="live")
    request = ask(channel)

    answer = desk.post(
        reverse("admin:channels_app_changerequest_decide", args=[request.pk]), {"apply": "1", "answer": ""}, follow=True
    )

    assert "The seller sees it now." in answer.content.decode()
    assert answer.redirect_chain[-1][0] == QUEUE
    assert "No seller waits for an answer." in answer.content.decode()


@pytest.mark.parametrize(
    ("what", "fields"),
    [("orders_off", {"orders_on": False}), ("deactivate", {"state": "testing"})],
    ids=["it is off already", "it is no longer Live"],
)
def test_what_cannot_be_applied_any_more_offers_only_to_decline(desk: Client, seller: Seller, what: str, fields):
    ask(make_channel(seller, **{"state": "live"} | fields), what)

    shown = text(desk, QUEUE)

    assert "there is nothing to apply" in shown
    assert ('name="apply"' in shown, 'name="decline"' in shown) == (False, True)


def test_the_channels_page_speaks_plainly(desk: Client, seller: Seller):
    ends_at = clock.now() + timedelta(days=9, hours=5)
    channel = make_channel(seller, name="Main shop", buffer=2, testing_ends_at=ends_at, settings={"client_id": "n"})
    make_job(channel, "orders", blocked=True, last_error="The client secret was revoked.")
    ChannelHistory.objects.create(channel=channel, at=NOW, what="listings_on", before=False, after=True)

    shown = text(desk, reverse("admin:channels_app_channel_change", args=[channel.pk]))

    for words in (
        "10 days left",
        "The client secret was revoked.",
        "2 kept back",
        "switched Listings on",
        "Client id",
        "Reconciler on</a>",
    ):
        assert words in shown
    for words in ("adapter_key", "Adapter key", "listings_on<", "interval", "fence"):
        assert words not in shown
    for name in ("channel_settings", "channel_listings"):
        assert f'href="{reverse(name, args=[seller.slug, channel.public_id])}"' in shown


def test_a_switch_that_cannot_be_moved_says_why(desk: Client, seller: Seller):
    channel = make_channel(seller, state="live", listings_on=False)

    shown = text(desk, reverse("admin:channels_app_channel_change", args=[channel.pk]))

    assert "Reconciler needs Listings: switch on Listings first." in shown
    assert "Ask support" not in shown


def test_channels_are_filtered_by_what_waits(desk: Client, seller: Seller):
    asked = make_channel(seller, state="live", name="Asked")
    stopped = make_channel(seller, state="live", name="Stopped")
    ask(asked)
    make_job(stopped, "orders", blocked=True)
    channels = reverse("admin:channels_app_channel_changelist")

    assert "1 change request" in text(desk, channels)
    for waits, name, other in [("requests", ">Asked<", ">Stopped<"), ("jobs", ">Stopped<", ">Asked<")]:
        shown = text(desk, channels, waits=waits)
        assert name in shown
        assert other not in shown


def test_every_empty_list_says_so_in_words(desk: Client):
    for model in admin.site._registry:
        shown = desk.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
        if shown.status_code == 200:
            assert 'class="empty"' in shown.content.decode(), model


def more_rows(number: int) -> None:
    """Another seller with a row of everything that support lists often."""
    seller = make_seller(f"seller-{number}")
    user = make_user(f"owner-{number}@example.com", seller=seller)
    channel = make_channel(seller, state="live", name=f"Shop {number}")
    item = make_item(seller, f"MUG-{number}", on_hand=1)
    make_label(seller, "Spring", items=[item])
    job = make_job(channel, "orders", blocked=True)
    JobRun.objects.create(job=job, channel=channel, kind="orders", fence=1, started_at=NOW, outcome="done")
    sent = Submission.objects.create(
        channel=channel, kind="offer", key=uuid.uuid4(), fence=1, line_count=1, created_at=NOW
    )
    FeedLine.objects.create(channel=channel, submission=sent, sku=item.sku, kind="offer", created_at=NOW)
    Listing.objects.create(channel=channel, sku=item.sku, item=item)
    for what in ("orders_off", "back_to_testing", "deactivate"):
        ask(channel, what, requested_by=user)
    ask(channel, "listings_off", state="declined", answer="No.", decided_by=user, decided_at=NOW)
    ChannelHistory.objects.create(channel=channel, actor=user, at=NOW, what="orders_on", before=False, after=True)
    TeamChange.objects.create(seller=seller, at=NOW, actor=user, who="a", what="joined", whom="b")
    SupportVisit.objects.create(
        seller=seller, staff=user, who="a", reason="x", started_at=NOW, ends_at=NOW + timedelta(minutes=15)
    )


LISTS = [
    "channels_app_changerequest",
    "channels_app_channel",
    "channels_app_channelhistory",
    "channels_app_channeljob",
    "channels_app_jobrun",
    "channels_app_submission",
    "channels_app_feedline",
    "channels_app_listing",
    "inventory_seller",
    "inventory_item",
    "inventory_label",
    "inventory_location",
    "inventory_stockmovement",
    "inventory_teamchange",
    "inventory_supportvisit",
]


@pytest.fixture
def count_queries(desk: Client) -> Callable[[str], int]:
    def count(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(url).status_code == 200
        return len(captured)

    return count


def test_lists_need_no_more_queries_for_more_rows(count_queries: Callable[[str], int]):
    urls = [DESK, f"{QUEUE}?state=all", *(reverse(f"admin:{name}_changelist") for name in LISTS)]
    more_rows(0)
    few = {url: count_queries(url) for url in urls}
    for number in range(1, 5):
        more_rows(number)

    assert {url: count_queries(url) for url in urls} == few
    assert max(few.values()) <= 12


def test_a_channels_page_needs_no_more_queries_for_more_history(count_queries: Callable[[str], int], seller: Seller):
    channel = make_channel(seller, state="live")
    page = reverse("admin:channels_app_channel_change", args=[channel.pk])
    fewest = count_queries(page)
    for what in ("orders_off", "deactivate"):
        ask(channel, what, requested_by=make_user(f"{what}@example.com"))
    for kind in ("orders", "offers", "results"):
        make_job(channel, kind, failures=2, last_error="Slow.")
    for number in range(20):
        who = make_user(f"user-{number}@example.com")
        ChannelHistory.objects.create(channel=channel, actor=who, at=NOW, what="orders_on", before=False, after=True)

    assert count_queries(page) == fewest <= 14


def test_no_page_links_to_accounts_which_support_may_not_open(desk: Client):
    more_rows(0)
    pages = 0
    for model in admin.site._registry:
        row = model._default_manager.order_by("-pk").first()
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        if row is not None and model is not User:
            answer = desk.get(reverse(f"admin:{name}_change", args=[row.pk]))
            if answer.status_code == 200:
                assert "/support/auth/user/" not in answer.content.decode(), name
                pages += 1

    assert pages >= len(LISTS)


def test_whom_buyers_are_is_not_shown_at_the_desk(desk: Client, rig: Rig):
    rig.item("MUG-1", on_hand=3)
    rig.market.has_order("A-1", lines=[("MUG-1", 1, "10.00")])
    rig.download()
    order = rig.order("A-1")
    Order.objects.update(buyer={"name": "Jane Doe"}, ship_to={"name": "Jane Doe", "city": "Oslo"})

    shown = text(desk, reverse("admin:channels_app_order_change", args=[order.pk]))

    assert "MUG-1" in shown
    assert "Jane Doe" not in shown
    assert "Oslo" not in shown

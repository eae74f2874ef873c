"""Lists at the desk are narrowed down by a line of selects; the desk counts what its links lead to."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from channels_app.models import Channel, ChannelHistory, Listing, Submission
from inventory.models import CsvImport, Mail, Seller
from marketplace_integration import clock
from tests.factories import NOW, make_channel, make_job, make_seller

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]

DESK = "/support/"
SUBMISSIONS = reverse("admin:channels_app_submission_changelist")
IMPORTS = reverse("admin:inventory_csvimport_changelist")
LETTERS = reverse("admin:inventory_mail_changelist")
HISTORY = reverse("admin:channels_app_channelhistory_changelist")


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def channel(seller: Seller) -> Channel:
    return make_channel(seller, state="live", name="Main shop")


def text(client: Client, url: str, **query: str) -> str:
    return client.get(url, query, follow=True).content.decode()


def send(channel: Channel, handle: str, **fields: object) -> None:
    defaults = {"kind": "offer", "key": uuid.uuid4(), "fence": 1, "line_count": 1, "created_at": NOW}
    Submission.objects.create(**{"channel": channel, "handle": handle} | defaults | fields)


def bring(seller: Seller, name: str, **fields: object) -> None:
    CsvImport.objects.create(**{"seller": seller, "file_name": name, "created_at": NOW} | fields)


def test_a_filter_is_a_select_that_keeps_what_was_chosen_and_all_else(desk: Client, channel: Channel):
    send(channel, "feed-1")

    shown = text(desk, SUBMISSIONS, phase__exact="intent", q="feed-1", o="2")

    assert '<select name="phase__exact" id="filter-phase__exact">' in shown
    assert '<option value="intent" selected>About to be sent</option>' in shown
    assert 'value="feed-1"' in shown
    assert '<input type="hidden" name="o" value="2">' in shown
    assert '<input type="hidden" name="phase__exact"' not in shown
    assert '<a href="?">Clear</a>' in shown
    assert "1 row<" in shown


def test_choosing_everything_asks_for_everything(desk: Client, channel: Channel):
    send(channel, "feed-1")

    answer = desk.get(SUBMISSIONS, {"phase__exact": "", "kind__exact": "offer", "waits": "", "q": ""}, follow=True)
    shown = answer.content.decode()

    assert answer.redirect_chain == [(f"{SUBMISSIONS}?kind__exact=offer", 302)]
    assert "Main shop" in shown
    assert '<a href="?">Clear</a>' not in text(desk, SUBMISSIONS)


def test_one_channels_history_leads_back_to_all_of_it(desk: Client, channel: Channel):
    assert '<a href="?">Clear</a>' in text(desk, HISTORY, channel__id__exact=str(channel.pk))
    assert '<a href="?">Clear</a>' not in text(desk, HISTORY, o="1")


def test_the_queue_opens_with_what_waits_chosen(desk: Client):
    shown = text(desk, reverse("admin:channels_app_changerequest_changelist"))

    assert '<option value="open" selected>Waiting for support</option>' in shown


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("switches", {"switched Orders off"}),
        ("settings", {"changed “Buffer” from 0 to 2"}),
        ("state", {"made the channel Live"}),
        ("", {"switched Orders off", "changed “Buffer” from 0 to 2", "made the channel Live"}),
    ],
)
def test_what_was_changed_is_narrowed_to_a_kind_of_change(desk: Client, channel: Channel, kind: str, told: set[str]):
    for what, before, after in [("orders_on", True, False), ("buffer", 0, 2), ("state", "testing", "live")]:
        ChannelHistory.objects.create(channel=channel, at=NOW, what=what, before=before, after=after)

    shown = text(desk, HISTORY, kind=kind)

    every = {"switched Orders off", "changed “Buffer” from 0 to 2", "made the channel Live"}
    assert {words for words in every if f">{words}</span>" in shown} == told


def test_the_desk_counts_over_all_sellers_what_its_links_lead_to(desk: Client, seller: Seller, channel: Channel):
    now = clock.now()
    other = make_channel(make_seller("else"), state="live", name="Other shop")
    for each in (channel, other):
        make_job(each, "orders", blocked=True)
    make_job(channel, "offers", blocked=True)
    send(channel, "late-1", phase="open", overdue=True)
    send(other, "late-2", phase="unknown", overdue=True)
    send(other, "late-but-answered", phase="closed", overdue=True)
    send(other, "in-time", phase="open")
    bring(seller, "broken.csv", state="failed", finished_at=now - timedelta(days=2))
    bring(seller, "long-ago.csv", state="failed", finished_at=now - timedelta(days=8))
    bring(seller, "fine.csv", state="done", finished_at=now)
    for days, error in [(1, "550 no such user"), (1, ""), (8, "550 no such user"), (-1, "later")]:
        over = now - timedelta(days=days)
        Mail.objects.create(
            seller=seller, to="a@b.c", created_at=NOW, next_try_at=NOW, expires_at=over, last_error=error
        )

    shown = text(desk, DESK)

    for link, words in [
        ("/support/channels_app/channel/?waits=jobs", "2 channels with a job that stopped"),
        (f"{SUBMISSIONS}?waits=overdue", "2 submissions without an answer in time"),
        (f"{IMPORTS}?waits=failed", "1 import failed in the last 7 days"),
        (f"{LETTERS}?waits=given_up", "1 letter given up in the last 7 days"),
    ]:
        assert f'<a href="{link}"><strong>{words}</strong></a>' in shown
    assert "2 rows<" in text(desk, SUBMISSIONS, waits="overdue")
    assert "1 row<" in text(desk, LETTERS, waits="given_up")
    failed = text(desk, IMPORTS, waits="failed")
    assert "broken.csv" in failed
    assert "long-ago.csv" not in failed
    assert "fine.csv" not in failed


def test_a_desk_where_nothing_waits_says_so(desk: Client):
    shown = text(desk, DESK)

    for words in ("No job stands still.", "Every marketplace answers in time.", "No import failed in the last 7 days."):
        assert words in shown


def test_deactivating_names_how_many_listings_it_ends(desk: Client, channel: Channel):
    for sku, state in [("A", "listed"), ("B", "creating"), ("C", "ended")]:
        Listing.objects.create(channel=channel, sku=sku, state=state)

    shown = text(desk, reverse("admin:channels_app_channel_do", args=[channel.pk, "deactivate"]))

    assert "Set the quantities of all 2 listings to 0" in shown
    assert "End all 2 listings" in shown
    assert 'class="danger" value="Deactivate"' in shown


def test_deactivating_a_channel_without_listings_names_none(desk: Client, channel: Channel):
    shown = text(desk, reverse("admin:channels_app_channel_do", args=[channel.pk, "deactivate"]))

    assert "End them" in shown
    assert "0 listings" not in shown


def test_cells_bear_the_head_of_their_column_for_cards_and_say_if_they_are_empty(desk: Client, channel: Channel):
    Listing.objects.create(channel=channel, sku="A-1", state="listed")

    shown = text(desk, reverse("admin:channels_app_listing_changelist"))

    assert '<td data-label="State" class="field-state">' in shown
    assert '<td data-empty data-label="Confirmed price" class="field-confirmed_price">' in shown
    assert '<th class="field-sku">' in shown

"""Why a channel shows what it shows of an item, now and at a past moment; and the card that leads there."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from channels_app.flows import settings as channel_settings
from channels_app.models import Channel, Difference, FeedLine, Listing, ReconcileRun
from channels_app.views.moments import in_address, in_field, moment_in
from inventory.models import Item, Location, Seller
from tests.factories import NOW, make_channel, make_label, make_seller, make_user
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db


@pytest.fixture
def rig() -> Rig:
    return Rig(buffer=2)


@pytest.fixture
def mug(rig: Rig) -> Item:
    item = rig.has_item("MUG-1", on_hand=5, price=Decimal("24.90"))
    rig.settle()
    rig.later(3600)
    return item


@pytest.fixture
def browser(client: Client, rig: Rig) -> Client:
    client.force_login(make_user(seller=rig.seller))
    return client


def look(browser: Client, rig: Rig, item: Item, at: datetime | None = None) -> Any:
    url = reverse("item_why", args=[rig.seller.slug, item.public_id, rig.channel.public_id])
    answer = browser.get(url, {"at": in_address(at)} if at else {})
    assert answer.status_code == 200
    return answer


def test_one_sentence_says_what_buyers_see_and_why(browser: Client, rig: Rig, mug: Item):
    answer = look(browser, rig, mug)

    assert answer.context["headline"] == ("Buyers see 3 at 24.90 USD, because 5 are available and 2 are kept back.")
    assert answer.context["tone"] == "good"
    page = answer.content.decode()
    assert "Less the buffer of 2" in page
    assert "The whole listing: 3 at 24.90 USD" in page


def test_a_difference_is_explained(browser: Client, rig: Rig, mug: Item):
    rig.sets(mug, 3)
    rig.spread()
    assert look(browser, rig, mug).context["headline"] == (
        "Buyers see 3 at 24.90 USD, but 1 is wanted, because 3 are available and 2 are kept back. Waits to be sent."
    )
    rig.unlabels(mug)
    rig.settle()
    assert look(browser, rig, mug).context["headline"] == f"Buyers do not see it: it is not on the label {rig.label}."


def test_a_past_moment_shows_stock_rules_and_listing_as_they_were(browser: Client, rig: Rig, mug: Item):
    then = rig.now
    rig.later(60)
    rig.sets(mug, 9)
    channel_settings.save_quantity(rig.channel, {"buffer": 0}, actor=rig.seller.memberships.get().user, now=rig.now)
    rig.settle()

    answer = look(browser, rig, mug, then)

    assert answer.context["headline"] == ("Buyers saw 3 at 24.90 USD, because 5 were available and 2 were kept back.")
    assert [place.balance.on_hand for place in answer.context["places"]] == [5]
    assert [step.value for step in answer.context["quantity_steps"]] == ["5", "3", "3"]
    assert len(answer.context["lines"]) == 1
    page = answer.content.decode()
    assert "The price of an item is not kept over time" in page
    assert "Which items were on a label in the past is not kept" in page
    assert "Adjusted by hand" in {event.text.split(":")[0] for event in answer.context["timeline"].after}
    assert look(browser, rig, mug).context["headline"].startswith("Buyers see 9 at 24.90 USD, because 9 are available")


def test_a_line_that_was_not_answered_by_then_stands_as_sent(browser: Client, rig: Rig, mug: Item):
    rig.sets(mug, 3)
    rig.send()
    sent = rig.now
    rig.later(60)
    rig.run("results")

    answer = look(browser, rig, mug, sent + timedelta(seconds=1))

    newest = answer.context["lines"][0]
    assert (newest.state, newest.ended_at) == ("sent", None)
    assert answer.context["headline"].endswith("It had been sent, and the marketplace had not answered yet.")
    assert look(browser, rig, mug, rig.now).context["lines"][0].state == "confirmed"


def test_every_event_leads_to_the_page_as_it_was_then(browser: Client, rig: Rig, mug: Item):
    for event in look(browser, rig, mug).context["timeline"].before:
        at = moment_in(parse_qs(event.address[1:])["at"][0], rig.seller, now=rig.now)
        assert at == event.at
        newest = look(browser, rig, mug, at).context["timeline"].before[0]
        assert newest.at == event.at


def test_a_location_that_does_not_serve_the_channel_is_shown_and_not_counted(browser: Client, rig: Rig, mug: Item):
    second = Location.objects.create(seller=rig.seller, code="second", name="Second")
    mug.stock.create(location=second, on_hand=7)
    mug.movements.create(location=second, on_hand_delta=7, reason="counted", at=NOW, key=mug.public_id)
    owner = rig.seller.memberships.get().user
    channel_settings.save_quantity(rig.channel, {"locations": [rig.location]}, actor=owner, now=rig.now)

    places = look(browser, rig, mug).context["places"]
    before = look(browser, rig, mug, rig.now - timedelta(seconds=1)).context

    assert [(place.name, place.is_counted) for place in places] == [("Main warehouse", True), ("Second", False)]
    assert look(browser, rig, mug).context["available"] == 5
    assert ([place.is_counted for place in before["places"]], before["available"]) == ([True, True], 12)


def test_what_cannot_be_told_is_said(browser: Client, rig: Rig, mug: Item):
    owner = rig.seller.memberships.get().user
    second = Location.objects.create(seller=rig.seller, code="second", name="Second")
    channel_settings.save_quantity(rig.channel, {"locations": [second]}, actor=owner, now=rig.now)
    rig.later(60)
    then = rig.now
    rig.later(60)
    channel_settings.save_quantity(rig.channel, {"locations": []}, actor=owner, now=rig.now)
    Location.objects.filter(pk=second.pk).update(name="Renamed")
    renamed = look(browser, rig, mug, then)
    mug.movements.update(reason="opening", at=rig.now)
    purged = look(browser, rig, mug, then)
    early = look(browser, rig, mug, NOW - timedelta(days=1))

    assert "Locations have changed their names since" in renamed.content.decode()
    assert renamed.context["headline"] == "Buyers saw 3 at 24.90 USD."
    assert "Stock is told from" in purged.content.decode()
    assert early.context["headline"] == "You did not have this item yet."


def test_once_its_lines_are_thrown_away_the_page_does_not_pretend(browser: Client, rig: Rig, mug: Item):
    FeedLine.objects.all().delete()
    then = rig.now
    long_ago = NOW + timedelta(seconds=1)

    assert look(browser, rig, mug, then).context["headline"].startswith("Buyers saw 3 at 24.90 USD, because 5")
    assert (
        look(browser, rig, mug, long_ago).context["headline"].startswith("What buyers saw then is not known any more")
    )


def test_what_the_reconciler_read_is_shown(browser: Client, rig: Rig, mug: Item):
    assert "The reconciler has not read" in look(browser, rig, mug).content.decode()
    run = ReconcileRun.objects.create(channel=rig.channel, state="applied", as_of=rig.now, created_at=rig.now)
    Difference.objects.create(
        run=run,
        channel=rig.channel,
        sku=mug.sku,
        kind="drifted",
        reason="The price is not what the marketplace confirmed.",
        remote_price=Decimal("19.90"),
        remote_quantity=3,
    )
    rig.later(60)
    newer = ReconcileRun.objects.create(channel=rig.channel, state="clean", as_of=rig.now, created_at=rig.now)

    assert look(browser, rig, mug, rig.now).context["reading"][0] == newer.as_of
    then = look(browser, rig, mug, rig.now - timedelta(seconds=1)).context["reading"]
    assert then == (
        run.as_of,
        "The marketplace showed 3 at 19.90 USD. The price is not what the marketplace confirmed.",
    )


def test_no_page_needs_more_queries_however_much_happened(
    browser: Client, rig: Rig, mug: Item, django_assert_max_num_queries: DjangoAssertNumQueries
):
    for number in range(30):
        rig.sets(mug, 10 + number)
        rig.settle()
        rig.later(60)

    with django_assert_max_num_queries(22):
        now = look(browser, rig, mug)
    with django_assert_max_num_queries(22):
        past = look(browser, rig, mug, NOW + timedelta(minutes=75))

    assert (len(now.context["lines"]), len(now.context["timeline"].before)) == (20, 30)
    assert (len(past.context["timeline"].after), len(past.context["lines"]) > 5) == (10, True)


def test_the_card_shows_what_is_wanted_confirmed_and_shown_and_channels_that_do_not_list(
    browser: Client, rig: Rig, mug: Item
):
    other = make_channel(rig.seller, label=make_label(rig.seller, "Sandbox"), name="Elsewhere", account_id="else")
    rig.sets(mug, 3)
    rig.spread()

    answer = browser.get(reverse("item_listings", args=[rig.seller.slug, mug.public_id]))

    page = answer.content.decode()
    assert [row.channel for row in answer.context["listed"]] == [rig.channel]
    assert [(row.channel, row.why) for row in answer.context["others"]] == [(other, "It is not on the label Sandbox.")]
    assert "Differs" in page
    assert "Waits to be sent." in page
    for channel in (rig.channel, other):
        assert reverse("item_why", args=[rig.seller.slug, mug.public_id, channel.public_id]) in page


def test_of_a_parent_the_card_says_that_its_variations_are_listed(browser: Client, rig: Rig):
    parent = rig.has_item("SHIRT", is_parent=True)

    page = browser.get(reverse("item_listings", args=[rig.seller.slug, parent.public_id])).content.decode()

    assert "its variations are listed" in page


def test_rows_of_listings_and_preview_lead_to_the_page(browser: Client, rig: Rig, mug: Item):
    Channel.objects.filter(pk=rig.channel.pk).update(adapter_key="sandbox")
    url = reverse("item_why", args=[rig.seller.slug, mug.public_id, rig.channel.public_id])

    for name in ("channel_listings", "channel_preview"):
        assert url in browser.get(reverse(name, args=[rig.seller.slug, rig.channel.public_id])).content.decode(), name
    assert Listing.objects.count() == 1


@pytest.mark.parametrize("odd", ["", "soon", "2026-13-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59", "\x00"])
def test_what_is_no_past_moment_is_now(odd: str):
    assert moment_in(odd, make_seller(time_zone="Asia/Tokyo"), now=NOW) is None


def test_a_moment_is_read_in_the_sellers_zone_and_kept_exactly_in_links():
    seller: Seller = make_seller(time_zone="Europe/Berlin")
    exact = datetime(2026, 3, 1, 11, 0, 0, 250_000, tzinfo=UTC)

    assert moment_in("2026-03-01T12:00", seller, now=NOW) == datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
    assert moment_in(in_address(exact), seller, now=NOW) == exact
    assert in_field(exact, seller) == "2026-03-01T12:00:01"

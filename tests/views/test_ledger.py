"""The alarm of the nightly check: a seller sees what cannot be explained on their channels, and what to do."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from django.test import Client
from django.urls import reverse

from channels_app.flows.ledger import check_and_record_channel
from channels_app.models import Channel, ChannelLedger, Listing, PendingChange
from channels_app.tasks import check_channel_ledger
from inventory.models import ItemChange, Role, Seller
from marketplace_integration import clock
from tests.factories import NOW, make_channel, make_item, make_label, make_seller, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]


@pytest.fixture(autouse=True)
def asked() -> Iterator[list[int]]:
    """Return the channels that a worker was asked to check."""
    channels: list[int] = []
    with patch.object(check_channel_ledger, "apply_async", lambda args: channels.extend(args)):
        yield channels


@pytest.fixture
def channel(seller: Seller) -> Channel:
    """A channel that was checked after a change of its items was lost."""
    items = [make_item(seller, f"MUG-{number}", on_hand=number) for number in range(1, 4)]
    channel = make_channel(seller, label=make_label(seller, items=items))
    ItemChange.objects.all().delete()
    check_and_record_channel(channel, now=NOW)
    return channel


def url(channel: Channel, name: str = "channel_listings") -> str:
    return reverse(name, args=[channel.seller.slug, channel.public_id])


def test_home_and_the_channels_pages_show_the_alarm(browser: Client, channel: Channel):
    home = browser.get(reverse("home", args=[channel.seller.slug])).content.decode()
    listings = browser.get(url(channel)).content.decode()

    assert f"{channel.name}: the nightly check found 3 things that it cannot explain." in home
    assert "<strong>MUG-1</strong>: wanted, but not listed" in listings
    assert "Send these again" in listings
    assert "cannot explain" in browser.get(url(channel, "channel_settings")).content.decode()


def test_another_sellers_alarm_is_nobody_elses(client: Client, channel: Channel):
    other = make_seller("other")
    own = make_channel(other, name="Own")
    client.force_login(make_user("other@example.com", seller=other))

    assert "cannot explain" not in client.get(reverse("home", args=["other"])).content.decode()
    assert "cannot explain" not in client.get(url(own)).content.decode()
    for name in ("ledger_send_again", "ledger_check_again"):
        address = reverse(name, args=["other", channel.public_id])
        assert client.post(address).status_code == 404
        assert client.post(url(channel, name)).status_code == 404
    assert not PendingChange.objects.exists()


def test_what_is_unexplained_is_sent_again(browser: Client, channel: Channel):
    Listing.objects.create(channel=channel, sku="MUG-1", state="listed", sent_price="10", sent_quantity=1)

    answer = browser.post(url(channel, "ledger_send_again"), follow=True)

    assert "3 will be sent again" in answer.content.decode()
    assert sorted(PendingChange.objects.values_list("sku", flat=True)) == ["MUG-1", "MUG-2", "MUG-3"]
    assert Listing.objects.get(sku="MUG-1").sent_price is None


def test_the_alarm_ends_with_the_next_clean_check(browser: Client, channel: Channel):
    browser.post(url(channel, "ledger_send_again"))

    check_channel_ledger(channel.pk)

    assert "cannot explain" not in browser.get(url(channel)).content.decode()
    assert ChannelLedger.objects.get().offences == 0


def test_a_check_is_asked_for_once_and_the_page_says_so(
    browser: Client, channel: Channel, asked: list[int], django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(url(channel, "ledger_check_again"))
        browser.post(url(channel, "ledger_check_again"))

    assert asked == [channel.pk]
    page = browser.get(url(channel)).content.decode()
    assert "Being checked" in page
    assert "Check again</button>" not in page


def test_a_channel_that_was_just_checked_is_not_checked_again(browser: Client, channel: Channel, asked: list[int]):
    check_and_record_channel(channel, now=clock.now())

    answer = browser.post(url(channel, "ledger_check_again"), follow=True)

    assert "less than a minute ago" in answer.content.decode()
    assert asked == []


def test_a_viewer_sees_the_alarm_and_can_do_nothing(client: Client, channel: Channel):
    client.force_login(make_user("viewer@example.com", seller=channel.seller, role=Role.VIEWER))

    page = client.get(url(channel)).content.decode()

    assert "A manager or the owner can send these again." in page
    assert "Send these again</button>" not in page
    assert client.post(url(channel, "ledger_send_again")).status_code == 403

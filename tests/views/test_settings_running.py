"""The settings page of a running channel: locks, roles, the worked example, jobs, and asking support."""

import pytest
from django import forms
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from channels_app.models import ChangeRequest, Channel, ChannelJob, Listing
from channels_app.secrets import read_secrets
from inventory.models import Location, Role, Seller
from tests.factories import NOW, make_item, make_label, make_seller, make_user
from tests.flows.marketplace import MemoryAdapter, make_ready_channel
from tests.views.settings_rig import filled, make_live, post, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]


def test_another_label_on_a_running_channel_says_how_many_listings_begin_and_end_first(
    browser: Client, channel: Channel, seller: Seller
):
    post(browser, channel, "activate", switches__listings_on="on")
    channel.refresh_from_db()
    assert channel.label is not None
    Listing.objects.create(channel=channel, sku="MUG-1", item=channel.label.label_items.get().item, state="listed")
    other = make_label(seller, "Winter", items=[make_item(seller, "HAT-1"), make_item(seller, "HAT-2")])

    asked = post(browser, channel, label__label=other.pk)
    before = Channel.objects.get(pk=channel.pk).label
    post(browser, channel, label__label=other.pk, label__confirmed=other.pk)

    assert asked.context["question"].begin == 2
    assert asked.context["question"].end == 1
    assert before != other
    assert Channel.objects.get(pk=channel.pk).label == other


def test_listings_off_takes_reconciler_with_it(browser: Client, channel: Channel):
    post(browser, channel, "activate", switches__listings_on="on", switches__reconciler_on="on")
    channel.refresh_from_db()
    assert channel.reconciler_on

    post(browser, channel, switches__listings_on=None)

    channel.refresh_from_db()
    assert (channel.listings_on, channel.reconciler_on) == (False, False)


def test_live_locks_switches_and_says_why(browser: Client, channel: Channel):
    make_live(channel)

    page = browser.get(url(channel)).content.decode()

    assert "The channel is Live, which locks this. Ask support to change it." in page
    parts = browser.get(url(channel)).context["parts"]
    assert parts["switches"].fields["listings_on"].disabled
    assert not parts["switches"].fields["reconciler_on"].disabled


def test_a_tab_from_testing_moves_no_switch_once_the_channel_is_live(browser: Client, channel: Channel):
    post(browser, channel, "activate", switches__listings_on="on")
    channel.refresh_from_db()
    old_tab = filled(channel, switches__listings_on=None)
    make_live(channel)

    response = browser.post(url(channel), {**old_tab, "action": "save"})

    channel.refresh_from_db()
    assert channel.listings_on
    assert response.status_code == 422


def test_live_asks_support_and_sees_the_request_and_may_withdraw_it(browser: Client, channel: Channel):
    make_live(channel)

    browser.post(url(channel, "channel_ask"), {"ask-what": "listings_off", "ask-reason": "Stocktaking"})
    page = browser.get(url(channel)).content.decode()
    request = ChangeRequest.objects.get()
    browser.post(url(channel, "channel_withdraw_request", request.pk))

    assert "Stocktaking" in page
    request.refresh_from_db()
    assert request.state == "withdrawn"


def test_an_owner_deactivates_with_a_choice_for_the_listings(browser: Client, channel: Channel):
    post(browser, channel, "activate", switches__listings_on="on")

    browser.post(url(channel, "channel_deactivate"), {"deactivate-choice": "zero"})

    channel.refresh_from_db()
    assert (channel.state, channel.on_deactivate) == ("setup", "zero")


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([], ["Set their quantities to 0", "End them"]),
        (["listed", "ended"], ["Set the quantity of the one listing to 0", "End the one listing"]),
        (["listed", "creating"], ["Set the quantities of all 2 listings to 0", "End all 2 listings"]),
    ],
)
def test_the_question_what_becomes_of_the_listings_names_how_many(
    browser: Client, channel: Channel, states: list[str], words: list[str]
):
    post(browser, channel, "activate", switches__listings_on="on")
    for number, state in enumerate(states):
        channel.listings.create(sku=f"TENT-{number}", state=state)

    form = browser.get(url(channel)).context["deactivate_form"]

    assert [text for _, text in form.fields["choice"].choices][1:] == words


def test_the_page_leads_to_each_of_its_parts(browser: Client, channel: Channel):
    page = browser.get(url(channel))

    assert ("end", "Remove") in page.context["sections"]
    for anchor, words in page.context["sections"]:
        assert f'<a href="#{anchor}">{words}</a>' in page.content.decode()
        assert f'id="{anchor}"' in page.content.decode()


def test_a_manager_may_neither_deactivate_nor_change_credentials(client: Client, channel: Channel, seller: Seller):
    client.force_login(make_user("m@example.com", seller=seller, role=Role.MANAGER))

    deactivated = client.post(url(channel, "channel_deactivate"), {"deactivate-choice": "zero"})
    forged = post(client, channel, account__client_secret="stolen")
    saved = post(client, channel, account__client_id=None, account__site=None, quantity__buffer="4")

    channel.refresh_from_db()
    assert (deactivated.status_code, forged.status_code, saved.status_code) == (403, 403, 200)
    assert read_secrets(channel) == {"client_secret": "swordfish"}
    assert channel.buffer == 4


def test_a_manager_saves_the_rest_of_a_running_channel(
    browser: Client, client: Client, channel: Channel, seller: Seller
):
    post(browser, channel, "activate")
    channel.refresh_from_db()
    client.force_login(make_user("m@example.com", seller=seller, role=Role.MANAGER))

    saved = post(client, channel, account__client_id=None, account__site=None, quantity__buffer="4")

    channel.refresh_from_db()
    assert saved.status_code == 200
    assert (channel.state, channel.buffer) == ("testing", 4)


def test_a_viewer_reads_and_changes_nothing(client: Client, channel: Channel, seller: Seller):
    client.force_login(make_user("v@example.com", seller=seller, role=Role.VIEWER))

    page = client.get(url(channel))
    refused = client.post(url(channel), filled(channel, quantity__buffer="3"))

    assert (page.status_code, refused.status_code) == (200, 403)
    assert 'name="action" value="save"' not in page.content.decode()


@pytest.mark.parametrize("name", ["channel_settings", "channel_example", "channel_label_summary"])
def test_another_sellers_channel_does_not_exist(client: Client, channel: Channel, name: str):
    client.force_login(make_user("x@example.com", seller=make_seller("other")))

    assert client.get(url(channel, name)).status_code == 404
    own_address = reverse(name, args=["other", channel.public_id])
    assert client.get(own_address).status_code == 404


def test_the_worked_example_follows_the_form_before_it_is_saved(browser: Client, channel: Channel):
    item = channel.label.label_items.get().item  # type: ignore[union-attr]
    query = filled(channel, quantity__buffer="2", price__price_percent="10", price__price_ending="0.99")

    page = browser.get(url(channel, "channel_example"), {**query, "sku": item.sku}).content.decode()

    assert "Less the buffer of 2" in page
    assert "11.99" in page
    channel.refresh_from_db()
    assert channel.buffer == 0


def test_the_worked_example_says_what_is_missing(browser: Client, channel: Channel, seller: Seller):
    make_item(seller, "FREE-1", price=None)

    unknown = browser.get(url(channel, "channel_example"), {**filled(channel), "sku": "NO-SUCH"}).content.decode()
    unpriced = browser.get(url(channel, "channel_example"), {**filled(channel), "sku": "FREE-1"}).content.decode()

    assert "You have no such SKU." in unknown
    assert "This item has no price." in unpriced


def test_a_blocked_job_says_why_and_can_be_run_again(browser: Client, channel: Channel):
    post(browser, channel, "activate", switches__orders_on="on")
    ChannelJob.objects.filter(channel=channel, kind="orders").update(blocked=True, last_error="Token refused.")

    page = browser.get(url(channel)).content.decode()
    browser.post(url(channel, "channel_run_now", "orders"))

    assert "Waits for you: Token refused." in page
    assert not ChannelJob.objects.get(channel=channel, kind="orders").blocked


def test_locations_are_ranked_only_when_there_are_several(browser: Client, channel: Channel, seller: Seller):
    second = Location.objects.create(seller=seller, code="b", name="Second")

    post(browser, channel, **{f"quantity__rank_{second.pk}": "1"})

    assert [served.location for served in channel.channel_locations.all()] == [second]


def test_the_page_asks_the_database_the_same_number_of_times_however_much_there_is(
    browser: Client, channel: Channel, seller: Seller, django_assert_max_num_queries: DjangoAssertNumQueries
):
    post(browser, channel, "activate", switches__listings_on="on", switches__orders_on="on")
    for number in range(20):
        make_label(seller, f"Label {number}", items=[make_item(seller, f"X-{number}")])

    with django_assert_max_num_queries(24):
        browser.get(url(channel))


def test_the_adapters_own_form_cleans_what_is_stored_and_suggests_what_is_not(
    browser: Client, seller: Seller, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(MemoryAdapter, "account_form", ShopForm)
    channel = make_ready_channel(seller)
    Channel.objects.filter(pk=channel.pk).update(settings={})

    page = browser.get(url(channel)).content.decode()
    wrong = post(browser, channel, account__address="no address")
    post(browser, channel, account__address="HTTPS://Shop.example/")

    channel.refresh_from_db()
    assert 'value="https://suggested.example"' in page
    assert "Give an address." in wrong.content.decode()
    assert channel.settings == {"address": "https://shop.example"}


class ShopForm(forms.Form):
    address = forms.CharField(initial=lambda: "https://suggested.example")
    client_secret = forms.CharField(widget=forms.PasswordInput)

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"].lower().rstrip("/")
        if not address.startswith("https://"):
            raise forms.ValidationError("Give an address.")
        return address


def test_what_is_listed_with_older_details_is_not_counted_among_the_refused(browser: Client, channel: Channel):
    make_live(channel)
    for sku, state, refused in (("A", "listed", ""), ("B", "listed", "x"), ("C", "rejected", "x")):
        Listing.objects.create(channel=channel, sku=sku, state=state, rejected_hash=refused)

    answer = browser.get(url(channel))

    evidence = answer.context["evidence"]
    assert (evidence["listed"], evidence["outdated"], evidence["refused"]) == (2, 1, 1)
    assert "1 with older details" in answer.content.decode()


def test_a_long_history_costs_no_more_queries_than_a_short_one(
    browser: Client, channel: Channel, django_assert_max_num_queries: DjangoAssertNumQueries
):
    channel.history.all().delete()
    with CaptureQueriesContext(connection) as before:
        browser.get(url(channel))
    for number in range(10):
        channel.history.create(at=NOW, what="quantity", before={"buffer": number}, after={"buffer": number + 1})

    with django_assert_max_num_queries(len(before)):
        assert "changed “Buffer” from 8 to 9" in browser.get(url(channel)).content.decode()

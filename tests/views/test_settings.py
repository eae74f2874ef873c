"""The settings page before activation: what it shows, what it saves, what it refuses in which words."""

from decimal import Decimal

import pytest
from django.test import Client

from channels_app.models import Channel
from channels_app.secrets import read_secrets
from inventory.models import Seller
from tests.factories import make_item, make_label
from tests.flows.marketplace import make_ready_channel
from tests.views.settings_rig import filled, post, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]


def test_the_page_leads_through_label_activation_and_frequency(browser: Client, channel: Channel):
    page = browser.get(url(channel)).content.decode()

    assert page.index("Assign the label") < page.index("Activate") < page.index("View communication frequency")
    assert "You are now beginning the Testing phase. It lasts 30 days." in page


def test_what_is_missing_is_listed_each_with_a_link(browser: Client, channel: Channel):
    channel.label = None
    channel.save()

    page = browser.get(url(channel)).content.decode()

    assert '<a href="#label">Choose the label whose items this channel lists.</a>' in page
    assert "Save and Activate" in page


def test_save_stores_only_what_was_touched(browser: Client, channel: Channel):
    response = post(browser, channel, quantity__buffer="3")

    channel.refresh_from_db()
    assert channel.buffer == 3
    assert "Saved: Quantity." in response.content.decode()
    assert [entry.what for entry in channel.history.all()] == ["quantity"]


def test_an_old_tab_puts_no_old_values_back(browser: Client, channel: Channel):
    old_tab = filled(channel, price__price_percent="5")
    post(browser, channel, quantity__buffer="3")

    browser.post(url(channel), {**old_tab, "action": "save"})

    channel.refresh_from_db()
    assert (channel.buffer, channel.price_percent) == (3, Decimal(5))


def test_two_tabs_that_change_the_same_part_are_told_and_nothing_is_lost(browser: Client, channel: Channel):
    old_tab = filled(channel, quantity__buffer="7")
    post(browser, channel, quantity__buffer="3")

    response = browser.post(url(channel), {**old_tab, "action": "save"})

    channel.refresh_from_db()
    assert channel.buffer == 3
    assert response.status_code == 422
    assert "changed this meanwhile" in response.content.decode()
    assert response.context["parts"]["quantity"]["buffer"].value() == "7"


def test_one_wrong_number_loses_nothing_else(browser: Client, channel: Channel):
    response = post(browser, channel, quantity__buffer="-1", price__price_percent="5")

    channel.refresh_from_db()
    assert channel.price_percent == 5
    assert response.status_code == 422
    page = response.content.decode()
    assert "Saved: Price." in page
    assert "Not saved: Quantity." in page
    assert 'value="-1"' in page


def test_save_and_activate_begins_testing(browser: Client, channel: Channel):
    response = post(browser, channel, "activate", switches__listings_on="on")

    channel.refresh_from_db()
    assert (channel.state, channel.listings_on) == ("testing", True)
    assert "30 days left" in response.content.decode()


def test_save_and_activate_with_something_missing_saves_and_says_what(browser: Client, channel: Channel):
    response = post(browser, channel, "activate", label__label="", quantity__buffer="2")

    channel.refresh_from_db()
    assert (channel.state, channel.buffer) == ("setup", 2)
    assert response.status_code == 422
    assert "Choose the label whose items this channel lists." in response.content.decode()


def test_refused_credentials_are_saved_and_the_answer_stands_beside_them(browser: Client, channel: Channel):
    response = post(browser, channel, "activate", account__client_secret="bad")

    channel.refresh_from_db()
    assert channel.state == "setup"
    assert read_secrets(channel)["client_secret"] == "bad"
    assert response.status_code == 422
    assert response.context["parts"]["account"].errors


def test_a_label_without_items_is_saved_but_does_not_activate(browser: Client, channel: Channel, seller: Seller):
    empty = make_label(seller, "Empty")

    response = post(browser, channel, "activate", label__label=empty.pk)

    channel.refresh_from_db()
    assert (channel.state, channel.label) == ("setup", empty)
    assert "holds no items" in response.content.decode()


def test_a_second_channel_on_the_same_account_is_refused_and_named(browser: Client, channel: Channel, seller: Seller):
    post(browser, channel, "activate")
    second = make_ready_channel(seller, items=[make_item(seller, "CAP-1")], name="Second")

    response = post(browser, second, "activate")

    second.refresh_from_db()
    assert second.state == "setup"
    assert response.status_code == 422
    assert f"already used by your channel “{channel.name}”" in response.content.decode()


def test_a_marketplace_that_cannot_be_reached_loses_nothing(browser: Client, channel: Channel):
    response = post(browser, channel, "activate", account__client_secret="down", quantity__buffer="3")

    channel.refresh_from_db()
    assert (channel.state, channel.buffer) == ("setup", 3)
    assert response.status_code == 422
    assert response.context["parts"]["account"].non_field_errors()


def test_a_second_click_on_activate_is_told_that_the_channel_is_active(browser: Client, channel: Channel):
    stale = {**filled(channel), "action": "activate"}
    post(browser, channel, "activate")

    response = browser.post(url(channel), stale, follow=True)

    channel.refresh_from_db()
    assert channel.state == "testing"
    page = response.content.decode()
    assert "already active" in page or "changed this meanwhile" in page


def test_secrets_are_never_rendered_back(browser: Client, channel: Channel):
    page = browser.get(url(channel)).content.decode()

    assert "swordfish" not in page
    assert "Stored. Leave it empty to keep it" in page


def test_an_empty_secret_keeps_the_stored_one(browser: Client, channel: Channel):
    post(browser, channel, account__site="de", account__client_secret="")

    channel.refresh_from_db()
    assert channel.settings["site"] == "de"
    assert read_secrets(channel) == {"client_secret": "swordfish"}


def test_check_connection_says_whose_account_it_is(browser: Client, channel: Channel):
    response = post(browser, channel, "check")

    channel.refresh_from_db()
    assert channel.checked_at is not None
    assert "The connection works." in response.content.decode()


def test_a_new_label_is_created_and_chosen_at_once(browser: Client, channel: Channel):
    post(browser, channel, label__new_label="Summer")

    channel.refresh_from_db()
    assert channel.label is not None
    assert channel.label.name == "Summer"

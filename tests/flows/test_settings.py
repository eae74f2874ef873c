"""The seller saves a part of the settings page."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from channels_app.adapters.errors import SettingsError, TemporaryError
from channels_app.flows import settings as channel_settings
from channels_app.flows.activate import activate, promote_due
from channels_app.flows.connection import connection_is_checked
from channels_app.flows.permissions import NotAllowed
from channels_app.flows.switches import set_switch
from channels_app.models import Channel, ChannelHistory, ChannelWalk, Listing
from channels_app.secrets import read_secrets
from inventory.models import Location, Role, Seller
from tests.factories import NOW, make_item, make_label, make_seller, make_user
from tests.flows.marketplace import MemoryAdapter, make_ready_channel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


@pytest.fixture
def channel(seller: Seller) -> Channel:
    return make_ready_channel(seller)


@pytest.fixture
def active(channel: Channel, owner: User) -> Channel:
    set_switch(channel, "listings_on", True, actor=owner, now=NOW)
    activate(channel, actor=owner, now=NOW)
    ChannelWalk.objects.all().delete()
    ChannelHistory.objects.all().delete()
    return channel


def test_a_change_is_remembered_with_who_when_before_and_after(channel: Channel, owner: User):
    channel_settings.save_quantity(channel, {"buffer": 3}, actor=owner, now=NOW, reason="too many oversold")

    entry = ChannelHistory.objects.get()
    assert (entry.what, entry.before, entry.after) == ("quantity", {"buffer": 0}, {"buffer": 3})
    assert (entry.actor, entry.at, entry.reason) == (owner, NOW, "too many oversold")
    assert channel.buffer == 3


def test_saving_what_stands_there_already_writes_nothing(active: Channel, owner: User):
    saved = channel_settings.save_price(
        active, {"price_percent": Decimal("0.0"), "price_ending": None}, actor=owner, now=NOW
    )

    assert saved is None
    assert not ChannelHistory.objects.exists()
    assert not ChannelWalk.objects.exists()


@pytest.mark.parametrize(
    "save",
    [
        lambda channel, owner: channel_settings.save_quantity(channel, {"buffer": 1}, actor=owner, now=NOW),
        lambda channel, owner: channel_settings.save_price(
            channel, {"price_percent": Decimal(5)}, actor=owner, now=NOW
        ),
    ],
)
def test_a_new_rule_makes_the_feed_look_at_every_listing(active: Channel, owner: User, save):
    save(active, owner)

    assert ChannelWalk.objects.filter(channel=active).count() == 1


def test_in_setup_or_with_listings_off_nothing_is_walked(channel: Channel, owner: User):
    channel_settings.save_quantity(channel, {"buffer": 1}, actor=owner, now=NOW)

    assert not ChannelWalk.objects.exists()


def test_live_lets_the_seller_edit_label_quantity_price_and_account(active: Channel, seller: Seller, owner: User):
    Channel.objects.filter(pk=active.pk).update(testing_ends_at=NOW)
    promote_due(now=NOW)
    active.refresh_from_db()
    other = make_label(seller, "Other", items=[make_item(seller, "CUP", on_hand=1)])

    channel_settings.save_label(active, {"label": other}, actor=owner, now=NOW)
    channel_settings.save_quantity(active, {"floor": 2}, actor=owner, now=NOW)
    channel_settings.save_price(active, {"price_amount": Decimal("0.50")}, actor=owner, now=NOW)
    channel_settings.save_account(active, {"client_id": "north", "site": "DE"}, actor=owner, now=NOW)

    assert (active.label, active.floor, active.price_amount, active.settings["site"]) == (
        other,
        2,
        Decimal("0.50"),
        "DE",
    )


def test_a_viewer_changes_nothing_and_a_manager_no_credentials(channel: Channel, seller: Seller):
    viewer = make_user("viewer@example.com", seller=seller, role=Role.VIEWER)
    manager = make_user("manager@example.com", seller=seller, role=Role.MANAGER)

    with pytest.raises(NotAllowed):
        channel_settings.save_quantity(channel, {"buffer": 1}, actor=viewer, now=NOW)
    with pytest.raises(NotAllowed, match="Only the owner"):
        channel_settings.save_account(channel, {"client_id": "mine"}, actor=manager, now=NOW)


def test_somebody_from_another_seller_changes_nothing(channel: Channel):
    stranger = make_user("s@example.com", seller=make_seller("other"))

    with pytest.raises(NotAllowed):
        channel_settings.save_quantity(channel, {"buffer": 1}, actor=stranger, now=NOW)


@pytest.mark.parametrize(
    ("save", "values", "field"),
    [
        (channel_settings.save_quantity, {"quantity_mode": "cap", "quantity_limit": None}, "quantity_limit"),
        (channel_settings.save_quantity, {"quantity_mode": "fixed", "quantity_limit": 0}, "quantity_limit"),
        (channel_settings.save_quantity, {"quantity_mode": "half"}, "quantity_mode"),
        (channel_settings.save_quantity, {"buffer": -1}, "buffer"),
        (channel_settings.save_price, {"price_percent": Decimal(-100)}, "price_percent"),
        (channel_settings.save_price, {"price_ending": Decimal("1.5")}, "price_ending"),
        (channel_settings.save_price, {"price_minimum": Decimal(-1)}, "price_minimum"),
        (channel_settings.save_price, {"currency_rate": Decimal(0)}, "currency_rate"),
    ],
)
def test_values_that_make_no_sense_are_refused_at_their_field(channel: Channel, owner: User, save, values, field):
    with pytest.raises(ValidationError) as refused:
        save(channel, values, actor=owner, now=NOW)

    assert list(refused.value.message_dict) == [field]
    assert not ChannelHistory.objects.exists()


def test_an_active_channel_cannot_lose_its_label_or_take_an_empty_one(active: Channel, seller: Seller, owner: User):
    with pytest.raises(ValidationError, match="needs a label"):
        channel_settings.save_label(active, {"label": None}, actor=owner, now=NOW)
    with pytest.raises(ValidationError, match="holds no items"):
        channel_settings.save_label(active, {"label": make_label(seller, "Empty")}, actor=owner, now=NOW)


def test_another_sellers_label_does_not_exist_here(channel: Channel, owner: User):
    foreign = make_label(make_seller("other"), "Theirs")

    with pytest.raises(ValidationError, match="does not exist"):
        channel_settings.save_label(channel, {"label": foreign}, actor=owner, now=NOW)


def test_the_dialog_of_relabelling_knows_how_many_listings_would_end(active: Channel, seller: Seller):
    kept, dropped = make_item(seller, "KEPT"), make_item(seller, "DROPPED")
    for item in (kept, dropped):
        Listing.objects.create(channel=active, sku=item.sku, item=item, state=Listing.State.LISTED)
    Listing.objects.create(channel=active, sku="STRAY", state=Listing.State.LISTED)

    assert channel_settings.count_ended_by(active, make_label(seller, "New", items=[kept])) == 2


def test_locations_are_ranked_as_given_and_foreign_ones_refused(channel: Channel, seller: Seller, owner: User):
    first = Location.objects.create(seller=seller, code="north", name="North")
    second = seller.locations.get(is_default=True)
    foreign = make_seller("other").locations.get()

    channel_settings.save_quantity(channel, {"locations": [first, second]}, actor=owner, now=NOW)
    with pytest.raises(ValidationError, match="not yours"):
        channel_settings.save_quantity(channel, {"locations": [foreign]}, actor=owner, now=NOW)

    assert [served.location for served in channel.channel_locations.all()] == [first, second]
    assert ChannelHistory.objects.get().after == {"locations": ["North", "Main warehouse"]}


def test_in_setup_credentials_are_saved_before_they_are_checked(channel: Channel, owner: User):
    values = {"client_id": "south", "client_secret": "bad", "site": ""}

    channel_settings.save_account(channel, values, actor=owner, now=NOW)

    assert (channel.settings["client_id"], read_secrets(channel)["client_secret"]) == ("south", "bad")
    assert MemoryAdapter.checks == 0


def test_a_blank_secret_keeps_the_old_one_and_history_names_no_secret(channel: Channel, owner: User):
    channel_settings.save_account(channel, {"client_id": "south", "client_secret": ""}, actor=owner, now=NOW)
    channel_settings.save_account(channel, {"client_id": "south", "client_secret": "hush-hush"}, actor=owner, now=NOW)

    history = str(list(ChannelHistory.objects.values_list("before", "after")))
    assert "hush-hush" not in history
    assert "swordfish" not in history
    assert "client_secret" in history  # that it was replaced, and by whom, is kept


def test_a_running_channel_keeps_its_working_credentials_when_the_new_ones_are_refused(active: Channel, owner: User):
    for secret, error in [("bad", SettingsError), ("down", TemporaryError)]:
        with pytest.raises(error):
            channel_settings.save_account(active, {"client_id": "north", "client_secret": secret}, actor=owner, now=NOW)

    active.refresh_from_db()
    assert read_secrets(active) == {"client_secret": "swordfish"}
    assert connection_is_checked(active)


def test_a_running_channel_takes_new_credentials_of_the_same_account_at_once(active: Channel, owner: User):
    channel_settings.save_account(active, {"client_id": "north", "client_secret": "newer"}, actor=owner, now=NOW)

    assert read_secrets(active) == {"client_secret": "newer"}
    assert connection_is_checked(active)


def test_a_running_channel_does_not_move_to_another_account(active: Channel, owner: User):
    with pytest.raises(SettingsError, match="make a new channel"):
        channel_settings.save_account(active, {"client_id": "south"}, actor=owner, now=NOW)

    active.refresh_from_db()
    assert active.settings["client_id"] == "north"


def test_adding_a_channel_needs_a_manager(seller: Seller, owner: User):
    viewer = make_user("viewer@example.com", seller=seller, role=Role.VIEWER)

    channel = channel_settings.add_channel(seller, "sandbox", "  Outlet  ", actor=owner, now=NOW)

    assert (channel.name, channel.state) == ("Outlet", "setup")
    with pytest.raises(NotAllowed):
        channel_settings.add_channel(seller, "sandbox", "Mine", actor=viewer, now=NOW)


def test_a_channel_needs_a_name(channel: Channel, owner: User):
    with pytest.raises(ValidationError):
        channel_settings.save_name(channel, "  ", actor=owner, now=NOW)

"""Setup to Testing to Live and back: who, when, and what is refused in which words."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django_fsm import TransitionNotAllowed

from channels_app.adapters.errors import SettingsError, TemporaryError
from channels_app.adapters.types import Capability
from channels_app.flows import activate
from channels_app.flows.permissions import NotAllowed
from channels_app.models import (
    Channel,
    ChannelHistory,
    ChannelJob,
    ChannelWalk,
    Listing,
    PendingChange,
)
from channels_app.secrets import store_secrets
from inventory.models import Role, Seller
from tests.factories import NOW, make_item, make_seller, make_user
from tests.flows.marketplace import EVERYTHING, MemoryAdapter, make_ready_channel

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


def enabled_jobs(channel: Channel) -> set[str]:
    return set(ChannelJob.objects.filter(channel=channel, enabled=True).values_list("kind", flat=True))


def test_activation_begins_thirty_days_of_testing_and_the_jobs_of_the_switches(channel: Channel, owner: User):
    channel.listings_on = channel.orders_on = True
    channel.save()

    activate.activate(channel, actor=owner, now=NOW)

    assert channel.state == "testing"
    assert channel.testing_ends_at == NOW + timedelta(days=30)
    assert enabled_jobs(channel) == {"offers", "content", "results", "orders", "commands", "returns", "categories"}
    assert ChannelWalk.objects.filter(channel=channel).count() == 1


def test_the_length_of_testing_is_a_setting(channel: Channel, owner: User, settings):
    settings.TESTING_DAYS = 7

    activate.activate(channel, actor=owner, now=NOW)

    assert channel.testing_ends_at == NOW + timedelta(days=7)


def test_activation_stands_in_the_history_and_no_secret_does(channel: Channel, owner: User):
    activate.activate(channel, actor=owner, now=NOW)

    entry = ChannelHistory.objects.get(channel=channel, what="state")
    assert entry.after is not None
    assert (entry.actor, entry.before, entry.after["state"], entry.at) == (owner, "setup", "testing", NOW)
    assert "swordfish" not in str(list(ChannelHistory.objects.values_list("before", "after", "reason")))


def test_everything_that_is_missing_is_listed_with_its_place_on_the_page(seller: Seller, owner: User):
    channel = make_ready_channel(seller, quantity_mode="cap", quantity_limit=0)
    channel.label, channel.settings, channel.encrypted_secrets = None, {}, ""
    channel.save()

    with pytest.raises(activate.NotReady) as refused:
        activate.activate(channel, actor=owner, now=NOW)

    assert [step.anchor for step in refused.value.missing] == ["label", "quantity", "account", "account"]
    assert "Account information: enter Client secret." in str(refused.value)
    assert channel.state == "setup"
    assert MemoryAdapter.checks == 0


def test_a_label_with_no_items_cannot_be_activated(seller: Seller, owner: User):
    channel = make_ready_channel(seller, items=[])

    with pytest.raises(activate.NotReady, match="holds no items"):
        activate.activate(channel, actor=owner, now=NOW)


def test_a_label_that_holds_only_what_cannot_be_sold_counts_as_empty(seller: Seller, owner: User):
    channel = make_ready_channel(seller, items=[make_item(seller, "GONE", blocked=True)])

    with pytest.raises(activate.NotReady, match="holds no items"):
        activate.activate(channel, actor=owner, now=NOW)


def test_a_wrong_token_is_refused_and_the_reason_is_kept_for_the_page(seller: Seller, owner: User):
    channel = make_ready_channel(seller, secret="bad")

    with pytest.raises(SettingsError, match="client secret is wrong") as refused:
        activate.activate(channel, actor=owner, now=NOW)

    channel.refresh_from_db()
    assert refused.value.field_errors == {"client_secret": "This is wrong."}
    assert (channel.state, channel.check_error) == ("setup", "The client secret is wrong.")
    assert not ChannelJob.objects.exists()


def test_a_marketplace_that_cannot_be_reached_leaves_the_channel_in_setup(seller: Seller, owner: User):
    channel = make_ready_channel(seller, secret="down")

    with pytest.raises(TemporaryError):
        activate.activate(channel, actor=owner, now=NOW)

    channel.refresh_from_db()
    assert channel.state == "setup"


def test_a_lost_encryption_key_is_a_missing_step_and_not_a_crash(channel: Channel, owner: User, settings):
    settings.FIELD_KEYS = ["c29tZS1vdGhlci1rZXktb2YtMzItYnl0ZXMtLS0tLS0="]

    with pytest.raises(activate.NotReady, match="cannot be opened"):
        activate.activate(channel, actor=owner, now=NOW)


def test_a_double_click_activates_once(channel: Channel, owner: User):
    activate.activate(channel, actor=owner, now=NOW)

    with pytest.raises(TransitionNotAllowed, match="already active"):
        activate.activate(channel, actor=owner, now=NOW)

    assert ChannelHistory.objects.filter(what="state", after__state="testing").count() == 1


def test_a_second_tab_that_still_shows_setup_is_told_that_the_channel_is_active(channel: Channel, owner: User):
    stale = Channel.objects.get(pk=channel.pk)
    activate.activate(channel, actor=owner, now=NOW)

    with pytest.raises(TransitionNotAllowed):
        activate.activate(stale, actor=owner, now=NOW + timedelta(hours=1))

    channel.refresh_from_db()
    assert channel.testing_started_at == NOW


def test_credentials_changed_in_another_tab_during_the_check_are_not_activated(
    channel: Channel, owner: User, monkeypatch
):
    check = MemoryAdapter.check_connection

    def changed_meanwhile(adapter: MemoryAdapter):
        other = Channel.objects.get(pk=channel.pk)
        store_secrets(other, {"client_secret": "another"})
        other.save()
        return check(adapter)

    monkeypatch.setattr(MemoryAdapter, "check_connection", changed_meanwhile)

    with pytest.raises(SettingsError, match="changed during the check"):
        activate.activate(channel, actor=owner, now=NOW)


def test_credentials_that_passed_a_check_are_not_asked_again(channel: Channel, owner: User):
    activate.activate(channel, actor=owner, now=NOW)
    activate.deactivate(channel, choice="leave", actor=owner, now=NOW)
    activate.activate(channel, actor=owner, now=NOW)

    assert MemoryAdapter.checks == 1


def test_a_second_channel_on_the_same_account_is_refused_by_name(channel: Channel, seller: Seller, owner: User):
    activate.activate(channel, actor=owner, now=NOW)
    second = make_ready_channel(seller, name="Twin", label=channel.label, items=[])

    with pytest.raises(SettingsError, match="already used by your channel “Sandbox”"):
        activate.activate(second, actor=owner, now=NOW)


def test_another_sellers_channel_on_the_same_account_is_refused_without_naming_it(channel: Channel, owner: User):
    activate.activate(channel, actor=owner, now=NOW)
    stranger = make_seller("other")
    second = make_ready_channel(stranger, name="Twin")

    with pytest.raises(SettingsError, match="another active channel") as refused:
        activate.activate(second, actor=make_user("o@example.com", seller=stranger), now=NOW)

    assert "Sandbox" not in str(refused.value)


def test_an_account_taken_in_the_same_instant_is_refused_by_the_database_in_the_same_words(
    channel: Channel, seller: Seller, owner: User, monkeypatch
):
    activate.activate(channel, actor=owner, now=NOW)
    second = make_ready_channel(seller, label=channel.label, items=[])
    monkeypatch.setattr(activate, "_refuse_taken_account", lambda row: None)

    with pytest.raises(SettingsError, match="already used"):
        activate.activate(second, actor=owner, now=NOW)


def test_the_account_is_free_again_after_deactivation(channel: Channel, seller: Seller, owner: User):
    activate.activate(channel, actor=owner, now=NOW)
    activate.deactivate(channel, choice="leave", actor=owner, now=NOW)
    second = make_ready_channel(seller, label=channel.label, items=[])

    activate.activate(second, actor=owner, now=NOW)

    assert second.state == "testing"


def test_after_having_been_active_a_channel_does_not_move_to_another_account(channel: Channel, owner: User):
    activate.activate(channel, actor=owner, now=NOW)
    activate.deactivate(channel, choice="leave", actor=owner, now=NOW)
    channel.settings = {"client_id": "south", "site": ""}
    channel.save()

    with pytest.raises(SettingsError, match="make a new channel"):
        activate.activate(channel, actor=owner, now=NOW)


@pytest.mark.parametrize("role", [Role.VIEWER])
def test_a_viewer_cannot_activate(channel: Channel, seller: Seller, role: Role):
    viewer = make_user("viewer@example.com", seller=seller, role=role)

    with pytest.raises(NotAllowed, match="not change it"):
        activate.activate(channel, actor=viewer, now=NOW)


def test_each_activation_starts_new_days_keeps_the_history_and_resumes_the_order_cursor(channel: Channel, owner: User):
    channel.orders_on = channel.listings_on = True
    channel.save()
    activate.activate(channel, actor=owner, now=NOW)
    ChannelJob.objects.filter(channel=channel, kind="orders").update(cursor="page-7")
    activate.deactivate(channel, choice="leave", actor=owner, now=NOW + timedelta(days=3))
    ChannelWalk.objects.all().delete()

    activate.activate(channel, actor=owner, now=NOW + timedelta(days=5))

    assert channel.testing_ends_at == NOW + timedelta(days=35)
    assert ChannelJob.objects.get(channel=channel, kind="orders").cursor == "page-7"
    assert ChannelWalk.objects.filter(channel=channel).count() == 1
    assert ChannelHistory.objects.filter(channel=channel, what="state").count() == 3


def test_switches_set_before_the_first_check_obey_what_it_learns(channel: Channel, owner: User, monkeypatch):
    monkeypatch.setattr(MemoryAdapter, "told", EVERYTHING - {Capability.RECONCILE} | {Capability.FULFILLMENTS_REQUIRED})
    channel.listings_on, channel.reconciler_on, channel.fulfillments_on = True, True, False
    channel.save()

    activate.activate(channel, actor=owner, now=NOW)

    assert (channel.reconciler_on, channel.fulfillments_on) == (False, True)
    reasons = dict(ChannelHistory.objects.exclude(reason="").values_list("what", "reason"))
    assert "cannot list" in reasons["reconciler_on"]
    assert "requires" in reasons["fulfillments_on"]


@pytest.fixture
def active(channel: Channel, owner: User) -> Channel:
    channel.listings_on = channel.orders_on = True
    channel.save()
    activate.activate(channel, actor=owner, now=NOW)
    return channel


def test_deactivation_ends_all_jobs_and_what_waits_to_be_sent(active: Channel, owner: User):
    PendingChange.objects.create(channel=active, sku="MUG", changed_at=NOW)

    activate.deactivate(active, choice="leave", actor=owner, now=NOW)

    assert active.state == "setup"
    assert not enabled_jobs(active)
    assert not PendingChange.objects.exists()
    assert not ChannelWalk.objects.exists()


@pytest.mark.parametrize(
    ("choice", "urgency"), [("zero", PendingChange.Urgency.TO_ZERO), ("end", PendingChange.Urgency.WITHDRAW)]
)
def test_deactivation_can_leave_one_last_word_for_every_listing(
    active: Channel, owner: User, choice: str, urgency: int
):
    Listing.objects.create(channel=active, sku="HERE", state=Listing.State.LISTED)
    Listing.objects.create(channel=active, sku="GONE", state=Listing.State.ENDED)

    activate.deactivate(active, choice=choice, actor=owner, now=NOW)

    assert list(PendingChange.objects.values_list("sku", "urgency")) == [("HERE", urgency)]
    assert {"offers", "results"} <= enabled_jobs(active)
    assert active.on_deactivate == choice


def test_deactivation_needs_one_of_the_three_choices(active: Channel, owner: User):
    with pytest.raises(ValidationError):
        activate.deactivate(active, choice="burn", actor=owner, now=NOW)


def test_a_manager_cannot_deactivate_and_in_live_the_owner_cannot_either(active: Channel, seller: Seller, owner: User):
    manager = make_user("manager@example.com", seller=seller, role=Role.MANAGER)
    with pytest.raises(NotAllowed, match="Only the owner"):
        activate.deactivate(active, choice="leave", actor=manager, now=NOW)

    activate.promote_due(now=NOW + timedelta(days=31))

    with pytest.raises(NotAllowed, match="Ask support"):
        activate.deactivate(active, choice="leave", actor=owner, now=NOW)


def test_the_clock_alone_promotes_and_not_a_second_early(active: Channel):
    assert activate.promote_due(now=NOW + timedelta(days=30, seconds=-1)) == 0
    assert activate.promote_due(now=NOW + timedelta(days=30)) == 1
    assert activate.promote_due(now=NOW + timedelta(days=30)) == 0

    active.refresh_from_db()
    assert (active.state, active.live_at) == ("live", NOW + timedelta(days=30))
    assert ChannelHistory.objects.get(what="state", after="live").actor is None


def test_a_channel_in_setup_is_never_promoted(active: Channel, owner: User):
    activate.deactivate(active, choice="leave", actor=owner, now=NOW)

    assert activate.promote_due(now=NOW + timedelta(days=99)) == 0


def test_support_ends_testing_now_moves_its_end_and_brings_a_live_channel_back(active: Channel, support: User):
    activate.move_testing_end(active, ends_at=NOW + timedelta(days=60), actor=support, now=NOW, reason="asked")
    assert active.testing_ends_at == NOW + timedelta(days=60)

    activate.go_live(active, actor=support, now=NOW, reason="looks right")
    assert (active.state, active.live_at) == ("live", NOW)

    activate.back_to_testing(active, ends_at=NOW + timedelta(days=5), actor=support, now=NOW, reason="too early")
    assert (active.state, active.testing_ends_at, active.live_at) == ("testing", NOW + timedelta(days=5), None)

    reasons = list(ChannelHistory.objects.filter(actor=support).order_by("pk").values_list("reason", flat=True))
    assert reasons == ["asked", "looks right", "too early"]


def test_support_always_gives_a_reason(active: Channel, support: User):
    with pytest.raises(ValidationError, match="Say why"):
        activate.go_live(active, actor=support, now=NOW, reason="  ")

    active.refresh_from_db()
    assert active.state == "testing"


def test_the_end_of_testing_cannot_be_moved_into_the_past(active: Channel, support: User):
    with pytest.raises(ValidationError, match="future"):
        activate.move_testing_end(active, ends_at=NOW, actor=support, now=NOW, reason="oops")


def test_the_owner_is_not_support(active: Channel, owner: User):
    with pytest.raises(NotAllowed):
        activate.go_live(active, actor=owner, now=NOW, reason="please")


def test_going_live_twice_is_refused_in_words(active: Channel, support: User):
    activate.go_live(active, actor=support, now=NOW, reason="looks right")

    with pytest.raises(NotAllowed, match="Live already"):
        activate.go_live(active, actor=support, now=NOW, reason="again")


def test_a_channel_in_setup_can_be_removed_and_frees_its_label(channel: Channel, owner: User):
    activate.archive(channel, actor=owner, now=NOW)

    assert channel.archived_at == NOW
    assert channel.label is None


def test_an_active_channel_cannot_be_removed(active: Channel, owner: User):
    with pytest.raises(NotAllowed, match="deactivate it first"):
        activate.archive(active, actor=owner, now=NOW)


def test_an_empty_label_at_the_last_moment_stops_the_activation(channel: Channel, owner: User, monkeypatch):
    check = MemoryAdapter.check_connection

    def emptied_meanwhile(adapter: MemoryAdapter):
        assert channel.label
        channel.label.label_items.all().delete()
        return check(adapter)

    monkeypatch.setattr(MemoryAdapter, "check_connection", emptied_meanwhile)

    with pytest.raises(activate.NotReady, match="holds no items"):
        activate.activate(channel, actor=owner, now=NOW)

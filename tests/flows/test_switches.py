"""Listings, Reconciler, Orders, Fulfillments: who may switch what, when, and what comes with it."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from channels_app.flows.activate import activate, promote_due
from channels_app.flows.permissions import NotAllowed
from channels_app.flows.switches import set_switch
from channels_app.models import Channel, ChannelHistory, ChannelJob, ChannelWalk
from inventory.models import Seller
from tests.factories import FACTS, NOW, make_channel, make_label, make_seller, make_user
from tests.flows.marketplace import make_ready_channel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


@pytest.fixture
def active(seller: Seller, owner: User) -> Channel:
    channel = make_ready_channel(seller)
    activate(channel, actor=owner, now=NOW)
    return channel


def live(channel: Channel) -> Channel:
    Channel.objects.filter(pk=channel.pk).update(testing_ends_at=NOW)
    promote_due(now=NOW)
    channel.refresh_from_db()
    assert channel.state == "live"
    return channel


def enabled_jobs(channel: Channel) -> set[str]:
    return set(ChannelJob.objects.filter(channel=channel, enabled=True).values_list("kind", flat=True))


def test_listings_on_starts_the_feed_and_looks_at_every_item(active: Channel, owner: User):
    set_switch(active, "listings_on", True, actor=owner, now=NOW)

    assert {"offers", "content", "results"} <= enabled_jobs(active)
    assert ChannelWalk.objects.filter(channel=active).exists()
    assert ChannelHistory.objects.filter(what="listings_on", before=False, after=True, actor=owner).exists()


def test_orders_on_starts_the_download(active: Channel, owner: User):
    set_switch(active, "orders_on", True, actor=owner, now=NOW)

    assert "orders" in enabled_jobs(active)


def test_listings_off_switches_reconciler_off_with_it(active: Channel, owner: User):
    set_switch(active, "listings_on", True, actor=owner, now=NOW)
    set_switch(active, "reconciler_on", True, actor=owner, now=NOW)

    set_switch(active, "listings_on", False, actor=owner, now=NOW)

    assert not active.reconciler_on
    assert not {"content", "offers", "reconcile"} & enabled_jobs(active)
    assert ChannelHistory.objects.filter(what="reconciler_on", before=True, after=False).exists()


def test_reconciler_needs_listings_first(active: Channel, owner: User):
    with pytest.raises(NotAllowed, match="switch on Listings first"):
        set_switch(active, "reconciler_on", True, actor=owner, now=NOW)


def test_reconciler_is_not_offered_where_the_channel_cannot_be_reconciled(seller: Seller, owner: User):
    facts = FACTS | {"capabilities": ["refund"]}
    channel = make_channel(seller, facts=facts)

    with pytest.raises(NotAllowed, match="cannot list what it shows"):
        set_switch(channel, "reconciler_on", True, actor=owner, now=NOW)


def test_fulfillments_stays_on_where_the_channel_requires_it(seller: Seller, owner: User):
    channel = make_channel(seller, facts=FACTS | {"capabilities": ["fulfillments_required"]})

    with pytest.raises(NotAllowed, match="Fulfillments stays on"):
        set_switch(channel, "fulfillments_on", False, actor=owner, now=NOW)


def test_in_live_the_seller_may_only_switch_on_reconciler_and_fulfillments(active: Channel, owner: User):
    set_switch(active, "listings_on", True, actor=owner, now=NOW)
    set_switch(active, "orders_on", True, actor=owner, now=NOW)
    set_switch(active, "fulfillments_on", False, actor=owner, now=NOW)
    live(active)

    for name in ("listings_on", "orders_on"):
        with pytest.raises(NotAllowed, match="Ask support"):
            set_switch(active, name, False, actor=owner, now=NOW)
    set_switch(active, "reconciler_on", True, actor=owner, now=NOW)
    set_switch(active, "fulfillments_on", True, actor=owner, now=NOW)
    for name in ("reconciler_on", "fulfillments_on"):
        with pytest.raises(NotAllowed, match="Once on in Live, it stays on"):
            set_switch(active, name, False, actor=owner, now=NOW)

    assert "reconcile" in enabled_jobs(active)


def test_in_live_with_listings_off_reconciler_says_to_ask_support(active: Channel, owner: User):
    live(active)

    with pytest.raises(NotAllowed, match="Ask support to switch on Listings"):
        set_switch(active, "reconciler_on", True, actor=owner, now=NOW)


def test_support_may_switch_anything_in_live_with_a_reason(active: Channel, owner: User, support: User):
    set_switch(active, "orders_on", True, actor=owner, now=NOW)
    live(active)

    with pytest.raises(ValidationError, match="Say why"):
        set_switch(active, "orders_on", False, actor=support, now=NOW, as_support=True)
    set_switch(active, "orders_on", False, actor=support, now=NOW, as_support=True, reason="The seller asked by phone.")

    assert not active.orders_on
    assert ChannelHistory.objects.get(what="orders_on", after=False).reason == "The seller asked by phone."


def test_a_switch_that_stands_so_already_writes_nothing(active: Channel, owner: User):
    set_switch(active, "listings_on", False, actor=owner, now=NOW)

    assert not ChannelHistory.objects.filter(what="listings_on").exists()


def test_switches_in_setup_start_no_job(seller: Seller, owner: User):
    channel = make_ready_channel(seller)

    set_switch(channel, "listings_on", True, actor=owner, now=NOW)

    assert not ChannelJob.objects.exists()
    assert not ChannelWalk.objects.exists()


def test_jobs_of_another_channel_are_left_alone(active: Channel, seller: Seller, owner: User):
    other = make_ready_channel(
        seller, client_id="south", label=make_label(seller, "Same", items=list(seller.items.all()))
    )
    activate(other, actor=owner, now=NOW)

    set_switch(active, "orders_on", True, actor=owner, now=NOW)

    assert "orders" not in enabled_jobs(other)

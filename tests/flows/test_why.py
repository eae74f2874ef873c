"""Rules of a past moment are replayed from the history; what the channel had confirmed, from the lines."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.flows import settings as channel_settings
from channels_app.flows.activate import activate, deactivate
from channels_app.flows.price import PriceRule
from channels_app.flows.quantity import QuantityRule, quantity_to_send
from channels_app.flows.standing import Offer
from channels_app.flows.switches import set_switch
from channels_app.flows.why import (
    Confirmed,
    InForce,
    Then,
    because,
    confirmed_then,
    kept_since,
    rewind,
    state_then,
    why_then,
)
from channels_app.flows.why_rows import changed_since, values_today
from channels_app.models import Channel, FeedLine, Listing
from inventory.models import Location
from tests.examples import examples
from tests.factories import NOW, make_item, make_label, make_seller, make_user
from tests.flows.feed_rig import Rig
from tests.flows.marketplace import make_ready_channel

MODES = [mode.value for mode in Channel.QuantityMode]
QUANTITY = st.fixed_dictionaries(
    {},
    optional={
        "buffer": st.integers(0, 5),
        "floor": st.integers(0, 5),
        "quantity_mode": st.sampled_from(MODES),
        "quantity_limit": st.integers(1, 9),
        "locations": st.lists(st.integers(0, 2), unique=True),
    },
)
PRICE = st.fixed_dictionaries(
    {},
    optional={
        "price_percent": st.decimals(-50, 50, places=1),
        "price_amount": st.decimals(-5, 5, places=2),
        "price_ending": st.none() | st.sampled_from([Decimal("0.99"), Decimal("0.5")]),
        "price_minimum": st.none() | st.decimals(0, 5, places=2),
        "currency_rate": st.none() | st.decimals("0.1", 3, places=3),
    },
)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("quantity"), QUANTITY),
        st.tuples(st.just("price"), PRICE),
        st.tuples(st.just("label"), st.integers(0, 1)),
        st.tuples(st.just("listings"), st.booleans()),
        st.tuples(st.just("name"), st.sampled_from(["North", "South"])),
        st.tuples(st.just("activate"), st.none()),
        st.tuples(st.just("deactivate"), st.none()),
    ),
    max_size=10,
)


def in_force(channel: Channel) -> InForce:
    """Return what holds now, read from the rows and not as history keeps it."""
    channel = Channel.objects.select_related("label").get(pk=channel.pk)
    return InForce(
        quantity=QuantityRule.of(channel),
        price=PriceRule.of(channel),
        label=channel.label.name if channel.label else "",
        locations=tuple(served.location.name for served in channel.channel_locations.select_related("location")),
        state=channel.state,
        listings_on=channel.listings_on,
    )


class Owner:
    """Somebody who changes settings at random, through the flows of the settings page."""

    def __init__(self, channel: Channel, actor: User) -> None:
        self.channel, self.actor = channel, actor
        self.labels = [make_label(channel.seller, name, items=[make_item(channel.seller, name)]) for name in "AB"]
        self.places = list(channel.seller.locations.order_by("pk"))

    def does(self, what: str, value: Any, now: datetime) -> None:
        told: dict[str, Any] = {"actor": self.actor, "now": now}
        match what:
            case "quantity":
                places = {"locations": [self.places[key] for key in value["locations"]]} if "locations" in value else {}
                limit = {"quantity_limit": value.get("quantity_limit", 1)}
                channel_settings.save_quantity(self.channel, value | limit | places, **told)
            case "price":
                channel_settings.save_price(self.channel, value, **told)
            case "label":
                channel_settings.save_label(self.channel, {"label": self.labels[value]}, **told)
            case "listings":
                set_switch(self.channel, "listings_on", value, **told)
            case "name":
                channel_settings.save_name(self.channel, value, **told)
            case "activate" if not self.channel.is_running:
                activate(self.channel, **told)
            case "deactivate" if self.channel.is_running:
                deactivate(self.channel, choice="leave", **told)


@pytest.mark.django_db
@pytest.mark.usefixtures("memory_marketplace")
@given(deeds=DEEDS, waits=st.lists(st.integers(0, 3), min_size=10, max_size=10))
@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
def test_the_rules_of_any_past_moment_are_what_was_in_force_then(deeds: list[tuple[str, Any]], waits: list[int]):
    number = Channel.objects.count()
    seller = make_seller(f"seller-{number}")
    for code in ("second", "third"):
        Location.objects.create(seller=seller, code=code, name=code)
    channel = make_ready_channel(seller, client_id=f"shop-{number}")
    owner = Owner(channel, make_user(f"{number}@example.com", seller=seller))
    was, now = {NOW: in_force(channel)}, NOW
    for (what, value), minutes in zip(deeds, waits, strict=False):
        now += timedelta(minutes=minutes)
        owner.does(what, value, now)
        was[now] = in_force(channel)  # of two changes in one moment the later holds

    today = values_today(Channel.objects.select_related("label").get(pk=channel.pk))
    told = {at: InForce.of(rewind(today, changed_since(channel, at))) for at in was}

    assert told == was
    between = {at + timedelta(seconds=30): state for at, state in was.items()}
    assert {at: InForce.of(rewind(today, changed_since(channel, at))) for at in between} == between


@pytest.mark.django_db
@pytest.mark.usefixtures("memory_marketplace")
def test_before_it_was_added_a_channel_was_not_there():
    seller = make_seller()
    channel = channel_settings.add_channel(seller, "sandbox", "North", actor=make_user(seller=seller), now=NOW)

    before = InForce.of(rewind(values_today(channel), changed_since(channel, NOW - timedelta(seconds=1))))

    assert before.state is None
    assert not before.is_running
    assert InForce.of(rewind(values_today(channel), changed_since(channel, NOW))).state == "setup"


@given(
    available=st.integers(-3, 30),
    rule=st.builds(
        QuantityRule,
        buffer=st.integers(0, 8),
        floor=st.integers(0, 8),
        mode=st.sampled_from(MODES),
        limit=st.none() | st.integers(1, 12),
    ),
)
@settings(max_examples=examples(200))
def test_the_reason_of_a_quantity_names_every_rule_that_changed_it_and_no_other(available: int, rule: QuantityRule):
    told, free = because(available, rule), available - rule.buffer

    assert (available <= 0) == (told == "none is available")
    assert ("kept back" in told) == (available > 0 and rule.buffer > 0)
    assert ("shown as none" in told) == (available > 0 and 0 < free <= rule.floor)
    sent, plain = quantity_to_send(available, rule), max(free if free > rule.floor else 0, 0)
    if available > 0 and sent != plain:
        assert "no more than" in told or "always shown" in told


def test_a_reason_reads_like_a_sentence():
    assert because(5, QuantityRule(buffer=2)) == "5 are available and 2 are kept back"
    assert because(1, QuantityRule(), is_past=True) == "1 was available"
    assert because(30, QuantityRule(buffer=1, mode="cap", limit=10)) == (
        "30 are available, 1 is kept back and no more than 10 are shown"
    )
    assert because(9, QuantityRule(mode="fixed", limit=2)) == (
        "9 are available and 2 are always shown while any is left"
    )


def line(kind: str, state: str, *, sent: int = 0, ended: int | None = 1, **fields: Any) -> FeedLine:
    closed_at = None if ended is None else NOW + timedelta(minutes=ended)
    return FeedLine(kind=kind, state=state, created_at=NOW + timedelta(minutes=sent), closed_at=closed_at, **fields)


def test_a_line_that_ended_later_had_been_sent():
    late = line("offer", "rejected", ended=10)

    assert [state_then(late, NOW + timedelta(minutes=minute)) for minute in (9, 10)] == ["sent", "rejected"]


def test_what_was_confirmed_is_the_newest_of_each_half():
    lines = [
        line("offer", "rejected", sent=4, price=Decimal(9), quantity=9),
        line("price", "confirmed", sent=3, price=Decimal(8)),
        line("quantity", "confirmed", sent=2, quantity=7),
        line("content", "confirmed", sent=1, price=Decimal(6), quantity=6),
    ]

    late, nothing = NOW + timedelta(hours=1), Confirmed(None)

    assert confirmed_then(lines, late, nothing) == Confirmed(Offer(7, Decimal(8)))
    assert confirmed_then([line("withdraw", "confirmed", sent=5), *lines], late, nothing) == nothing
    assert confirmed_then([], late, nothing) == nothing


def test_what_lines_do_not_tell_any_more_the_listing_may():
    listing = Listing(confirmed_at=NOW, confirmed_price=Decimal(8), confirmed_quantity=3)
    before, after = NOW - timedelta(seconds=1), NOW + timedelta(days=90)
    kept = kept_since(listing, after, is_complete=False)

    assert confirmed_then([], after, kept) == Confirmed(Offer(3, Decimal(8)))
    assert confirmed_then([line("quantity", "confirmed", quantity=3)], after, kept).offer == Offer(3, Decimal(8))
    assert kept_since(listing, before, is_complete=False) == Confirmed(None, is_told=False)
    assert kept_since(listing, before, is_complete=True) == Confirmed(None)
    assert kept_since(None, after, is_complete=True) == Confirmed(None)
    listing.remote_as_of = after + timedelta(days=1)
    assert not kept_since(listing, after, is_complete=False).is_told
    listing.remote_as_of, listing.confirmed_price, listing.confirmed_quantity = None, None, None
    assert kept_since(listing, after, is_complete=False) == Confirmed(None)


def then(lines: list[FeedLine], *, minutes: int = 60, **fields: Any) -> Then:
    values: dict[str, Any] = {
        "channel_name": "North",
        "in_force": InForce(
            quantity=QuantityRule(),
            price=PriceRule(currency="USD"),
            label="A",
            locations=(),
            state=fields.pop("state", "live"),
            listings_on=fields.pop("listings_on", True),
        ),
        "available": 3,
        "lines": lines,
        "next_line": None,
        "kept": Confirmed(None),
        "at": NOW + timedelta(minutes=minutes),
    }
    return Then(**values | fields)


def test_why_something_else_was_shown_is_told_from_what_was_under_way():
    waited = line("offer", "confirmed", sent=70, ended=71, changed_at=NOW + timedelta(minutes=50))
    ended = line("withdraw", "confirmed")

    assert why_then(then([], state=None))[0] == "North was not added yet."
    assert why_then(then([], state="setup"))[0] == "North was not active: nothing was sent."
    assert "Listings switched off" in why_then(then([], listings_on=False))[0]
    assert "not answered yet" in why_then(then([line("offer", "confirmed", ended=61)]))[0]
    assert why_then(then([line("offer", "rejected", reason="Too cheap.")])) == (
        "The marketplace had refused it: Too cheap.",
        "bad",
    )
    assert why_then(then([], next_line=waited))[0] == "The change waited to be sent."
    assert why_then(then([ended]))[0] == "Its listing had been ended."
    assert why_then(then([]))[0] == "Nothing of it had been sent to North by then."


@pytest.mark.django_db
def test_lines_of_the_feed_tell_what_was_confirmed_at_each_moment():
    rig = Rig()
    item = rig.has_item("MUG-1", on_hand=5)
    was = {}
    for on_hand in (5, 3, 0, 8):
        rig.sets(item, on_hand)
        rig.settle()
        was[rig.now] = rig.listing("MUG-1").confirmed_quantity
        rig.later(60)
    rig.unlabels(item)
    rig.settle()
    was[rig.now] = None

    lines = list(FeedLine.objects.filter(sku="MUG-1").order_by("-pk"))
    told = {at: confirmed_then([one for one in lines if one.created_at <= at], at, Confirmed(None)) for at in was}

    assert {at: found.offer and found.offer.quantity for at, found in told.items()} == was

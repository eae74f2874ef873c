"""A mapping is saved at once, however many listings it is about; they follow a slice at a time, and none is lost."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.adapters.types import Capability, Choice, ContentLine, Kind, LineResult, Outcome, ProductField
from channels_app.flows import fan_out
from channels_app.flows.ledger import check_ledger
from channels_app.flows.mapping import field_as_json, save_mapping
from channels_app.models import CategoryMapping, Channel, ChannelCategory, ChannelWalk, FeedLine, Listing, PendingChange
from tests.factories import make_job, make_user
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db


class MappedRig(Rig):
    """Cups are Mugs on the channel, which asks for their room."""

    def __init__(self, **fields):
        super().__init__(**fields)
        self.channel.facts["capabilities"].append(Capability.NEW_PRODUCTS)
        self.channel.save(update_fields=["facts"])
        make_job(self.channel, "categories")
        make_user(f"{self.seller.slug}@example.com", seller=self.seller)
        told = [field_as_json(ProductField(code="room", name="Room"))]
        self.mugs = ChannelCategory.objects.create(channel=self.channel, code="MUGS", name="Mugs", fields=told)

    def maps(self, room, own="Cups"):
        """The mapping says this room for all its items; None: there is no mapping."""
        save_mapping(
            Channel.objects.get(pk=self.channel.pk),
            own,
            None if room is None else self.mugs,
            {} if room is None else {"room": f"text:{room}"},
            actor=User.objects.get(email=f"{self.seller.slug}@example.com"),
            now=self.now,
        )

    def has_cup(self, sku="MUG", **fields):
        return self.has_item(sku, on_hand=2, attributes={"category": "Cups"}, **fields)

    def rooms(self, sku="MUG"):
        """Return what was said of the room, line by line; "" where nothing was."""
        lines = [line for line in self.market.sent(Kind.CONTENT) if isinstance(line, ContentLine) and line.sku == sku]
        return [line.product.get("room", "") for line in lines]


@pytest.fixture
def rig():
    return MappedRig()


def test_saving_reads_and_writes_no_listing(rig, django_assert_max_num_queries):
    for number in range(20):
        rig.has_cup(f"MUG-{number}")
    rig.settle()
    listings = list(Listing.objects.order_by("pk").values())
    lines = list(FeedLine.objects.order_by("pk").values())

    with django_assert_max_num_queries(20):
        rig.maps("Kitchen")

    assert list(Listing.objects.order_by("pk").values()) == listings
    assert list(FeedLine.objects.order_by("pk").values()) == lines
    assert not PendingChange.objects.exists()
    assert ChannelWalk.objects.get().category == "Cups"


def test_only_the_items_of_the_category_are_looked_at_a_slice_at_a_time(rig, monkeypatch):
    monkeypatch.setattr(fan_out, "BATCH", 2)
    for number in range(5):
        rig.has_cup(f"MUG-{number}")
    rig.has_items("PEN")
    rig.settle()
    rig.maps("Kitchen")

    looked_at = []
    while fan_out.walk_on(now=rig.now):
        looked_at.append(len(rig.pending()))

    assert looked_at[:3] == [2, 4, 5]
    assert "PEN" not in rig.pending()
    assert not ChannelWalk.objects.exists()


def test_a_relabelling_beside_it_walks_through_everything(rig):
    rig.has_cup()
    pen = rig.has_items("PEN")[0]
    rig.settle()
    rig.maps("Kitchen")
    Channel.objects.filter(pk=rig.channel.pk).update(price_percent=10)
    fan_out.walk_channel(rig.channel, "price", now=rig.now)

    rig.settle()

    assert rig.rooms() == ["", "Kitchen"]
    assert str(rig.market.price(pen.sku)) == "11.00"


def test_a_refused_listing_is_sent_anew_once_its_mapping_is_corrected(rig):
    rig.maps("Kitchen")
    rig.has_cup("MUG-REJECT")
    rig.settle()
    assert rig.listing("MUG-REJECT").rejected_reason

    rig.settle()
    assert rig.rooms("MUG-REJECT") == ["Kitchen"]
    rig.maps("Office")
    rig.settle()

    assert rig.rooms("MUG-REJECT") == ["Kitchen", "Office"]


def test_what_the_item_lacked_is_sent_once_it_is_said_for_all(rig):
    rig.mugs.fields = [field_as_json(ProductField(code="room", name="Room", required=True))]
    rig.mugs.save()
    save_mapping(rig.channel, "Cups", rig.mugs, {}, actor=User.objects.get(), now=rig.now)
    rig.has_cup()
    rig.settle()
    assert "Room is missing" in rig.listing("MUG").rejected_reason

    rig.maps("Hall")
    rig.settle()

    assert rig.rooms() == ["Hall"]
    assert (rig.listing("MUG").state, rig.listing("MUG").rejected_reason) == ("listed", "")
    assert check_ledger() == []


def test_a_word_that_was_refused_is_sent_as_what_it_means_once_that_is_said(rig):
    rooms = (Choice(code="R7", name="Kitchen"),)
    rig.mugs.fields = [field_as_json(ProductField(code="room", name="Room", choices=rooms))]
    rig.mugs.save()
    rig.maps("Galley")
    rig.has_cup()
    rig.settle()
    assert "does not know “Galley”" in rig.listing("MUG").rejected_reason

    actor, answers, meanings = User.objects.get(), {"room": "text:Galley"}, {"room": {"galley": "R7"}}
    save_mapping(rig.channel, "Cups", rig.mugs, answers, meanings, actor=actor, now=rig.now)
    rig.settle()

    assert rig.rooms() == ["R7"]
    assert (rig.listing("MUG").state, rig.listing("MUG").rejected_reason) == ("listed", "")
    assert check_ledger() == []


def test_an_answer_that_is_taken_back_before_it_was_sent_sends_nothing(rig):
    rig.maps("Kitchen")
    rig.has_cup()
    rig.settle()

    rig.maps("Office")
    rig.maps("Kitchen")
    rig.settle()

    assert rig.rooms() == ["Kitchen"]


def test_a_refusal_of_answers_that_were_taken_back_is_forgotten(rig):
    """Of a listing that shows just what is wanted nothing will ever be confirmed again."""
    rig.maps("Kitchen")
    rig.has_cup()
    rig.settle()
    rig.maps("Office")
    rig.market.manual = True
    rig.send()
    _refuse_what_is_open(rig)
    assert rig.listing("MUG").rejected_reason == "We do not like it."

    rig.maps("Kitchen")
    rig.settle()

    listing = rig.listing("MUG")
    assert (listing.state, listing.rejected_hash, listing.rejected_reason) == ("listed", "", "")
    assert check_ledger() == []


def test_a_refusal_of_a_price_that_was_taken_back_is_forgotten_too(rig):
    item = rig.has_cup()
    rig.settle()
    rig.market.manual = True
    rig.prices(item, "12.00")
    rig.send()
    _refuse_what_is_open(rig)
    assert rig.listing("MUG").rejected_reason

    rig.prices(item, "10.00")
    rig.settle()

    assert rig.listing("MUG").rejected_reason == ""
    assert check_ledger() == []


def test_a_channel_that_rests_is_told_of_another_answer_when_it_is_active_again(rig):
    rig.maps("Kitchen")
    rig.has_cup()
    rig.settle()
    Channel.objects.filter(pk=rig.channel.pk).update(listings_on=False)

    rig.maps("Office")
    assert not ChannelWalk.objects.exists()
    Channel.objects.filter(pk=rig.channel.pk).update(listings_on=True)
    fan_out.walk_channel(rig.channel, "listings on", now=rig.now)
    rig.settle()

    assert rig.rooms() == ["Kitchen", "Office"]


@pytest.mark.django_db(transaction=True)
def test_saving_waits_for_nobody_who_works_on_the_listings(rig):
    rig.has_cup()
    rig.settle()
    rig.retitles(rig.has_cup("SECOND"), "Another")
    rig.spread()

    with ThreadPoolExecutor(1) as other, transaction.atomic():
        for rows in (Listing, PendingChange, FeedLine):
            list(rows.objects.select_for_update())
        other.submit(_impatiently, rig.maps, "Kitchen").result()

    assert CategoryMapping.objects.get().fingerprint


def _impatiently(work, *args):
    with _own_connection() as cursor:
        cursor.execute("SET lock_timeout = '500ms'")
        work(*args)


@contextmanager
def _own_connection():
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


rooms = st.sampled_from(["Kitchen", "Office", None])
deeds = st.sampled_from(["send", "spread", "results", "retitle", "refuse", "settle", "settle"])
steps = st.lists(st.tuples(rooms, st.lists(deeds, max_size=3)), min_size=1, max_size=4)
_numbers = itertools.count()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_in_the_end_the_channel_was_told_what_the_mapping_says(steps):
    rig = MappedRig(slug=f"seller-{next(_numbers)}")
    item, said = rig.has_cup(), None
    for said, done in steps:
        rig.maps(said)
        for number, deed in enumerate(done):
            _do(rig, item, deed, title=f"Title {number} of {said}")
    rig.settle()

    assert check_ledger() == []
    listing = rig.listing("MUG")
    if not listing.rejected_hash:
        assert rig.rooms()[-1] == (said or "")


def _do(rig, item, deed, *, title):
    match deed:
        case "send":
            rig.send()
        case "spread":
            rig.spread()
        case "results":
            rig.later(20)
            rig.run("results")
        case "retitle":
            rig.retitles(item, title)
        case "refuse":
            _refuse_what_is_open(rig)
        case "settle":
            rig.settle()


def _refuse_what_is_open(rig):
    """The channel says no to all that it has and has not answered yet."""
    rig.market.manual = True
    for one in rig.market.submissions.values():
        if one.results is None:
            one.results = tuple(
                LineResult(sku=line.sku, outcome=Outcome.REJECTED, code="E1", reason="We do not like it.")
                for line in one.lines
            )
    rig.later(20)
    rig.run("results")
    rig.market.manual = False

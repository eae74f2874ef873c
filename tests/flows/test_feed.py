"""The listing feed: what is sent, what is not and why, and how much at once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_app.adapters.types import ContentLine, Kind, OfferLine
from channels_app.flows import feed, wanted
from channels_app.flows.fan_out import walk_channel
from channels_app.flows.ledger import check_ledger
from channels_app.flows.pending import take
from channels_app.models import Channel, ChannelJob, FeedLine, Listing, PendingChange
from inventory import labels
from inventory.models import Item, Location, Stock
from tests.factories import make_label
from tests.fakes import FakeAdapter
from tests.flows.feed_rig import Rig, ordered, rig

__all__ = ["ordered", "rig"]

pytestmark = pytest.mark.django_db

OFFERS, CONTENT, RESULTS = ChannelJob.Kind.OFFERS, ChannelJob.Kind.CONTENT, ChannelJob.Kind.RESULTS
Urgency = PendingChange.Urgency


# What is sent


def test_a_labelled_item_is_listed_with_all_it_says(rig: Rig):
    parent = rig.has_item("SHIRT", is_parent=True)
    rig.has_item(
        "SHIRT-M",
        on_hand=7,
        title="Shirt, M",
        description="Soft",
        brand="Acme",
        gtin="4006381333931",
        images=["https://img.test/1.jpg"],
        attributes={"material": "cotton", "year": 2026},
        variation={"size": "M"},
        parent=parent,
    )

    rig.settle()

    (line,) = rig.market.sent(Kind.CONTENT)
    assert line == ContentLine(
        sku="SHIRT-M",
        title="Shirt, M",
        description="Soft",
        brand="Acme",
        gtin="4006381333931",
        images=("https://img.test/1.jpg",),
        attributes={"material": "cotton", "year": "2026"},
        variation={"size": "M"},
        parent_sku="SHIRT",
        price=Decimal("10.00"),
        currency="USD",
        quantity=7,
    )
    listing = rig.listing("SHIRT-M")
    assert (listing.state, listing.confirmed_quantity, listing.confirmed_price) == ("listed", 7, Decimal("10.00"))
    assert listing.item is not None


def test_a_change_of_stock_sends_price_and_quantity_alone(rig: Rig):
    item = rig.has_item("MUG", on_hand=7)
    rig.settle()

    rig.sets(item, 4)
    rig.settle()

    assert rig.market.sent(Kind.OFFER) == [OfferLine(sku="MUG", price=Decimal("10.00"), currency="USD", quantity=4)]
    assert rig.listing("MUG").confirmed_quantity == 4
    assert len(rig.market.sent(Kind.CONTENT)) == 1


def test_the_channels_rules_are_applied(rig: Rig):
    Channel.objects.filter(pk=rig.channel.pk).update(buffer=2, price_percent="10", price_ending="0.99")
    rig.has_item("MUG", on_hand=7)

    rig.settle()

    assert (rig.market.quantity("MUG"), rig.market.price("MUG")) == (5, Decimal("11.99"))


def test_what_is_unchanged_is_not_sent_again(rig: Rig):
    rig.has_item("MUG", on_hand=7)
    rig.settle()

    walk_channel(rig.channel, "settings", now=rig.now)
    rig.settle()

    assert len(rig.market.submissions) == 1
    assert rig.pending() == {}


def test_leaving_the_label_ends_the_listing(rig: Rig):
    item = rig.has_item("MUG", on_hand=7)
    rig.settle()

    rig.unlabels(item)
    rig.settle()

    assert rig.market.quantity("MUG") is None
    assert rig.listing("MUG").state == Listing.State.ENDED
    assert rig.lines("MUG") == [("content", "confirmed"), ("withdraw", "confirmed")]


@pytest.mark.parametrize("change", [{"blocked": True}, {"archived_at": "2026-03-01T00:00Z"}, {"price": None}])
def test_an_item_that_can_no_longer_be_sold_is_ended(rig: Rig, change: dict[str, object]):
    item = rig.has_item("MUG", on_hand=7)
    rig.settle()

    Item.objects.filter(pk=item.pk).update(**change)
    rig.settle()

    assert rig.market.active() == {}


def test_an_item_that_lost_its_price_is_ended_and_its_listing_says_why(rig: Rig):
    item = rig.has_item("MUG", on_hand=7)
    rig.settle()

    Item.objects.filter(pk=item.pk).update(price=None)
    rig.settle()
    assert (rig.listing("MUG").state, rig.listing("MUG").rejected_reason) == ("ended", "This item has no price.")

    rig.unlabels(item)
    rig.settle()
    assert rig.listing("MUG").rejected_reason == ""


def test_an_item_on_two_labels_follows_its_own_channels_label(rig: Rig):
    second = make_label(rig.seller, "Second")
    other = rig.make_channel(second)
    item = rig.has_item("MUG", on_hand=3)
    labels.add_items(second, [item.pk], actor=None, now=rig.now)
    rig.spread()
    rig.run(CONTENT)
    rig.run(CONTENT, other)

    rig.unlabels(item)
    rig.spread()

    assert rig.pending() == {"MUG": Urgency.WITHDRAW}
    assert set(Listing.objects.values_list("channel_id", flat=True)) == {rig.channel.pk, other.pk}


def test_changed_content_brings_the_new_text(rig: Rig):
    item = rig.has_item("MUG", on_hand=7)
    rig.settle()

    rig.retitles(item, "A better mug")
    rig.settle()

    assert rig.market.listings["MUG"].title == "A better mug"


def test_stock_and_content_changed_together_are_both_sent_stock_first(rig: Rig):
    item = rig.has_item("MUG", on_hand=7)
    rig.settle()

    rig.sets(item, 2)
    rig.retitles(item, "A better mug")
    rig.settle()

    assert rig.lines("MUG") == [("content", "confirmed"), ("offer", "confirmed"), ("content", "confirmed")]
    assert (rig.market.quantity("MUG"), rig.market.listings["MUG"].title) == (2, "A better mug")


def test_stock_goes_before_a_first_feed_and_the_most_urgent_first(rig: Rig):
    sold_out, fewer, dearer = rig.has_items("OUT", "FEWER", "DEARER")
    rig.settle()
    rig.has_items(*(f"NEW-{n}" for n in range(3)))
    rig.prices(dearer, "12.00")
    rig.sets(fewer, 1)
    rig.sets(sold_out, 0)
    rig.spread()

    taken = take(rig.channel.pk, (0, 6), 3, now=rig.now)

    assert [t.sku for t in taken] == ["OUT", "FEWER", "DEARER"]


def test_submissions_are_as_large_as_the_channel_takes(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(FakeAdapter, "submission_lines", {Kind.CONTENT: 2, Kind.OFFER: 2, Kind.WITHDRAW: 2})
    rig.has_items("A", "B", "C", "D", "E")

    rig.settle()

    assert [len(s.lines) for s in rig.market.submissions.values()] == [2, 2, 1]
    assert len(rig.market.active()) == 5


def test_a_channel_with_separate_price_and_quantity_gets_only_what_differs(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    sizes = {Kind.CONTENT: 10, Kind.PRICE: 10, Kind.QUANTITY: 10, Kind.WITHDRAW: 10}
    monkeypatch.setattr(FakeAdapter, "submission_lines", sizes)
    first, second = rig.has_items("FIRST", "SECOND")
    rig.settle()

    rig.sets(first, 1)
    rig.sets(second, 2)
    rig.prices(second, "20.00")
    rig.settle()

    assert rig.lines("FIRST") == [("content", "confirmed"), ("quantity", "confirmed")]
    assert sorted(rig.lines("SECOND")) == [("content", "confirmed"), ("price", "confirmed"), ("quantity", "confirmed")]
    assert rig.market.active() == {"FIRST": 1, "SECOND": 2}
    assert rig.market.price("SECOND") == 20


def test_where_content_brings_no_quantity_it_follows_once_the_listing_is_there(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
):
    sizes = {Kind.CONTENT: 10, Kind.PRICE: 10, Kind.QUANTITY: 10, Kind.WITHDRAW: 10}
    monkeypatch.setattr(FakeAdapter, "submission_lines", sizes)
    monkeypatch.setattr(FakeAdapter, "content_brings_quantity", False)
    rig.market.manual = True
    item = rig.has_item("MUG", on_hand=5)
    rig.has_item("BAD-REJECT", on_hand=5)

    rig.send()
    rig.send()
    assert rig.lines("MUG") == [("content", "sent")]

    rig.market.manual = False
    rig.settle()
    assert rig.lines("MUG") == [("content", "confirmed"), ("quantity", "confirmed")]
    assert rig.lines("BAD-REJECT") == [("content", "rejected")]
    assert rig.market.active() == {"MUG": 5}

    rig.retitles(item, "A better mug")
    rig.settle()
    assert rig.lines("MUG")[2:] == [("content", "confirmed")]
    assert rig.market.active() == {"MUG": 5}
    assert check_ledger() == []


# What is not sent, and why


def test_an_item_without_a_price_is_not_sent_and_its_listing_says_so(rig: Rig):
    item = rig.has_item("MUG", on_hand=7, price=None)

    rig.settle()

    assert rig.market.calls == []
    assert rig.listing("MUG").state == Listing.State.REJECTED
    assert rig.listing("MUG").rejected_reason == "This item has no price."

    rig.prices(item, "9.00")
    rig.settle()
    assert rig.market.active() == {"MUG": 7}
    assert rig.listing("MUG").rejected_reason == ""


def test_a_foreign_currency_without_a_rate_is_not_sent(rig: Rig):
    rig.has_item("MUG", on_hand=7, currency="EUR")

    rig.settle()

    assert rig.market.calls == []
    assert "no exchange rate" in rig.listing("MUG").rejected_reason


def test_a_price_that_cannot_be_computed_never_stops_stock(rig: Rig):
    item = rig.has_item("MUG", on_hand=7)
    rig.settle()

    Item.objects.filter(pk=item.pk).update(currency="EUR")
    rig.sets(item, 1)
    rig.settle()

    assert (rig.market.quantity("MUG"), rig.market.price("MUG")) == (1, Decimal("10.00"))
    assert "no exchange rate" in rig.listing("MUG").rejected_reason
    assert not rig.is_busy()


def test_a_price_beyond_all_measure_is_refused_here_and_stops_nothing_beside_it(rig: Rig):
    Channel.objects.update(price_percent=900)
    rig.has_item("DEAR", on_hand=3, price=Decimal("9999999999"))
    rig.has_item("MUG", on_hand=3)

    rig.settle()

    assert [line.sku for line in rig.market.sent(Kind.CONTENT)] == ["MUG"]
    assert "higher than any" in rig.listing("DEAR").rejected_reason


def test_more_units_than_a_line_can_tell_are_told_as_the_most_it_can(rig: Rig):
    item = rig.has_item("MANY", on_hand=2_000_000_000)
    second = Location.objects.create(seller=rig.seller, code="second", name="Second")
    Stock.objects.create(item=item, location=second, on_hand=2_000_000_000)

    rig.settle()

    assert rig.listing("MANY").confirmed_quantity == 2_147_483_647


def test_the_same_that_was_rejected_is_not_sent_again_until_it_changes(rig: Rig):
    item = rig.has_item("MUG-REJECT", on_hand=7)
    rig.settle()
    assert rig.listing("MUG-REJECT").state == Listing.State.REJECTED
    assert rig.listing("MUG-REJECT").rejected_reason == "We do not like it."

    walk_channel(rig.channel, "settings", now=rig.now)
    rig.settle()
    assert rig.lines("MUG-REJECT") == [("content", "rejected")]

    rig.retitles(item, "Nicer")
    rig.settle()
    assert len(rig.lines("MUG-REJECT")) == 2


def test_a_rejected_item_that_leaves_the_label_leaves_no_trace_of_trouble(rig: Rig):
    item = rig.has_item("MUG-REJECT", on_hand=7)
    rig.settle()

    rig.unlabels(item)
    rig.settle()

    assert (rig.listing("MUG-REJECT").state, rig.listing("MUG-REJECT").rejected_reason) == ("ended", "")


def test_a_job_of_a_deactivated_channel_does_nothing(rig: Rig):
    rig.has_item("MUG", on_hand=7)
    rig.spread()
    Channel.objects.filter(pk=rig.channel.pk).update(state="setup")

    rig.run(CONTENT)
    rig.run(OFFERS)

    assert rig.market.calls == []
    assert rig.pending() == {"MUG": Urgency.NEW}


def test_a_channel_deactivated_while_a_batch_is_decided_gets_none_of_it(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    rig.has_item("MUG", on_hand=7)
    rig.spread()
    read = wanted.read_skus

    def and_meanwhile(*args: object) -> object:
        Channel.objects.filter(pk=rig.channel.pk).update(state="setup")
        return read(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(feed, "read_skus", and_meanwhile)
    rig.run(CONTENT)

    assert rig.market.calls == []
    assert rig.lines("MUG") == []


@pytest.mark.parametrize(("choice", "left"), [("zero", {"A": 0, "B": 0}), ("end", {})])
def test_a_deactivated_channel_says_its_last_word(rig: Rig, choice: str, left: dict[str, int]):
    a, _ = rig.has_items("A", "B")
    rig.settle()
    Channel.objects.filter(pk=rig.channel.pk).update(state="setup", on_deactivate=choice)
    urgency = Urgency.TO_ZERO if choice == "zero" else Urgency.WITHDRAW
    for sku in ("A", "B"):
        PendingChange.objects.create(channel=rig.channel, sku=sku, urgency=urgency, changed_at=rig.now)
    rig.sets(a, 9)

    rig.settle()

    assert rig.market.active() == left
    assert not rig.is_busy()


# The brake


def test_the_brake_holds_all_of_a_wrong_relabelling_however_it_is_sliced(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(FakeAdapter, "submission_lines", {Kind.CONTENT: 40, Kind.OFFER: 40, Kind.WITHDRAW: 40})
    items = rig.has_items(*(f"SKU-{n:03}" for n in range(130)))
    rig.settle()

    rig.unlabels(*items)
    rig.settle()

    assert len(rig.market.active()) == 130
    assert PendingChange.objects.filter(held=True).count() == 130

    Channel.objects.filter(pk=rig.channel.pk).update(withdrawals_allowed_until=rig.now + timedelta(hours=1))
    PendingChange.objects.update(held=False)
    rig.settle()
    assert rig.market.active() == {}


def test_a_few_withdrawals_pass_the_brake_beside_other_changes(rig: Rig):
    a, b, _ = rig.has_items("A", "B", "C")
    rig.settle()

    rig.unlabels(a)
    rig.sets(b, 1)
    rig.settle()

    assert rig.market.active() == {"B": 1, "C": 5}


# Size


def test_the_number_of_statements_does_not_grow_with_the_items(rig: Rig):
    def statements(count: int, prefix: str) -> int:
        rig.has_items(*(f"{prefix}-{n}" for n in range(count)))
        rig.spread()
        with CaptureQueriesContext(connection) as queries:
            rig.run(CONTENT)
        return len(queries)

    assert statements(2, "A") == statements(80, "B")


def test_every_line_names_the_change_that_caused_it(rig: Rig):
    item = rig.has_item("MUG", on_hand=7)
    rig.spread()
    rig.sets(item, 6)
    rig.spread()

    rig.run(CONTENT)

    line = FeedLine.objects.get()
    assert (line.version, line.changed_at) == (2, rig.now)

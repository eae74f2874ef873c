"""The reconciler: a plan with reasons, guards against mistaken lists, a brake, an undo; it never writes itself."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest

from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.types import Export, Kind, RemoteListing
from channels_app.flows import brake
from channels_app.flows.reconcile import run_reconciler
from channels_app.flows.reconcile_plan import PlanError, apply_plan, leave_out
from channels_app.flows.shown import Reading, last_reading
from channels_app.models import (
    ChannelHistory,
    ChannelJob,
    Difference,
    FeedLine,
    Listing,
    PendingChange,
    ReconcileRun,
    Submission,
)
from inventory.models import Item, LabelItem
from tests.fakes import FakeListing
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

PRICE = Decimal("10.00")


def _wanted(rig: Rig, sku: str) -> Item:
    item = rig.item(sku, on_hand=5)
    assert rig.channel.label is not None
    LabelItem.objects.create(label=rig.channel.label, item=item, source="hand")
    return item


def _listed(rig: Rig, sku: str, *, quantity: int = 5, price: Decimal = PRICE, **fields: Any) -> Listing:
    given = {
        "state": "listed",
        "sent_price": price,
        "sent_quantity": quantity,
        "confirmed_price": price,
        "confirmed_quantity": quantity,
        "sent_content_hash": "h",
        "confirmed_content_hash": "h",
    }
    return Listing.objects.create(channel=rig.channel, sku=sku, **given | fields)


def _shows(rig: Rig, sku: str, *, quantity: int = 5, price: Decimal = PRICE) -> None:
    rig.market.listings[sku] = FakeListing(price, "USD", quantity)


def _run(rig: Rig) -> ReconcileRun:
    run_reconciler(rig.claim("reconcile"), rig.adapter)
    return ReconcileRun.objects.latest("id")


def _found(run: ReconcileRun) -> dict[str, str]:
    return dict(run.differences.values_list("sku", "kind"))


@pytest.fixture(autouse=True)
def _something_is_wanted(rig: Rig) -> None:
    """One item is listed as it should be: most tests are about another. Nobody waits for orders."""
    rig.channel.orders_on = False
    rig.channel.save()
    _wanted(rig, "FINE-1")
    _listed(rig, "FINE-1")
    _shows(rig, "FINE-1")


def test_equal_sides_are_clean(rig: Rig):
    run = _run(rig)

    assert (run.state, run.remote_count, run.counts) == ("clean", 1, {})


def test_a_stray_listing_is_ended_through_the_feed(rig: Rig):
    _shows(rig, "STRAY-1")

    run = _run(rig)

    assert run.state == "applied"
    assert run.differences.get().reason == "None of your items has this SKU."
    pending = PendingChange.objects.get()
    assert (pending.sku, pending.urgency) == ("STRAY-1", PendingChange.Urgency.WITHDRAW)
    listing = Listing.objects.get(sku="STRAY-1")
    assert (listing.item, listing.state, listing.confirmed_quantity) == (None, "listed", 5)


def test_a_listing_whose_item_is_not_on_the_label_is_ended_with_its_reason(rig: Rig):
    item = rig.item("OFF-1")
    _shows(rig, "OFF-1")

    run = _run(rig)

    assert run.channel.label is not None
    assert run.differences.get().reason == f"The item is not on the label {run.channel.label.name}."
    assert Listing.objects.get(sku="OFF-1").item == item


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"blocked": True}, "The item is blocked."),
        ({"archived_at": "2026-01-01T00:00Z"}, "The item is archived."),
        ({"price": None}, "The item has no price."),
    ],
)
def test_the_reason_says_what_is_with_the_item(rig: Rig, change: dict[str, Any], words: str):
    item = _wanted(rig, "OFF-1")
    Item.objects.filter(pk=item.pk).update(**change)
    _shows(rig, "OFF-1")

    assert _run(rig).differences.get().reason == words


def test_a_confirmed_listing_that_vanished_is_listed_again(rig: Rig):
    _wanted(rig, "GONE-1")
    _listed(rig, "GONE-1")

    run = _run(rig)

    assert _found(run) == {"GONE-1": "missing"}
    listing = Listing.objects.get(sku="GONE-1")
    assert (listing.state, listing.sent_quantity, listing.remote_active) == ("ended", None, False)
    assert PendingChange.objects.get().urgency == PendingChange.Urgency.NEW


def test_a_drift_is_remote_against_confirmed_and_the_feed_compares_with_what_is_shown(rig: Rig):
    _wanted(rig, "DRIFT-1")
    _listed(rig, "DRIFT-1", quantity=5)
    _shows(rig, "DRIFT-1", quantity=9, price=Decimal("8.00"))

    run = _run(rig)

    assert run.differences.get().reason == "Price and quantity are not what the marketplace confirmed."
    listing = Listing.objects.get(sku="DRIFT-1")
    assert (listing.sent_quantity, listing.confirmed_price, listing.sent_content_hash) == (9, Decimal("8.00"), "h")
    assert PendingChange.objects.get().urgency == PendingChange.Urgency.FELL


def test_quantity_is_not_judged_while_orders_are_not_known_but_price_is(rig: Rig):
    rig.channel.orders_known_until = rig.now - timedelta(seconds=1)
    rig.channel.save()
    for sku, quantity, price in (("QTY-1", 9, PRICE), ("PRICE-1", 9, Decimal("8.00"))):
        _wanted(rig, sku)
        _listed(rig, sku)
        _shows(rig, sku, quantity=quantity, price=price)

    run = _run(rig)

    assert dict(run.differences.values_list("sku", "reason")) == {
        "PRICE-1": "The price is not what the marketplace confirmed."
    }


def test_what_was_just_sent_is_not_judged(rig: Rig):
    for sku in ("SENT-1", "OPEN-1", "PENDING-1"):
        _wanted(rig, sku)
        _shows(rig, sku, quantity=9)
    _listed(rig, "SENT-1", last_line_at=rig.now - timedelta(minutes=9))
    _listed(rig, "OPEN-1")
    _listed(rig, "PENDING-1")
    sent = Submission.objects.create(
        channel=rig.channel, kind=Kind.OFFER, key=uuid.uuid4(), fence=1, line_count=1, created_at=rig.now
    )
    FeedLine.objects.create(
        submission=sent, channel=rig.channel, sku="OPEN-1", kind="offer", state="sent", created_at=rig.now
    )
    PendingChange.objects.create(channel=rig.channel, sku="PENDING-1", changed_at=rig.now)

    assert _found(_run(rig)) == {}


def test_a_listing_made_elsewhere_with_our_sku_is_adopted(rig: Rig):
    item = _wanted(rig, "ADOPT-1")
    _shows(rig, "ADOPT-1", quantity=1, price=Decimal("7.00"))

    run = _run(rig)

    assert _found(run) == {"ADOPT-1": "adoptable"}
    listing = Listing.objects.get(sku="ADOPT-1")
    assert (listing.item, listing.state, listing.confirmed_price) == (item, "listed", Decimal("7.00"))
    assert PendingChange.objects.get().urgency == PendingChange.Urgency.CONTENT


def test_every_listing_has_a_reading(rig: Rig):
    assert last_reading(Listing.objects.get(sku="FINE-1")) is None

    _run(rig)

    assert last_reading(Listing.objects.get(sku="FINE-1")) == _reading(rig, PRICE, 5)


def test_a_reading_changes_with_what_is_shown_and_back(rig: Rig):
    readings = []
    for quantity in (9, 9, 5):
        Listing.objects.filter(sku="FINE-1").update(last_line_at=rig.now)  # so that no difference is made of it
        _shows(rig, "FINE-1", quantity=quantity)
        _run(rig)
        listing = Listing.objects.get(sku="FINE-1")
        readings.append((listing.remote_quantity, last_reading(listing)))
        rig.wait(minutes=30)

    assert [written for written, _ in readings] == [9, 9, None]
    assert [reading and reading.quantity for _, reading in readings] == [9, 9, 5]


def test_a_listing_that_is_not_shown_keeps_what_was_seen_of_it(rig: Rig):
    _listed(rig, "GONE-1", state="ending")
    _shows(rig, "GONE-1", quantity=3)
    _run(rig)
    del rig.market.listings["GONE-1"]
    rig.wait(minutes=30)

    _run(rig)

    assert last_reading(Listing.objects.get(sku="GONE-1")) == replace(_reading(rig, PRICE, 3), is_shown=False)


def test_what_was_confirmed_after_the_last_list_was_not_read_yet(rig: Rig):
    _run(rig)
    Listing.objects.filter(sku="FINE-1").update(confirmed_quantity=4, confirmed_at=rig.now + timedelta(minutes=1))

    assert last_reading(Listing.objects.get(sku="FINE-1")) is None


def _reading(rig: Rig, price: Decimal, quantity: int) -> Reading:
    return Reading(price=price, quantity=quantity, is_shown=True, as_of=rig.now)


def test_ended_remote_listings_count_as_not_shown(rig: Rig):
    _shows(rig, "STRAY-1")
    rig.market.listings["STRAY-1"].active = False

    assert _found(_run(rig)) == {}


def test_a_sku_shown_twice_is_compared_once(rig: Rig):
    export = rig.adapter.export_listings()
    assert export.rows is not None
    rows = list(export.rows)
    twice = [*rows, replace(rows[0], quantity=1)]

    with patch.object(rig.adapter, "export_listings", return_value=replace(export, rows=twice)):
        run = _run(rig)

    assert (run.state, run.remote_count) == ("clean", 2)


# --- guards


def _refused(rig: Rig, **changes: Any) -> ReconcileRun:
    export = rig.adapter.export_listings()
    assert export.rows is not None
    rows = list(export.rows)
    with patch.object(rig.adapter, "export_listings", return_value=replace(export, **{"rows": rows} | changes)):
        run = _run(rig)
    assert run.state == "refused"
    assert PendingChange.objects.count() == 0
    return run


def test_an_incomplete_list_ends_nothing(rig: Rig):
    _shows(rig, "STRAY-1")

    assert _refused(rig, complete=False).reason == "The marketplace's list was not complete."


def test_a_list_without_a_time_is_not_trusted(rig: Rig):
    assert "did not say when" in _refused(rig, as_of=None).reason


def test_an_empty_label_ends_nothing(rig: Rig):
    LabelItem.objects.all().delete()

    assert "holds no items" in _refused(rig).reason


def test_a_label_that_is_being_recalculated_ends_nothing(rig: Rig):
    assert rig.channel.label is not None
    rig.channel.label.rule_changed_at = rig.now
    rig.channel.label.save()

    assert "being worked out" in _refused(rig).reason


def test_a_list_that_shrank_oddly_is_not_believed(rig: Rig):
    for number in range(25):
        _wanted(rig, f"MUG-{number}")
        _listed(rig, f"MUG-{number}")

    assert "shrank oddly: 25 of 26" in _refused(rig).reason


def test_a_few_vanished_listings_are_listed_again(rig: Rig):
    for number in range(5):
        _wanted(rig, f"MUG-{number}")
        _listed(rig, f"MUG-{number}")

    assert _run(rig).counts == {"missing": 5}


# --- asynchronous exports


def test_an_export_that_is_not_ready_is_looked_for_again(rig: Rig):
    ready = rig.adapter.export_listings()
    answers = [Export(handle="E-9"), Export(handle="E-9"), ready]
    asked = []

    def export(handle: str = "") -> Export:
        asked.append(handle)
        return answers.pop(0)

    with patch.object(rig.adapter, "export_listings", side_effect=export):
        first = rig.claim("reconcile")
        run_reconciler(first, rig.adapter)
        assert ReconcileRun.objects.get().state == "exporting"
        assert first.again_at is not None
        run_reconciler(rig.claim("reconcile"), rig.adapter)
        run = _run(rig)

    assert asked == ["", "E-9", "E-9"]
    assert (ReconcileRun.objects.count(), run.state) == (1, "clean")


def test_an_export_that_never_gets_ready_fails_and_a_new_one_is_asked_for(rig: Rig):
    with patch.object(rig.adapter, "export_listings", return_value=Export(handle="E-9")):
        _run(rig)
        rig.wait(hours=7)
        _run(rig)

    assert list(ReconcileRun.objects.order_by("id").values_list("state", flat=True)) == ["failed", "exporting"]


def test_a_list_waits_for_the_orders_up_to_its_time(rig: Rig):
    rig.channel.orders_on = True
    rig.channel.orders_known_until = rig.now - timedelta(seconds=30)
    rig.channel.save()
    rig.claim("orders")
    ChannelJob.objects.filter(kind="orders").update(next_run_at=rig.now + timedelta(minutes=5))

    assert _run(rig).state == "exporting"
    assert ChannelJob.objects.get(kind="orders").next_run_at == rig.now
    rig.download()
    assert _run(rig).state == "clean"


def test_a_list_does_not_wait_for_orders_for_ever(rig: Rig):
    rig.channel.orders_on = True
    rig.channel.orders_known_until = None
    rig.channel.save()
    _run(rig)
    rig.wait(seconds=61)

    assert _run(rig).state == "clean"


def test_a_list_that_breaks_off_is_not_believed_and_a_new_one_is_asked_for(rig: Rig):
    def rows() -> Iterator[RemoteListing]:
        yield RemoteListing(sku="STRAY-1", title="", price=PRICE, currency="USD", quantity=1, active=True)
        raise TemporaryError("The export has 1 rows instead of 9.")

    broken = Export(handle="E-9", as_of=rig.now, complete=True, rows=rows())
    with patch.object(rig.adapter, "export_listings", return_value=broken), pytest.raises(TemporaryError):
        _run(rig)
    assert ReconcileRun.objects.get().state == "refused"
    assert PendingChange.objects.count() == 0

    _run(rig)

    assert rig.market.calls[-1] == ("export_listings", "")


# --- the brake and the person


@pytest.fixture
def many_strays(rig: Rig) -> ReconcileRun:
    """101 endings: one more than passes without a person. And one drift, which needs nobody."""
    for number in range(101):
        _shows(rig, f"STRAY-{number}")
    _wanted(rig, "DRIFT-1")
    _listed(rig, "DRIFT-1")
    _shows(rig, "DRIFT-1", quantity=9)
    return _run(rig)


def test_too_many_endings_wait_for_a_person_and_the_rest_goes_on(rig: Rig, many_strays: ReconcileRun):
    assert many_strays.state == "planned"
    assert "101 listings would end, more than the 100" in many_strays.reason
    assert list(PendingChange.objects.values_list("sku", flat=True)) == ["DRIFT-1"]


def test_a_person_lets_the_plan_go_and_the_brake_with_it(rig: Rig, many_strays: ReconcileRun):
    applied = apply_plan(many_strays, actor=rig.owner, now=rig.now)

    assert applied == {"to_end": 101}
    rig.channel.refresh_from_db()
    assert brake.allowed_withdrawals(rig.channel, 101, now=rig.now) == 101
    many_strays.refresh_from_db()
    assert (many_strays.state, many_strays.decided_by) == ("applied", rig.owner)
    assert ChannelHistory.objects.get().after == "101 endings were released"


def test_a_plan_is_decided_once(rig: Rig, many_strays: ReconcileRun):
    leave_out(many_strays, actor=rig.owner, now=rig.now)

    with pytest.raises(PlanError, match="expired already"):
        apply_plan(many_strays, actor=rig.owner, now=rig.now)


def test_a_plan_a_day_old_is_not_applied(rig: Rig, many_strays: ReconcileRun):
    with pytest.raises(PlanError, match="older than 24 hours"):
        apply_plan(many_strays, actor=rig.owner, now=rig.now + timedelta(hours=25))


def test_a_newer_list_replaces_an_undecided_plan(rig: Rig, many_strays: ReconcileRun):
    rig.wait(minutes=30)

    newer = _run(rig)

    many_strays.refresh_from_db()
    assert (many_strays.state, newer.state) == ("expired", "planned")


def test_what_is_no_longer_so_is_skipped(rig: Rig, many_strays: ReconcileRun):
    _wanted(rig, "STRAY-7")

    applied = apply_plan(many_strays, actor=rig.owner, now=rig.now)

    assert applied == {"to_end": 100}
    assert Difference.objects.get(run=many_strays, sku="STRAY-7").state == "skipped"

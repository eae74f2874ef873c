"""What an order that was downloaded comes to: stock is reserved, what is odd is flagged, and nothing is doubled."""

from decimal import Decimal
from unittest.mock import patch
from uuid import uuid4

import pytest

from channels_app.adapters.types import Capability
from channels_app.flows.orders import LinkError, link_line, retry_raw
from channels_app.models import CancellationRequest, ChannelJob, ChannelLocation, Command, Order, RawOrder
from inventory.models import Item, Location, Reason, Stock, StockMovement
from inventory.stock import Movement, record_movements
from tests.factories import NOW, make_item, make_seller
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


def test_an_order_is_stored_reserved_and_accepted(rig: Rig):
    mug = rig.item("MUG-1", on_hand=10)
    rig.market.has_order("A-1", sku="MUG-1", quantity=2, price="12.50")

    rig.download()

    order = rig.order("A-1")
    assert (order.total, order.currency, order.payment_status) == (Decimal("25"), "USD", "cleared")
    assert (order.shipping_status, order.managed_by, order.attention) == ("unshipped", "us", "")
    assert rig.stock(mug) == (10, 2)
    assert rig.commands("accept") == ["pending"]


def test_an_order_seen_twice_reserves_stock_once(rig: Rig):
    mug = rig.item()
    rig.market.has_order("A-1", sku="MUG-1", quantity=2)
    rig.download()
    ChannelJob.objects.filter(kind="orders").update(cursor="0")

    rig.download()

    assert (Order.objects.count(), RawOrder.objects.count()) == (1, 1)
    assert rig.stock(mug) == (10, 2)


def test_an_older_version_is_stored_and_not_applied(rig: Rig):
    mug = rig.item()
    body = rig.market.has_order("A-1", sku="MUG-1", quantity=2)
    first = {**body, "lines": [dict(line) for line in body["lines"]]}
    rig.market.cancels("A-1")
    rig.download()
    rig.market.orders["A-1"] = first
    ChannelJob.objects.filter(kind="orders").update(cursor="0")

    rig.download()

    assert sorted(RawOrder.objects.values_list("state", flat=True)) == ["done", "older"]
    assert rig.order("A-1").shipping_status == "cancelled"
    assert rig.stock(mug) == (10, 0)


def test_a_line_missing_from_a_newer_version_is_cancelled_and_its_stock_is_free(rig: Rig):
    mug, cup = rig.item("MUG-1"), rig.item("CUP-1")
    body = rig.market.has_order("A-1", lines=[("MUG-1", 1, "5.00"), ("CUP-1", 3, "2.00")])
    rig.download()
    body["lines"].pop()
    rig.market.touch("A-1")

    rig.download()

    assert rig.line("A-1", 2).cancelled_quantity == 3
    assert (rig.stock(mug), rig.stock(cup)) == ((10, 1), (10, 0))
    assert rig.order("A-1").attention == ""


def test_a_body_that_cannot_be_read_waits_for_a_person_and_the_next_goes_on(rig: Rig):
    rig.item()
    broken = rig.market.has_order("A-1", sku="MUG-1")
    broken["placed_at"] = "yesterday"
    rig.market.has_order("A-2", sku="MUG-1")

    rig.download()

    raw = RawOrder.objects.get(remote_id="A-1")
    assert (raw.state, "cannot be read" in raw.reason) == ("needs_attention", True)
    assert list(Order.objects.values_list("remote_id", flat=True)) == ["A-2"]


def test_an_error_of_ours_lands_on_its_raw_too(rig: Rig, caplog: pytest.LogCaptureFixture):
    rig.item()
    rig.market.has_order("A-1", sku="MUG-1")

    with patch.object(rig.adapter, "parse_order", side_effect=ZeroDivisionError):
        rig.download()

    raw = RawOrder.objects.get(remote_id="A-1")
    assert (raw.state, "error of this program" in raw.reason) == ("needs_attention", True)
    assert "order.unreadable" in caplog.text


def test_a_value_too_long_to_store_lands_on_its_raw(rig: Rig):
    rig.market.has_order("A-1", sku="S" * 150)

    rig.download()

    assert RawOrder.objects.get().state == "needs_attention"
    assert Order.objects.count() == 0


def test_a_raw_that_needed_attention_can_be_read_again(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    mug = rig.item()
    rig.market.has_order("A-1", sku="MUG-1", quantity=4)
    with patch.object(rig.adapter, "parse_order", side_effect=ZeroDivisionError):
        rig.download()
    monkeypatch.setattr("channels_app.flows.orders.open_adapter", lambda channel: rig.adapter)

    raw = retry_raw(RawOrder.objects.get(), now=rig.now)

    assert (raw.state, raw.reason) == ("done", "")
    assert rig.stock(mug) == (10, 4)


def test_a_newer_version_that_reads_settles_an_older_one_that_did_not(rig: Rig):
    rig.item()
    body = rig.market.has_order("A-1", sku="MUG-1")
    placed_at, body["placed_at"] = body["placed_at"], "yesterday"
    rig.download()
    body["placed_at"] = placed_at
    rig.market.touch("A-1")

    rig.download()

    assert sorted(RawOrder.objects.values_list("state", flat=True)) == ["done", "older"]


def test_an_unknown_sku_is_kept_and_flagged(rig: Rig):
    rig.market.has_order("A-1", sku="WHAT-1")

    rig.download()

    assert rig.line("A-1").item is None
    assert "WHAT-1 is not in your inventory" in rig.order("A-1").attention


def test_an_unknown_sku_can_be_linked_later(rig: Rig):
    rig.market.has_order("A-1", sku="WHAT-1", quantity=3)
    rig.download()
    mug = rig.item("MUG-1")

    link_line(rig.line("A-1"), mug, actor=rig.owner, now=rig.now)

    assert rig.stock(mug) == (10, 3)
    assert rig.order("A-1").attention == ""
    with pytest.raises(LinkError, match="linked to MUG-1 already"):
        link_line(rig.line("A-1"), mug, actor=rig.owner, now=rig.now)


def test_a_line_is_never_linked_to_another_sellers_item(rig: Rig):
    rig.market.has_order("A-1", sku="WHAT-1")
    rig.download()
    theirs = make_item(make_seller("other"), "WHAT-1", on_hand=5)

    with pytest.raises(LinkError, match="no such item"):
        link_line(rig.line("A-1"), theirs, actor=rig.owner, now=rig.now)


def test_a_sum_that_does_not_add_up_is_flagged_and_kept(rig: Rig):
    rig.item()
    rig.market.has_order("A-1", sku="MUG-1", quantity=2, price="10.00")["total"] = "25.00"

    rig.download()

    order = rig.order("A-1")
    assert order.total == Decimal("25")
    assert order.attention == "The marketplace's total of 25.00 USD is not the sum of its lines, 20.00 USD."


def test_a_total_lowered_by_a_cancellation_adds_up(rig: Rig):
    rig.item()
    body = rig.market.has_order("A-1", sku="MUG-1", quantity=2, price="10.00")
    body["lines"][0]["cancelled"] = 1
    body["total"] = "10.00"

    rig.download()

    assert rig.order("A-1").attention == ""


def test_an_oversell_is_flagged_and_reserved_at_the_first_location(rig: Rig):
    mug = rig.item(on_hand=1)
    rig.market.has_order("A-1", sku="MUG-1", quantity=3)

    rig.download()

    assert rig.order("A-1").oversold
    assert "2 more units were ordered" in rig.order("A-1").attention
    assert rig.stock(mug) == (1, 3)


def test_the_first_location_in_rank_that_holds_all_is_taken(rig: Rig):
    mug = rig.item(on_hand=1)
    far = Location.objects.create(seller=rig.seller, code="far", name="Far")
    _put(mug, far, 9)
    ChannelLocation.objects.create(channel=rig.channel, location=rig.seller.locations.get(code="main"), rank=0)
    ChannelLocation.objects.create(channel=rig.channel, location=far, rank=1)
    rig.market.has_order("A-1", sku="MUG-1", quantity=2)

    rig.download()

    assert Stock.objects.get(item=mug, location=far).reserved == 2
    assert not rig.order("A-1").oversold


def test_two_lines_of_one_item_do_not_promise_the_same_units(rig: Rig):
    mug = rig.item(on_hand=3)
    rig.market.has_order("A-1", lines=[("MUG-1", 2, "1.00"), ("MUG-1", 2, "1.00")])

    rig.download()

    assert rig.stock(mug) == (3, 4)
    assert "1 more unit was ordered" in rig.order("A-1").attention


def test_a_cancellation_fact_frees_the_stock_and_takes_back_the_acceptance(rig: Rig):
    mug = rig.item()
    rig.market.has_order("A-1", sku="MUG-1", quantity=2)
    rig.download()
    rig.market.cancels("A-1")

    rig.download()

    assert rig.order("A-1").shipping_status == "cancelled"
    assert rig.stock(mug) == (10, 0)
    assert rig.commands("accept") == ["superseded"]


def test_a_cancellation_request_is_kept_for_the_seller_and_cancels_nothing(rig: Rig):
    mug = rig.item()
    rig.market.has_order("A-1", sku="MUG-1", quantity=2)
    rig.market.asks_to_cancel("A-1", "Too late")

    rig.download()

    request = CancellationRequest.objects.get()
    assert (request.reason, request.state) == ("Too late", "open")
    assert rig.stock(mug) == (10, 2)


def test_a_request_that_is_gone_was_taken_back(rig: Rig):
    rig.item()
    rig.market.has_order("A-1", sku="MUG-1")
    rig.market.asks_to_cancel("A-1")
    rig.download()
    rig.market.orders["A-1"]["request"] = None
    rig.market.touch("A-1")

    rig.download()

    assert CancellationRequest.objects.get().state == "withdrawn"


def test_without_fulfillments_an_order_is_third_party_managed_for_good(rig: Rig):
    mug = rig.item()
    rig.channel.fulfillments_on = False
    rig.channel.save()
    rig.market.has_order("A-1", sku="MUG-1", quantity=2)
    rig.download()
    rig.channel.fulfillments_on = True
    rig.channel.save()
    rig.market.touch("A-1")

    rig.download()

    order = rig.order("A-1")
    assert (order.managed_by, order.shipping_status) == ("third_party", "third_party_managed")
    assert Command.objects.count() == 0
    assert rig.stock(mug) == (10, 2)


def test_a_third_party_order_consumes_when_the_channel_shows_it_shipped(rig: Rig):
    mug = rig.item()
    rig.channel.fulfillments_on = False
    rig.channel.save()
    body = rig.market.has_order("A-1", sku="MUG-1", quantity=2)
    rig.download()
    body["lines"][0]["shipped"] = 2
    rig.market.touch("A-1")

    rig.download()

    assert rig.stock(mug) == (8, 0)
    assert rig.line("A-1").consumed == 2


def test_a_third_party_order_consumes_at_import_where_the_channel_never_tells(rig: Rig):
    mug = rig.item()
    rig.can(Capability.ACCEPT)
    rig.channel.fulfillments_on = False
    rig.channel.save()
    rig.market.has_order("A-1", sku="MUG-1", quantity=2)

    rig.download()

    assert rig.stock(mug) == (8, 0)


def test_an_order_whose_payment_failed_is_not_accepted(rig: Rig):
    rig.item()
    rig.market.has_order("A-1", sku="MUG-1", payment="failed")

    rig.download()

    assert rig.order("A-1").payment_status == "failed"
    assert Command.objects.count() == 0


def test_a_channel_without_acceptance_gets_no_commands(rig: Rig):
    rig.item()
    rig.can(Capability.TELLS_SHIPPED)
    rig.market.has_order("A-1", sku="MUG-1")

    rig.download()

    assert Command.objects.count() == 0


def test_the_commands_job_is_woken_for_the_acceptances(rig: Rig):
    rig.item()
    rig.claim("commands")
    ChannelJob.objects.filter(kind="commands").update(next_run_at=rig.now.replace(year=2030))
    rig.market.has_order("A-1", sku="MUG-1")

    rig.download()

    assert ChannelJob.objects.get(kind="commands").next_run_at == rig.now


def test_the_movements_of_an_order_say_what_they_were_for(rig: Rig):
    rig.item()
    rig.market.has_order("A-1", sku="MUG-1", quantity=2)

    rig.download()

    moved = StockMovement.objects.get(reason="reserved")
    assert (moved.line_id, moved.reserved_delta, moved.at) == (rig.line("A-1").pk, 2, NOW)


def _put(item: Item, location: Location, units: int) -> None:
    counted = Movement(
        item_id=item.pk, location_id=location.pk, on_hand_delta=units, reason=Reason.COUNTED, key=uuid4()
    )
    record_movements([counted], now=NOW)


def test_an_order_whose_movements_were_purged_is_not_taken_from_stock_again(rig: Rig):
    mug = rig.item()
    body = rig.market.has_order("A-1", sku="MUG-1", quantity=2)
    body["lines"][0]["shipped"] = 2
    rig.download()
    StockMovement.objects.filter(line_id__isnull=False).delete()
    rig.wait(days=500)
    rig.market.touch("A-1")

    rig.download()

    assert rig.stock(mug) == (8, 0)

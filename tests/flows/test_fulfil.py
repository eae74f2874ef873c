"""What the seller does to an order is checked, recorded once, and taken from stock, whatever the channel answers."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from channels_app.adapters.types import Capability
from channels_app.flows.fulfil import answer_cancellation, cancel_lines, record_shipment, refund_lines
from channels_app.flows.fulfil_rules import FulfilmentError, RefundLine
from channels_app.models import CancellationRequest, ChannelJob, Command, Order, Shipment, ShipmentLine
from inventory.models import Location, StockMovement
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


@pytest.fixture
def order(rig: Rig) -> Order:
    """An order of two mugs and three cups."""
    rig.item("MUG-1", on_hand=10)
    rig.item("CUP-1", on_hand=10)
    rig.market.has_order("A-1", lines=[("MUG-1", 2, "10.00"), ("CUP-1", 3, "2.00")])
    rig.download()
    return rig.order("A-1")


def _ship(rig: Rig, order: Order, units: dict[int, int] | None = None, **fields: Any) -> Shipment:
    given: dict[str, Any] = {
        "key": uuid.uuid4(),
        "lines": units if units is not None else {line.pk: line.open_quantity for line in order.lines.all()},
        "carrier_code": "ups",
        "tracking_number": "1Z999",
        "shipped_at": rig.now,
        "actor": rig.owner,
        "now": rig.now,
    }
    return record_shipment(order, **given | fields)


def _cancel(rig: Rig, order: Order, units: dict[int, int], **fields: Any) -> list[Command]:
    given: dict[str, Any] = {
        "key": uuid.uuid4(),
        "lines": units,
        "reason_code": "no_stock",
        "actor": rig.owner,
        "now": rig.now,
    }
    return cancel_lines(order, **given | fields)


def _refund(rig: Rig, order: Order, *lines: RefundLine, **fields: Any) -> list[Command]:
    given: dict[str, Any] = {
        "key": uuid.uuid4(),
        "lines": list(lines),
        "reason_code": "damaged",
        "restock": False,
        "actor": rig.owner,
        "now": rig.now,
    }
    return refund_lines(order, **given | fields)


# --- parcels


def test_a_parcel_takes_its_units_from_stock_and_will_be_told(rig: Rig, order: Order):
    _ship(rig, order)

    mug = rig.line("A-1").item
    assert mug is not None
    assert rig.stock(mug) == (8, 0)
    assert rig.order("A-1").shipping_status == "shipped"
    assert rig.commands("ship") == ["pending", "pending"]
    assert Shipment.objects.get().carrier_name == "UPS"
    assert ShipmentLine.objects.first().location == Location.objects.get()  # type: ignore[union-attr]


def test_an_order_ships_in_several_parcels(rig: Rig, order: Order):
    _ship(rig, order, {rig.line("A-1").pk: 1})
    assert rig.order("A-1").shipping_status == "partially_shipped"

    _ship(rig, order, {rig.line("A-1").pk: 1, rig.line("A-1", 2).pk: 3})

    assert rig.order("A-1").shipping_status == "shipped"
    assert Shipment.objects.count() == 2


def test_a_double_click_records_one_parcel(rig: Rig, order: Order):
    key = uuid.uuid4()
    first = _ship(rig, order, key=key)

    second = _ship(rig, order, key=key)

    assert first == second
    assert (Shipment.objects.count(), Command.objects.filter(kind="ship").count()) == (1, 2)
    assert StockMovement.objects.filter(reason="shipped").count() == 2


def test_the_channel_is_told_without_delay(rig: Rig, order: Order, django_capture_on_commit_callbacks: Any):
    rig.claim("commands")
    ChannelJob.objects.filter(kind="commands").update(next_run_at=rig.now + timedelta(hours=1))

    with django_capture_on_commit_callbacks(execute=True):
        _ship(rig, order)

    assert ChannelJob.objects.get(kind="commands").next_run_at == rig.now


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"units": {}}, "Enter how many units"),
        ({"units": {999_999: 1}}, "no such line"),
        ({"tracking_number": " "}, "wants a tracking number"),
        ({"tracking_number": "x" * 101}, "100 characters at most"),
        ({"carrier_code": "pigeon"}, "Choose a carrier that this marketplace knows"),
    ],
)
def test_a_parcel_that_cannot_be_is_refused_with_a_reason(rig: Rig, order: Order, fields: dict[str, Any], words: str):
    with pytest.raises(FulfilmentError, match=words):
        _ship(rig, order, **fields)

    assert Shipment.objects.count() == 0


def test_more_units_than_are_open_cannot_ship(rig: Rig, order: Order):
    with pytest.raises(FulfilmentError, match="Only 2 of MUG-1 can still be shipped"):
        _ship(rig, order, {rig.line("A-1").pk: 3})


def test_a_parcel_cannot_leave_tomorrow(rig: Rig, order: Order):
    with pytest.raises(FulfilmentError, match="in the future"):
        _ship(rig, order, shipped_at=rig.now + timedelta(days=1))


def test_an_order_whose_payment_has_not_cleared_does_not_ship(rig: Rig, order: Order):
    Order.objects.update(payment_status="pending")

    with pytest.raises(FulfilmentError, match="has not cleared yet"):
        _ship(rig, order)


def test_where_parcels_cannot_be_partial_everything_must_ship(rig: Rig, order: Order):
    rig.can(Capability.ACCEPT)

    with pytest.raises(FulfilmentError, match="one parcel an order"):
        _ship(rig, order, {rig.line("A-1").pk: 1})


def test_a_line_of_an_unknown_item_ships_and_moves_no_stock(rig: Rig):
    rig.market.has_order("A-1", sku="WHAT-1")
    rig.download()

    _ship(rig, rig.order("A-1"))

    assert rig.order("A-1").shipping_status == "shipped"
    assert StockMovement.objects.filter(reason="shipped").count() == 0


def test_a_split_line_leaves_from_both_locations(rig: Rig):
    mug = rig.item("MUG-1", on_hand=1)
    far = Location.objects.create(seller=rig.seller, code="far", name="Far")
    mug.stock.create(location=far, on_hand=5)
    rig.market.has_order("A-1", sku="MUG-1", quantity=6)
    rig.download()

    _ship(rig, rig.order("A-1"))

    assert {s.location.code: (s.on_hand, s.reserved) for s in mug.stock.select_related("location")} == {
        "main": (0, 0),
        "far": (0, 0),
    }
    assert ShipmentLine.objects.get().location is None


def test_the_channels_later_word_changes_nothing_about_a_parcel(rig: Rig, order: Order):
    _ship(rig, order)
    rig.market.touch("A-1")

    rig.download()

    mug = rig.line("A-1").item
    assert mug is not None
    assert rig.stock(mug) == (8, 0)
    assert rig.order("A-1").shipping_status == "shipped"


def test_units_shipped_elsewhere_and_here_add_up(rig: Rig, order: Order):
    rig.market.orders["A-1"]["lines"][1]["shipped"] = 1
    rig.market.touch("A-1")
    rig.download()

    _ship(rig, order, {rig.line("A-1", 2).pk: 2})

    cup = rig.line("A-1", 2).item
    assert cup is not None
    assert rig.stock(cup) == (7, 0)
    assert rig.line("A-1", 2).open_quantity == 0


# --- Third Party Managed


def test_a_third_party_managed_order_is_never_touched(rig: Rig):
    rig.item()
    rig.channel.fulfillments_on = False
    rig.channel.save()
    rig.market.has_order("A-1", sku="MUG-1")
    rig.market.asks_to_cancel("A-1")
    rig.download()
    order, line = rig.order("A-1"), rig.line("A-1")

    with pytest.raises(FulfilmentError, match="Third Party Managed"):
        _ship(rig, order)
    with pytest.raises(FulfilmentError, match="Third Party Managed"):
        _cancel(rig, order, {line.pk: 1})
    with pytest.raises(FulfilmentError, match="Third Party Managed"):
        _refund(rig, order, RefundLine(line_id=line.pk, amount=Decimal(1)))
    with pytest.raises(FulfilmentError, match="Third Party Managed"):
        answer_cancellation(CancellationRequest.objects.get(), approve=True, actor=rig.owner, now=rig.now)
    assert Command.objects.count() == 0


# --- cancellations


def test_cancelled_units_are_free_at_once(rig: Rig, order: Order):
    _cancel(rig, order, {rig.line("A-1", 2).pk: 2})

    cup = rig.line("A-1", 2).item
    assert cup is not None
    assert rig.stock(cup) == (10, 1)
    assert rig.commands("cancel") == ["pending"]


def test_a_double_click_cancels_once(rig: Rig, order: Order):
    key = uuid.uuid4()
    _cancel(rig, order, {rig.line("A-1", 2).pk: 1}, key=key)

    _cancel(rig, order, {rig.line("A-1", 2).pk: 1}, key=key)

    assert rig.line("A-1", 2).cancelled == 1


def test_where_lines_cannot_be_cancelled_the_whole_order_is(rig: Rig, order: Order):
    rig.can(Capability.ACCEPT, Capability.SHIP_PARTIAL)

    with pytest.raises(FulfilmentError, match="cancels whole orders only"):
        _cancel(rig, order, {rig.line("A-1").pk: 1})
    _cancel(rig, order, {rig.line("A-1").pk: 2, rig.line("A-1", 2).pk: 3})

    assert rig.order("A-1").shipping_status == "cancelled"


def test_a_reason_the_channel_does_not_know_is_refused(rig: Rig, order: Order):
    with pytest.raises(FulfilmentError, match="Choose a reason"):
        _cancel(rig, order, {rig.line("A-1").pk: 1}, reason_code="bored")


def test_where_parts_of_lines_cannot_be_cancelled_whole_ones_are(rig: Rig, order: Order):
    rig.can(Capability.CANCEL_LINE, Capability.SHIP_PARTIAL)

    with pytest.raises(FulfilmentError, match="all of MUG-1, or none of it"):
        _cancel(rig, order, {rig.line("A-1").pk: 1})
    _cancel(rig, order, {rig.line("A-1").pk: 2})

    assert (rig.line("A-1").cancelled, rig.line("A-1", 2).cancelled) == (2, 0)


def test_what_was_shipped_in_part_is_not_cancelled_where_whole_lines_are(rig: Rig, order: Order):
    rig.can(Capability.CANCEL_LINE, Capability.SHIP_PARTIAL)
    _ship(rig, order, {rig.line("A-1").pk: 1})

    with pytest.raises(FulfilmentError, match="all of MUG-1, or none of it"):
        _cancel(rig, order, {rig.line("A-1").pk: 1})


def test_nothing_is_left_to_cancel_once_all_has_shipped(rig: Rig, order: Order):
    _ship(rig, order)

    with pytest.raises(FulfilmentError, match="shipped or cancelled already"):
        _cancel(rig, order, {rig.line("A-1").pk: 1})


# --- refunds


def test_a_refund_is_recorded_with_its_amounts_and_the_goods_go_back(rig: Rig, order: Order):
    _ship(rig, order)
    line = rig.line("A-1")

    _refund(rig, order, RefundLine(line_id=line.pk, quantity=1, amount=Decimal("7.50")), restock=True)

    assert rig.line("A-1").refunded == Decimal("7.50")
    assert line.item is not None
    assert rig.stock(line.item) == (9, 0)
    row = Command.objects.get(kind="refund")
    assert (row.amount, row.quantity, row.restock) == (Decimal("7.50"), 1, True)


def test_goods_that_came_back_are_not_taken_again_by_the_next_version(rig: Rig, order: Order):
    _ship(rig, order)
    line = rig.line("A-1")
    _refund(rig, order, RefundLine(line_id=line.pk, quantity=2, amount=Decimal(20)), restock=True)
    rig.market.touch("A-1")

    rig.download()

    assert line.item is not None
    assert rig.stock(line.item) == (10, 0)


def test_a_double_click_refunds_once(rig: Rig, order: Order):
    _ship(rig, order)
    key, refund = uuid.uuid4(), RefundLine(line_id=rig.line("A-1").pk, quantity=1, amount=Decimal(5))
    _refund(rig, order, refund, key=key, restock=True)

    _refund(rig, order, refund, key=key, restock=True)

    assert rig.line("A-1").refunded == 5
    assert StockMovement.objects.filter(reason="restocked").count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": Decimal("20.01")}, "Only 20.00 USD of MUG-1 is left"),
        ({"amount": Decimal(0)}, "Enter an amount"),
        ({"amount": Decimal(-1)}, "are positive"),
        ({"amount": Decimal(1), "quantity": 3}, "Only 2 of MUG-1 can still come back"),
        ({"amount": Decimal(1), "shipping_amount": Decimal(1)}, "Only 0.00 USD of the shipping charge"),
    ],
)
def test_a_refund_that_cannot_be_is_refused_with_a_reason(rig: Rig, order: Order, fields: dict[str, Any], words: str):
    _ship(rig, order)

    with pytest.raises(FulfilmentError, match=words):
        _refund(rig, order, RefundLine(line_id=rig.line("A-1").pk, **{"quantity": 1} | fields))


def test_two_refunds_share_what_was_paid(rig: Rig, order: Order):
    _ship(rig, order)
    line = rig.line("A-1")
    _refund(rig, order, RefundLine(line_id=line.pk, amount=Decimal(15)))

    with pytest.raises(FulfilmentError, match=r"Only 5\.00 USD"):
        _refund(rig, order, RefundLine(line_id=line.pk, amount=Decimal(6)))


def test_nothing_is_refunded_before_it_shipped(rig: Rig, order: Order):
    with pytest.raises(FulfilmentError, match="Nothing was shipped yet"):
        _refund(rig, order, RefundLine(line_id=rig.line("A-1").pk, amount=Decimal(1)))


def test_where_refunds_cannot_be_partial_the_whole_line_is_refunded(rig: Rig, order: Order):
    rig.can(Capability.SHIP_PARTIAL, Capability.REFUND)
    _ship(rig, order)

    with pytest.raises(FulfilmentError, match=r"whole lines only: 20\.00 USD"):
        _refund(rig, order, RefundLine(line_id=rig.line("A-1").pk, amount=Decimal(1)))


def test_a_marketplace_that_takes_no_refunds_is_not_sent_one(rig: Rig, order: Order):
    rig.can(Capability.SHIP_PARTIAL)
    _ship(rig, order)

    with pytest.raises(FulfilmentError, match="refunds buyers itself"):
        _refund(rig, order, RefundLine(line_id=rig.line("A-1").pk, amount=Decimal(1)))


# --- the buyer's request


@pytest.fixture
def request_(rig: Rig, order: Order) -> CancellationRequest:
    rig.market.asks_to_cancel("A-1")
    rig.download()
    return CancellationRequest.objects.get()


def test_an_approved_request_cancels_what_is_open(rig: Rig, order: Order, request_: CancellationRequest):
    _ship(rig, order, {rig.line("A-1").pk: 2})

    answer_cancellation(request_, approve=True, actor=rig.owner, now=rig.now)

    request_.refresh_from_db()
    assert (request_.state, request_.decided_by) == ("approved", rig.owner)
    assert rig.line("A-1", 2).cancelled == 3
    assert list(Command.objects.filter(kind="answer").values_list("quantity", "approve_request")) == [(3, True)]


def test_a_refused_request_cancels_nothing_and_is_told(rig: Rig, order: Order, request_: CancellationRequest):
    answer_cancellation(request_, approve=False, actor=rig.owner, now=rig.now)

    assert rig.line("A-1").open_quantity == 2
    assert rig.commands("answer") == ["pending", "pending"]


def test_a_double_click_answers_once_and_the_other_answer_is_refused(
    rig: Rig, order: Order, request_: CancellationRequest
):
    answer_cancellation(request_, approve=False, actor=rig.owner, now=rig.now)
    answer_cancellation(request_, approve=False, actor=rig.owner, now=rig.now)

    with pytest.raises(FulfilmentError, match="refused already"):
        answer_cancellation(request_, approve=True, actor=rig.owner, now=rig.now)
    assert Command.objects.filter(kind="answer").count() == 2


def test_a_request_about_shipped_goods_can_only_be_refused(rig: Rig, order: Order, request_: CancellationRequest):
    _ship(rig, order)

    with pytest.raises(FulfilmentError, match="refuse the request instead"):
        answer_cancellation(request_, approve=True, actor=rig.owner, now=rig.now)


def test_a_request_may_be_about_one_line(rig: Rig, order: Order, request_: CancellationRequest):
    CancellationRequest.objects.update(line_remote_ids=["A-1-2"])

    answer_cancellation(request_, approve=True, actor=rig.owner, now=rig.now)

    assert (rig.line("A-1").open_quantity, rig.line("A-1", 2).open_quantity) == (2, 0)

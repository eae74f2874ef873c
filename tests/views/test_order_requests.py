"""What the order's page says before a buyer's request to cancel is approved: units, and the money that goes back."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from channels_app.flows.fulfil import cancel_lines, record_shipment
from channels_app.models import CancellationRequest, Order, OrderLine
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


@pytest.fixture
def order(rig: Rig, client: Client) -> Order:
    """An order of 3 mugs for 30.00 and a cup for 2.00, which its buyer asks to cancel."""
    client.force_login(rig.owner)
    rig.item("MUG-1", on_hand=10)
    rig.market.has_order("A-1", lines=[("MUG-1", 3, "10.00"), ("CUP-1", 1, "2.00")])
    rig.market.asks_to_cancel("A-1")
    rig.download()
    return rig.order("A-1")


@pytest.fixture
def said(client: Client, order: Order) -> Callable[[], tuple[str, str]]:
    def ask() -> tuple[str, str]:
        page = client.get(f"/s/acme/orders/{order.public_id}/")
        (row,) = page.context["requests"]
        text = page.content.decode()
        assert (f"Cancel {row.units}? " in text) == bool(row.units)
        assert ('value="approve"' in text) == bool(row.units)
        return row.units, row.money

    return ask


def _line(sku: str, **changed: Any) -> None:
    OrderLine.objects.filter(sku=sku).update(**changed)


def test_units_and_sum_are_named(said: Callable[[], tuple[str, str]]):
    assert said() == ("3 × MUG-1 and 1 × CUP-1", "The buyer gets 32.00 USD back.")


def test_what_left_or_was_cancelled_counts_no_more(said: Callable[[], tuple[str, str]], rig: Rig, order: Order):
    mug, cup = order.lines.order_by("pk")
    now = rig.now
    record_shipment(
        order,
        key=uuid.uuid4(),
        lines={mug.pk: 1},
        carrier_code="ups",
        tracking_number="1Z",
        shipped_at=now,
        actor=rig.owner,
        now=now,
    )
    cancel_lines(order, key=uuid.uuid4(), lines={cup.pk: 1}, reason_code="no_stock", actor=rig.owner, now=now)

    assert said() == ("2 × MUG-1", "The buyer gets 20.00 USD back.")


def test_a_request_about_one_line_names_that_line(said: Callable[[], tuple[str, str]]):
    Order.objects.update(shipping="5.00")
    CancellationRequest.objects.update(line_remote_ids=["A-1-2"])

    assert said() == ("1 × CUP-1", "The buyer gets 2.00 USD back.")


def test_tax_that_comes_on_top_goes_back_and_what_was_refunded_does_not(said: Callable[[], tuple[str, str]]):
    Order.objects.update(tax_included=False)
    _line("MUG-1", tax="6.00", refunded="35.50")

    assert said()[1] == "The buyer gets 2.50 USD back."


def test_the_shipping_charge_of_a_whole_order_is_named_apart(said: Callable[[], tuple[str, str]]):
    Order.objects.update(shipping="5.00")

    assert said()[1] == (
        "The buyer gets 32.00 USD back; about the shipping charge of 5.00 USD the marketplace decides."
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"payment_status": "pending"}, "The buyer's payment has not cleared yet."),
        ({"payment_status": "failed"}, "The buyer's payment failed: no money goes back."),
        ({"currency": "JPY"}, "The buyer gets 32 JPY back."),
    ],
)
def test_what_is_not_known_is_not_promised(said: Callable[[], tuple[str, str]], changed: dict[str, str], words: str):
    Order.objects.update(**changed)

    assert said()[1] == words


def test_without_prices_no_sum_is_named(said: Callable[[], tuple[str, str]]):
    OrderLine.objects.update(amount=0)

    assert said()[1] == "The marketplace did not say what was paid."


def test_of_many_lines_the_first_are_named(said: Callable[[], tuple[str, str]], order: Order):
    for number in range(6):
        OrderLine.objects.create(
            order=order, remote_id=f"more-{number}", sku=f"PEN-{number}", quantity=2, unit_price=1, amount=2
        )

    units, money = said()

    assert units == "3 × MUG-1, 1 × CUP-1, 2 × PEN-0, 2 × PEN-1, 2 × PEN-2 and 6 more units"
    assert money == "The buyer gets 44.00 USD back."


def test_when_all_has_left_it_can_only_be_refused(said: Callable[[], tuple[str, str]], client: Client, order: Order):
    OrderLine.objects.update(remote_shipped=9)

    assert said()[0] == ""
    page = client.get(f"/s/acme/orders/{order.public_id}/").content.decode()
    assert "it can only be refused" in page
    assert 'value="refuse"' in page

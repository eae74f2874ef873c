"""Fields of many rows, written at once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from channels_app.flows.overwrite import overwrite
from channels_app.models import Order, OrderLine
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


@pytest.fixture
def orders(rig: Rig) -> list[Order]:
    for number in range(3):
        rig.item(f"MUG-{number}")
        rig.market.has_order(f"A-{number}", sku=f"MUG-{number}")
    rig.download()
    return list(Order.objects.order_by("id"))


def test_each_row_gets_its_own_values_in_one_statement(orders: list[Order]):
    orders[0].total, orders[0].buyer, orders[0].accepted_at = Decimal("7.5"), {"name": "Ä'ö"}, None
    orders[1].accepted_at = orders[1].placed_at + timedelta(days=1)
    orders[1].oversold = True

    with CaptureQueriesContext(connection) as queries:
        overwrite(orders[:2], ["total", "buyer", "accepted_at", "oversold"])

    stored = list(Order.objects.order_by("id"))
    assert len(queries) == 1
    for ours, theirs in zip(orders, stored, strict=True):
        assert (theirs.total, theirs.buyer, theirs.accepted_at, theirs.oversold) == (
            ours.total,
            ours.buyer,
            ours.accepted_at,
            ours.oversold,
        )


def test_a_reference_may_be_set_and_taken_away(orders: list[Order]):
    lines = list(OrderLine.objects.order_by("id"))
    items = [line.item_id for line in lines]
    lines[0].item_id, lines[1].item_id = None, items[2]

    overwrite(lines, ["item_id"])

    assert list(OrderLine.objects.order_by("id").values_list("item_id", flat=True)) == [None, items[2], items[2]]


def test_what_is_too_long_is_refused_and_not_cut_off(orders: list[Order]):
    orders[0].currency = "EURO"

    with pytest.raises(DataError), transaction.atomic():
        overwrite(orders, ["currency"])

    assert set(Order.objects.values_list("currency", flat=True)) == {"USD"}


def test_a_row_that_is_gone_stays_gone(orders: list[Order]):
    Order.objects.filter(pk=orders[0].pk).delete()

    overwrite(orders, ["remote_status"])

    assert Order.objects.count() == 2

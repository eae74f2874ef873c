"""However pages repeat and reorder, the newest version of each order is what we have, and stock agrees with it."""

import copy
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.adapters.types import OrderPage, RawOrder
from channels_app.flows.orders import read_new_raws, store_page
from channels_app.models import Order, OrderLine
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

SKUS = ["MUG-1", "CUP-1", "WHAT-1"]


@st.composite
def line_states(draw: st.DrawFn) -> tuple[int, int, int]:
    quantity = draw(st.integers(1, 5))
    shipped = draw(st.integers(0, quantity))
    return quantity, shipped, draw(st.integers(0, quantity - shipped))


#: One version: the lines that it still holds, by number.
versions = st.dictionaries(st.integers(1, 3), line_states(), min_size=1, max_size=3)


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[dict[int, tuple[int, int, int]]], list[list[int]]]:
    """Return the versions of one order, and the pages in which they come: any order, any repetition, none left out."""
    history = draw(st.lists(versions, min_size=1, max_size=4))
    numbers = list(range(len(history)))
    seen = draw(st.permutations(numbers + draw(st.lists(st.sampled_from(numbers), max_size=4))))
    cut = draw(st.integers(0, len(seen)))
    return history, [seen[:cut], seen[cut:]]


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=arrivals())
def test_the_newest_version_wins_whatever_the_order_of_the_pages(rig: Rig, case: Any):
    history, pages = case
    with transaction.atomic():
        items = {sku: rig.item(sku, on_hand=20) for sku in SKUS[:2]}
        body = rig.market.has_order("A-1", sku="MUG-1")
        bodies = [_body(body, number, lines) for number, lines in enumerate(history, start=1)]

        for page in pages:
            claim = rig.claim("orders")
            raws = tuple(RawOrder(remote_id="A-1", version=n + 1, body=bodies[n]) for n in page)
            store_page(claim, OrderPage(raws=raws, next_cursor="x", has_more=False))
            assert read_new_raws(claim, rig.adapter)

        _check(items, history[-1])
        transaction.set_rollback(True)


def _body(body: dict[str, Any], version: int, lines: dict[int, tuple[int, int, int]]) -> dict[str, Any]:
    told = copy.deepcopy(body)
    told["version"] = version
    told["lines"] = [
        {"id": f"A-1-{n}", "sku": SKUS[n - 1], "quantity": q, "price": "1.00", "shipped": s, "cancelled": c}
        for n, (q, s, c) in lines.items()
    ]
    return told


def _check(items: dict[str, Any], newest: dict[int, tuple[int, int, int]]) -> None:
    assert Order.objects.get().version >= 1
    for number, sku in enumerate(SKUS, start=1):
        line = OrderLine.objects.filter(remote_id=f"A-1-{number}").first()
        quantity, shipped, cancelled = newest.get(number, (0, 0, 0))
        still_open = quantity - shipped - cancelled
        if number in newest:
            assert line is not None
            assert (line.quantity, line.open_quantity) == (quantity, still_open)
        elif line is not None:
            assert line.open_quantity == 0
        if sku in items:
            stock = items[sku].stock.get()
            gone = line.shipped_quantity if line else 0
            assert (stock.on_hand, stock.reserved) == (20 - gone, still_open)

"""Orders are found by what a buyer or a carrier writes about, in the list and from every page, each by an index."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from channels_app.flows.fulfil import record_shipment
from channels_app.models import Order
from channels_app.views.order_search import orders_called, orders_of_buyers
from tests.factories import make_seller, make_user
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    client.force_login(rig.owner)
    return client


@pytest.fixture
def orders(rig: Rig) -> dict[str, Order]:
    """A-1 has left with a tracking number; Mrs Miller bought A-2 and A-3."""
    rig.item("MUG-1", on_hand=10)
    _order(rig, "A-1", name="Robin Example", email="robin@example.com")
    _order(rig, "A-2", name="Ada Miller", email="Ada.Miller@example.com")
    _order(rig, "A-3", name="Ada Miller", email="ada.miller@example.com")
    _order(rig, "A-4")
    _ship(rig, "A-1", "1Z 999 AA1")
    return {number: rig.order(number) for number in ("A-1", "A-2", "A-3", "A-4")}


def _order(rig: Rig, number: str, **buyer: str) -> None:
    rig.market.has_order(number, sku="MUG-1")
    rig.download()
    Order.objects.filter(remote_id=number).update(buyer=buyer)


def _ship(rig: Rig, number: str, tracking_number: str) -> None:
    order = rig.order(number)
    record_shipment(
        order,
        key=order.public_id,
        lines={line.pk: line.open_quantity for line in order.lines.all()},
        carrier_code="ups",
        tracking_number=tracking_number,
        shipped_at=rig.now,
        actor=rig.owner,
        now=rig.now,
    )


def _listed(browser: Client, words: str, **more: Any) -> set[str]:
    page = browser.get("/s/acme/orders/", {"q": words, **more})
    return {row.order.remote_id for row, _ in page.context["rows"]}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("1Z 999 AA1", {"A-1"}),
        ("1z 999 aa1", {"A-1"}),
        ("1Z 999", set()),
        ("mill", {"A-2", "A-3"}),
        ("a mil", {"A-2", "A-3"}),
        ("Miller Ada", {"A-2", "A-3"}),
        ("miller,ada", {"A-2", "A-3"}),
        ("Miller Robin", set()),
        ("a m", {"A-2", "A-3"}),
        ("m a", set()),
        (", ,", set()),
        ("mi", set()),
        ("ada.miller@example.com", {"A-2", "A-3"}),
        ("ada.miller@example", set()),
        ("100%", set()),
        ("A-4", {"A-4"}),
    ],
)
def test_the_list_finds_orders_by_tracking_number_buyers_name_and_address(
    browser: Client, orders: dict[str, Order], words: str, found: set[str]
):
    assert _listed(browser, words) == found


def test_a_tracking_number_typed_in_groups_is_the_one_without_them(browser: Client, rig: Rig, orders: dict[str, Order]):
    _ship(rig, "A-2", "1Z888AA2")

    assert _listed(browser, "1z 888 aa2") == {"A-2"}


def test_a_buyer_is_looked_for_within_the_tab(browser: Client, rig: Rig, orders: dict[str, Order]):
    _ship(rig, "A-2", "1Z888")

    assert _listed(browser, "miller", show="to_ship") == {"A-3"}


@pytest.mark.parametrize("words", ["1Z 999 AA1", "robin@example.com", " ROBIN@EXAMPLE.COM "])
def test_what_only_one_order_has_leads_straight_to_it(browser: Client, orders: dict[str, Order], words: str):
    answer = browser.get("/s/acme/search/", {"q": words})

    assert answer.headers["Location"] == reverse("order", args=["acme", orders["A-1"].public_id])


def test_a_buyers_name_shows_the_orders_and_leads_to_all_of_them(browser: Client, rig: Rig, orders: dict[str, Order]):
    one = browser.get("/s/acme/search/", {"q": "robin"}).content.decode()
    for number in range(8):
        _order(rig, f"B-{number}", name="Mia Miller")

    many = browser.get("/s/acme/search/", {"q": "miller"}).content.decode()

    assert "A-1</a>" in one
    assert "Robin Example" in one
    assert "All orders that fit" not in one
    assert many.count("Mia Miller") == 8
    assert "All orders that fit" in many


def test_buyers_and_parcels_of_other_sellers_are_not_found(client: Client, orders: dict[str, Order]):
    client.force_login(make_user("other@example.com", seller=make_seller("other")))

    for words in ("miller", "ada.miller@example.com", "1Z 999 AA1"):
        assert client.get("/s/other/orders/", {"q": words}).context["rows"] == []
        assert "Nothing fits" in client.get("/s/other/search/", {"q": words}).content.decode()


@pytest.mark.parametrize(
    ("words", "index"),
    [("1Z0000000000000077", "shipment_tracking"), ("77@example.com", "order_buyer_email"), ("1Z", "shipment_tracking")],
)
def test_what_is_typed_in_full_is_looked_up_in_its_index(rig: Rig, many: None, words: str, index: str):
    assert f"using {index}" in orders_called(rig.seller, [rig.channel], words).explain()


@pytest.mark.parametrize("words", ["a miller 77", "77, miller a", "nobody"])
def test_part_of_a_name_that_few_have_is_looked_up_by_its_trigrams(rig: Rig, many: None, words: str):
    assert "Index Scan on order_buyer_trgm" in orders_of_buyers(rig.seller, words)[:9].explain()


_MANY = """
WITH orders AS (
    INSERT INTO channels_app_order
        (channel_id, seller_id, remote_id, version, remote_status, payment_status, shipping_status, managed_by,
         currency, tax_included, total, shipping, buyer, ship_to, placed_at, imported_at, updated_at, oversold,
         attention)
    SELECT %(channel)s, %(seller)s, 'M-' || n, 1, '', 'cleared', 'shipped', 'us', 'USD', true, 1, 0,
           jsonb_build_object(
               'name', CASE WHEN n %% 200 = 77 THEN 'Ada Miller ' || n ELSE md5(n::text) END,
               'email', n || '@example.com'
           ),
           '{}', %(at)s, %(at)s, %(at)s, false, ''
    FROM generate_series(1, 10000) AS n RETURNING id
)
INSERT INTO channels_app_shipment
    (channel_id, order_id, key, carrier_code, carrier_name, tracking_number, shipped_at, created_at)
SELECT %(channel)s, id, uuidv7(), '', '', '1Z' || lpad(id::text, 16, '0'), %(at)s, %(at)s FROM orders;
"""


@pytest.fixture
def many(rig: Rig) -> None:
    """So many orders and parcels that no table of them is read whole for one."""
    with connection.cursor() as cursor:
        cursor.execute(_MANY, {"channel": rig.channel.pk, "seller": rig.seller.pk, "at": rig.now})
        cursor.execute("ANALYZE channels_app_order, channels_app_shipment")

"""A seller goes from an empty channel to a shipped and refunded order, by the pages, with a real marketplace."""

from datetime import timedelta
from decimal import Decimal

import pytest

from channels_app.flows import activate
from channels_app.flows.ledger import check_ledger
from channels_app.models import Order
from inventory.models import Seller, Stock
from marketplace_integration import clock
from smoke.browser import Browser
from smoke.marketplace import Marketplace
from tests.factories import make_item
from tests.journeys.steps import Workers, activated_channel, buy, cancel, open_lines, refund, run_now, ship

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def test_a_seller_goes_from_setup_to_a_shipped_order_and_to_live(
    browser: Browser, shop: Seller, marketplace: Marketplace, workers: Workers
) -> None:
    mug = make_item(shop, "MUG-1", on_hand=7, price=Decimal("10.00"))
    make_item(shop, "BOWL-1", on_hand=1, price=Decimal("20.00"))

    channel = activated_channel(browser, marketplace)
    workers(lambda: len(marketplace.state().active) == 2)

    shown = marketplace.state().active
    assert {sku: (row["quantity"], row["price"]) for sku, row in shown.items()} == {
        "MUG-1": (5, "11.99"),  # two are kept back; ten percent more, rounded up to .99
        "BOWL-1": (0, "22.99"),
    }
    order = buy(marketplace, "MUG-1", quantity=3, amount="35.97")
    run_now(browser, channel, "orders")
    workers(lambda: Stock.objects.filter(item=mug, reserved=3).exists())
    workers(lambda: bool(marketplace.state().orders[order]["accepted_at"]))
    assert marketplace.state().active["MUG-1"]["quantity"] == 2

    ship(browser, order, units=2)
    cancel(browser, order, units=1)
    workers(lambda: len(marketplace.state().shipments) == 1 and len(marketplace.state().cancellations) == 1)
    refund(browser, order, amount="5.00")
    workers(lambda: len(marketplace.state().refunds) == 1)

    stock = Stock.objects.get(item=mug)
    assert (stock.on_hand, stock.reserved) == (5, 0)
    assert Order.objects.get().shipping_status == Order.Shipping.SHIPPED
    workers(lambda: marketplace.state().active["MUG-1"]["quantity"] == 3)

    activate.promote_due(now=clock.now() + timedelta(days=31))
    page = browser.open(f"{channel}settings/")
    assert "This channel is Live" in page.words
    assert {"switches-listings_on", "switches-orders_on"} <= page.form(with_field="quantity-buffer").disabled
    workers(lambda: open_lines() == 0)
    assert check_ledger() == []

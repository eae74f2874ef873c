"""What a seller tries out while Testing lasts, by the pages, with a real marketplace."""

import pytest

from channels_app.flows.ledger import check_ledger
from channels_app.models import Command, Order
from inventory.models import Seller, Stock
from smoke.browser import Browser
from smoke.marketplace import Marketplace
from tests.factories import make_item
from tests.journeys.steps import Workers, activated_channel, buy, open_lines, open_order, run_now, switch, unlabel

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def test_what_leaves_the_label_is_ended_and_strays_are_ended_once_the_reconciler_is_on(
    browser: Browser, shop: Seller, marketplace: Marketplace, workers: Workers
) -> None:
    for sku in ("MUG-1", "BOWL-1"):
        make_item(shop, sku, on_hand=9)
    channel = activated_channel(browser, marketplace)
    workers(lambda: set(marketplace.state().active) == {"MUG-1", "BOWL-1"})

    unlabel(browser, "BOWL-1")
    workers(lambda: set(marketplace.state().active) == {"MUG-1"})
    marketplace.put_strays(["STRAY-1"])
    run_now(browser, channel, "orders")
    workers(lambda: open_lines() == 0)
    assert set(marketplace.state().active) == {"MUG-1", "STRAY-1"}, "without the reconciler strays stay"

    switch(browser, channel, "reconciler", on=True)
    workers(lambda: set(marketplace.state().active) == {"MUG-1"})
    workers(lambda: open_lines() == 0)
    assert check_ledger() == []


def test_while_fulfillments_is_off_orders_are_third_party_managed_and_nothing_is_sent_about_them(
    browser: Browser, shop: Seller, marketplace: Marketplace, workers: Workers
) -> None:
    mug = make_item(shop, "MUG-1", on_hand=9)
    channel = activated_channel(browser, marketplace)
    workers(lambda: "MUG-1" in marketplace.state().active)

    switch(browser, channel, "fulfillments", on=False)
    order = buy(marketplace, "MUG-1", quantity=2, amount="23.98")
    run_now(browser, channel, "orders")
    workers(Order.objects.exists)

    page = open_order(browser, order)
    assert "Third Party Managed" in page.words
    assert page.find_form(with_field="ship-tracking_number") is None
    assert not Command.objects.exists()
    assert not marketplace.state().orders[order]["accepted_at"]
    assert Stock.objects.get(item=mug).reserved == 2


def test_deactivating_with_the_wish_to_end_leaves_nothing_on_sale(
    browser: Browser, shop: Seller, marketplace: Marketplace, workers: Workers
) -> None:
    make_item(shop, "MUG-1", on_hand=9)
    channel = activated_channel(browser, marketplace)
    workers(lambda: "MUG-1" in marketplace.state().active)

    page = browser.open(f"{channel}settings/")
    page = browser.submit(page, page.form(action="/deactivate/"), {"deactivate-choice": "end"})

    workers(lambda: marketplace.state().active == {})
    workers(lambda: open_lines() == 0)
    assert "Nothing is sent and nothing is downloaded" in browser.open(f"{channel}settings/").words

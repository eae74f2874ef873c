"""A seller goes from an empty channel to a shipped and refunded order, by the pages, with a real marketplace."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from channels_app.flows import activate
from channels_app.flows.ledger import check_ledger
from channels_app.models import FeedLine, Order
from inventory.models import Seller, Stock
from marketplace_integration import clock
from smoke.browser import Browser, Page
from smoke.files import Sale, SaleLine
from smoke.marketplace import Marketplace
from tests.factories import make_item

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

Workers = Callable[[Callable[[], bool]], None]


def test_a_seller_goes_from_setup_to_a_shipped_order_and_to_live(
    browser: Browser, shop: Seller, marketplace: Marketplace, workers: Workers
) -> None:
    mug = make_item(shop, "MUG-1", on_hand=7, price=Decimal("10.00"))
    make_item(shop, "BOWL-1", on_hand=1, price=Decimal("20.00"))

    label_everything(browser, "On the sandbox")
    channel = set_up_channel(browser, "On the sandbox")
    page = press(browser, channel, "activate")
    assert "Testing phase has begun" in page.words
    marketplace.find_account("acme")
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
    workers(lambda: not FeedLine.objects.exclude(state__in=FINAL).exists())
    assert check_ledger() == []


FINAL = ("confirmed", "rejected", "superseded")


def label_everything(browser: Browser, name: str) -> None:
    page = browser.open("/s/acme/labels/")
    browser.submit(page, page.form(with_field="kind"), {"name": name, "kind": "manual"})
    page = browser.open("/s/acme/items/")
    form = page.form(action="/items/bulk/")
    wanted: dict[str, str | list[str] | None] = {"scope-label": "all", "label": form.value_of("label", name)}
    browser.submit(page, form, wanted, button=("action", "label"))


def set_up_channel(browser: Browser, label: str) -> str:
    """The channel has everything it needs and its switches are on. Returns where its pages are."""
    page = browser.open("/s/acme/marketplaces/add/sandbox/")
    page = browser.submit(page, page.form(with_field="mode"), {"name": "Sandbox", "mode": "test"})
    form = page.form(with_field="quantity-buffer")
    values: dict[str, str | list[str] | None] = {
        "label-label": form.value_of("label-label", label),
        "quantity-buffer": "2",
        "price-price_percent": "10",
        "price-price_ending": "0.99",
        "account-client_id": "acme",
        "account-client_secret": "a-good-secret",
        "switches-listings_on": "on",
        "switches-orders_on": "on",
        "switches-fulfillments_on": "on",
    }
    page = browser.submit(page, form, values, button=("action", "save"))
    return urlsplit(page.url).path.removesuffix("settings/")


def press(browser: Browser, channel: str, action: str) -> Page:
    page = browser.open(f"{channel}settings/")
    return browser.submit(page, page.form(with_field="quantity-buffer"), button=("action", action))


def run_now(browser: Browser, channel: str, kind: str) -> None:
    page = browser.open(f"{channel}settings/")
    browser.submit(page, page.form(action=f"/jobs/{kind}/run/"))


def buy(marketplace: Marketplace, sku: str, *, quantity: int, amount: str) -> str:
    """A buyer orders; the marketplace's id of the order."""
    sale = Sale(ref=f"{sku}-{quantity}", lines=(SaleLine(sku=sku, quantity=quantity, amount=Decimal(amount)),))
    return marketplace.buy([sale])[sale.ref]


def open_order(browser: Browser, remote_id: str) -> Page:
    """The order's page, by the link of the list."""
    page = browser.open("/s/acme/orders/")
    order = Order.objects.get(remote_id=remote_id)
    (link,) = {address for address, _text in page.links if str(order.public_id) in address}
    return browser.open(link)


def ship(browser: Browser, remote_id: str, *, units: int) -> None:
    page = open_order(browser, remote_id)
    form = page.form(with_field="ship-tracking_number")
    carrier = next(code for code in form.choices["ship-carrier"] if code)
    values = {"ship-units-1": str(units), "ship-carrier": carrier, "ship-tracking_number": "1Z999"}
    page = browser.submit(page, form, values)
    assert "The parcel is recorded" in page.words


def cancel(browser: Browser, remote_id: str, *, units: int) -> None:
    page = open_order(browser, remote_id)
    form = page.form(with_field="cancel-units-1")
    reason = next(code for code in form.choices["cancel-reason"] if code)
    page = browser.submit(page, form, {"cancel-units-1": str(units), "cancel-reason": reason})
    assert "Cancelled" in page.words


def refund(browser: Browser, remote_id: str, *, amount: str) -> None:
    page = open_order(browser, remote_id)
    form = page.form(with_field="refund-amount-1")
    reason = next(code for code in form.choices["refund-reason"] if code)
    page = browser.submit(page, form, {"refund-amount-1": amount, "refund-units-1": "0", "refund-reason": reason})
    assert "The refund is recorded" in page.words

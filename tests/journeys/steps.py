"""What the seller does on the pages, one function a deed."""

from collections.abc import Callable
from decimal import Decimal
from urllib.parse import urlsplit

from channels_app.models import FeedLine, Order
from channels_app.models.submission import OPEN_STATES
from smoke.browser import Browser, Page
from smoke.files import Sale, SaleLine
from smoke.marketplace import Marketplace

#: Runs what is due until the question is answered with yes.
Workers = Callable[[Callable[[], bool]], None]

LABEL = "On the sandbox"


def activated_channel(browser: Browser, marketplace: Marketplace) -> str:
    """All items are on a label, and a channel with all its switches but the reconciler on lists them."""
    label_everything(browser, LABEL)
    channel = set_up_channel(browser, LABEL)
    page = press(browser, channel, "activate")
    assert "Testing phase has begun" in page.words
    marketplace.find_account("acme")
    return channel


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


def switch(browser: Browser, channel: str, name: str, *, on: bool) -> None:
    page = browser.open(f"{channel}settings/")
    values = {f"switches-{name}_on": "on" if on else None}
    browser.submit(page, page.form(with_field="quantity-buffer"), values, button=("action", "save"))


def unlabel(browser: Browser, sku: str) -> None:
    """The item is found, ticked, and taken off the label."""
    page = browser.open(f"/s/acme/items/?q={sku}")
    form = page.form(action="/items/bulk/")
    (ticked,) = form.boxes["item"]
    values: dict[str, str | list[str] | None] = {"item": ticked, "label": form.value_of("label", LABEL)}
    browser.submit(page, form, values, button=("action", "unlabel"))


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


def open_lines() -> int:
    """How much of what was sent still waits for its outcome."""
    return FeedLine.objects.filter(state__in=OPEN_STATES).count()

"""The seller's order pages: parcels, cancellations, refunds, and answers to buyers."""

import time
from collections.abc import Mapping
from decimal import Decimal

from smoke.browser import REDIRECT, Form, Page, PageError
from smoke.channels import Kind
from smoke.expectations import Expectations
from smoke.files import Sale
from smoke.marketplace import Marketplace
from smoke.plan import Plan
from smoke.seller import Seller

#: How long our page may take to show what the marketplace says: a buyer's wish, a payment that came through.
NEWS_SECONDS = 60.0


class OrderDesk:
    """Serves orders through our pages; what it did moves the expectations."""

    def __init__(
        self,
        seller: Seller,
        marketplace: Marketplace,
        expected: Expectations,
        order_ids: Mapping[str, str],
        *,
        kind: Kind,
    ) -> None:
        self.browser = seller.browser
        self.slug = seller.slug
        self.marketplace = marketplace
        self.expected = expected
        self.order_ids = order_ids
        self.kind = kind
        #: The marketplace's number -> address of our page.
        self._pages: dict[str, str] = {}

    def buyers_change_their_minds(self, plan: Plan) -> None:
        """Some cancel, which is a fact; some ask, and the seller decides later."""
        for sale in plan.buyer_cancels:
            self.marketplace.cancel_by_buyer(self.order_ids[sale.ref])
            self.expected.cancelled(sale)
        for sale in [*plan.approved, *plan.refused]:
            self.marketplace.ask_to_cancel(self.order_ids[sale.ref])

    def serve(self, plan: Plan) -> None:
        """Parcels leave, orders are cancelled, and buyers who asked are answered."""
        for sale in plan.shipped:
            self._ship(sale, {line.sku: line.quantity for line in sale.lines})
        for sale in plan.split:
            first = {line.sku: line.quantity // 2 for line in sale.lines}
            self._ship(sale, first)
            self._ship(sale, {line.sku: line.quantity - first[line.sku] for line in sale.lines})
        for sale in plan.seller_cancels:
            self._cancel(sale)
        for sale in plan.approved:
            self._answer(sale, "approve")
            self._cancelled(sale)
        for sale in plan.refused:
            self._answer(sale, "refuse")

    def refund(self, sales: list[Sale]) -> None:
        """One unit of each order's first line is paid back; every other one stands on the shelf again."""
        for number, sale in enumerate(sales):
            page, form = self._wait_for_form(sale, "/refund/")
            line = sale.lines[0]
            amount = (line.amount / line.quantity).quantize(Decimal("0.01"))
            restock = number % 2 == 0
            values = {
                "refund-amount-1": str(min(amount, line.amount)),
                "refund-units-1": "1",
                "refund-reason": first_choice(form, "refund-reason"),
                "refund-restock": "on" if restock else None,
            }
            self.browser.submit(page, form, values, expect=REDIRECT)
            self.expected.refunds += 1
            if restock:
                self.expected.put_back(line.sku, 1)

    def take_back(self, sales: list[Sale]) -> None:
        """Buyers send back one unit of each order's first line; every other one stands on the shelf again."""
        for sale in sales:
            self.marketplace.send_back(self.order_ids[sale.ref], sale.lines[0].sku, 1)
        for number, sale in enumerate(sales):
            page, form = self._wait_for_form(sale, "/returns/")
            decision = next(name for name in form.choices if name.endswith("-decision-1"))
            restock = number % 2 == 0
            values = {
                decision: first_choice(form, decision),
                decision.replace("-decision-", "-units-"): "1",
                decision.replace("-decision-1", "-restock"): "on" if restock else None,
            }
            self.browser.submit(page, form, values, expect=REDIRECT)
            if self.kind.returns_pay_back:
                self.expected.refunds += 1
            if restock:
                self.expected.put_back(sale.lines[0].sku, 1)

    def _ship(self, sale: Sale, units: Mapping[str, int]) -> None:
        page, form = self._wait_for_form(sale, "/ship/")
        values = {
            **_units(form, "ship", units),
            "ship-carrier": first_choice(form, "ship-carrier"),
            "ship-tracking_number": f"1Z{sale.ref}",
        }
        self.browser.submit(page, form, values, expect=REDIRECT)
        self.expected.shipments += 1

    def _cancel(self, sale: Sale) -> None:
        page, form = self._wait_for_form(sale, "/cancel/")
        units = _units(form, "cancel", {line.sku: line.quantity for line in sale.lines})
        values = {**units, "cancel-reason": first_choice(form, "cancel-reason")}
        self.browser.submit(page, form, values, expect=REDIRECT)
        self._cancelled(sale)

    def _cancelled(self, sale: Sale) -> None:
        self.expected.cancellations += len(sale.lines) if self.kind.cancels_lines_apart else 1
        self.expected.cancelled(sale)

    def _answer(self, sale: Sale, decision: str) -> None:
        page, form = self._wait_for_form(sale, "/answer/")
        self.browser.submit(page, form, button=("decision", decision), expect=REDIRECT)

    def _wait_for_form(self, sale: Sale, action: str) -> tuple[Page, Form]:
        """Return the order's page with the form to do it, once the marketplace's news let it be done."""
        until = time.monotonic() + NEWS_SECONDS
        while True:
            page = self._page(sale)
            form = page.find_form(action=action)
            if form:
                return page, form
            if time.monotonic() > until:
                raise PageError(f"{page.url} never offered {action}. It says: {page.words[:1500]}")
            time.sleep(0.5)

    def _page(self, sale: Sale) -> Page:
        """Return the order's page, found in the list by the marketplace's number."""
        remote_id = self.order_ids[sale.ref]
        if remote_id not in self._pages:
            self._leaf_through()
        if remote_id not in self._pages:
            raise PageError(f"The list of orders does not hold {remote_id}.")
        return self.browser.open(self._pages[remote_id])

    def _leaf_through(self) -> None:
        """Note where every order of the list has its page."""
        address = f"/s/{self.slug}/orders/"
        while address:
            page = self.browser.open(address)
            self._pages |= {words: link for link, words in page.links}
            address = page.find_link("Next")


def _units(form: Form, prefix: str, units: Mapping[str, int]) -> dict[str, str]:
    """Return what to enter so that exactly these units are meant: a field's label says which SKU it is about."""
    fields = {name: label for name, label in form.labels.items() if name.startswith(f"{prefix}-units-")}
    return {name: str(units[label.removeprefix("Units of ").split()[0]]) for name, label in fields.items()}


def first_choice(form: Form, name: str) -> str:
    """Return the first real choice of a select or of radio buttons."""
    values = [value for value in [*form.choices.get(name, {}), *form.boxes.get(name, [])] if value]
    if not values:
        raise PageError(f"{form.action} offers nothing for {name}.")
    return values[0]

"""What the seller does on the order pages."""

from collections.abc import Mapping
from decimal import Decimal

from smoke.browser import REDIRECT, Form, Page, PageError
from smoke.seller import Seller


class OrderPages:
    """The orders of one seller."""

    def __init__(self, seller: Seller) -> None:
        self._browser = seller.browser
        self._slug = seller.slug

    def ship(self, order: str, units: Mapping[str, int], number: str) -> None:
        page = self._page(order)
        form = page.form(action="/ship/")
        values = {**_units(form, "ship", units), "ship-carrier": "DHL", "ship-tracking_number": number}
        self._browser.submit(page, form, values, expect=REDIRECT)

    def cancel(self, order: str, units: Mapping[str, int]) -> None:
        page = self._page(order)
        form = page.form(action="/cancel/")
        values = {**_units(form, "cancel", units), "cancel-reason": "We have none left."}
        self._browser.submit(page, form, values, expect=REDIRECT)

    def refund(self, order: str, amount: Decimal) -> None:
        """So much of the first line is given back; nothing comes back to the shelf."""
        page = self._page(order)
        form = page.form(action="/refund/")
        reason = {"refund-reason": "It was scratched."}
        values = {"refund-amount-1": str(amount), "refund-units-1": "1", "refund-restock": None, **reason}
        self._browser.submit(page, form, values, expect=REDIRECT)

    def _page(self, order: str) -> Page:
        """Return the order's page, found in the list by the marketplace's number."""
        address = f"/s/{self._slug}/orders/"
        while address:
            page = self._browser.open(address)
            if link := page.find_link(order):
                return self._browser.open(link)
            address = page.find_link("Next")
        raise PageError(f"The list of orders does not hold {order}.")


def _units(form: Form, prefix: str, units: Mapping[str, int]) -> dict[str, str]:
    """Return what to enter so that exactly these units are meant: a field's label says which SKU it is about."""
    fields = {name: label for name, label in form.labels.items() if name.startswith(f"{prefix}-units-")}
    return {name: str(units.get(label.removeprefix("Units of ").split()[0], 0)) for name, label in fields.items()}

"""What few pages show: many items done at once, parcels to confirm, an order that cannot be read, a changed rule."""

import csv
import io
import re
from urllib.parse import urlencode

from screenshots.walk import Deed
from smoke.browser import Browser, Page, PageError
from smoke.stack import Stack

#: An order as no marketplace of ours sends one.
_UNREADABLE = """
from channels_app.models import Channel, RawOrder
from marketplace_integration import clock
RawOrder.objects.create(
    channel=Channel.objects.get(name="Nordhaus"), remote_id="NH-2291-A", version=1, body={"order_id": "NH-2291-A"},
    hash="unreadable", state="needs_attention", reason="This order cannot be read: it has no lines.",
    fetched_at=clock.now(),
)
"""
_CARRIER = "UPS"


class Corners:
    """Played after everything else; `places` and `deeds` say what is to be looked at."""

    def __init__(self, browser: Browser, stack: Stack, slug: str) -> None:
        self.browser, self.stack, self.home = browser, stack, f"/s/{slug}/"
        self.places: dict[str, str] = {
            "items-found": f"{self.home}items/?q=mug",
            "search-hits": f"{self.home}search/?q=mug",
            "orders-unreadable": f"{self.home}orders/unreadable/",
            "password-changed": "/password/changed/",
            "security": "/security/",
            "choose-seller": "/",
        }
        self.deeds: dict[str, Deed] = {}

    def play(self, *, label: str, other_label: str, channel: str, shipped: str, item: str) -> None:
        """`shipped` is the number of an order that has left, `channel` the address of what lists `label`."""
        self._many_items()
        self._parcels()
        self.stack.manage("shell", "--command", _UNREADABLE)
        self.places["orders-shipped"] = self._find(shipped)
        self.places["items-stocked"] = self._find(item)
        listed, other = self._label(label), self._label(other_label)
        self.places["import-done"] = self._link("imports/", "items.csv")
        self.deeds = {
            "security-set-up": Deed(path="/security/", press="Set up two-step sign-in"),
            "label-rule-change": Deed(
                path=f"{other}?show=rule",
                fill={"rule-0-field": "title", "rule-0-op": "contains", "rule-0-value": "a"},
                press="What would change?",
            ),
            "label-take-off": Deed(path=listed, fill={"item": "on"}, press="Take the ticked off"),
            "items-archive": Deed(path=self.places["items-stocked"], press="Archive…"),
            "settings-other-label": Deed(path=f"{channel}settings/", fill={"label-label": other_label}, press="Save"),
        }

    def _many_items(self) -> None:
        """Every item goes on a new label, which is on record."""
        page = self.browser.open(f"{self.home}labels/")
        self.browser.submit(page, page.form(with_field="kind"), {"name": "Winter", "kind": "manual"})
        page = self.browser.open(f"{self.home}items/")
        form = page.form(action="/items/bulk/")
        values: dict[str, str | list[str] | None] = {"scope-label": "all", "label": form.value_of("label", "Winter")}
        page = self.browser.submit(page, form, values, button=("action", "label"))
        found = re.search(r"/items/bulk/[0-9a-f-]{36}/", page.text)
        if found is None:
            raise PageError("The list of items does not tell what was done to many.")
        self.places["items-many"] = f"{self.home}{found[0].removeprefix('/')}"

    def _parcels(self) -> None:
        """What is to ship is downloaded, filled in but for the last row, and brought back to be looked at."""
        text = self.browser.open(f"{self.home}orders/parcels/to-ship.csv").text.removeprefix("\ufeff")
        rows = list(csv.DictReader(io.StringIO(text)))
        for number, row in enumerate(rows[:-1]):
            row |= {"Carrier": _CARRIER, "Tracking number": f"1Z999AA1012345{number:04}"}
        rows[1]["Units"] = "900"
        filled = io.StringIO()
        writer = csv.DictWriter(filled, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
        file = {"file": ("parcels.csv", filled.getvalue().encode(), "text/csv")}
        page = self.browser.open(f"{self.home}orders/parcels/")
        page = self.browser.submit(page, page.form(with_field="file"), files=file)
        self.places["orders-parcels-file"] = self._path(page)
        page = self.browser.open(f"{self.home}orders/?show=to_ship")
        ticked = page.form(action="/packing-slips/").boxes["order"][:3]
        self.places["orders-ship-ticked"] = f"{self.home}orders/ship/?{urlencode({'order': ticked}, doseq=True)}"

    def _label(self, name: str) -> str:
        return self._link("labels/", name)

    def _link(self, page: str, words: str) -> str:
        """Return the path of the page that these words lead to."""
        found = self.browser.open(f"{self.home}{page}").find_link(words)
        if not found:
            raise PageError(f"Nothing on {page} leads to {words}.")
        return found.removeprefix(self.stack.web)

    def _find(self, words: str) -> str:
        """Return the path of what a search for a whole number or SKU leads straight to."""
        return self._path(self.browser.open(f"{self.home}search/?{urlencode({'q': words})}"))

    def _path(self, page: Page) -> str:
        return page.url.removeprefix(self.stack.web)

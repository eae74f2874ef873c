"""What the seller does on our pages, as a browser would."""

import time
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlencode, urlsplit

from smoke.browser import REDIRECT, Browser, Form, Page, PageError, Value
from smoke.expectations import BUFFER, ENDING, FLOOR, PERCENT

IMPORT_SECONDS = 90.0

#: The channel's rules, as they are entered.
#: The seller's site, and who signs in there.
SLUG, OWNER = "smoke", "owner@smoke.example"
PASSWORD = "a-password-for-the-smoke"  # noqa: S105 - of a throw-away site
RULES = {
    "quantity-buffer": str(BUFFER),
    "quantity-floor": str(FLOOR),
    "quantity-quantity_mode": "all",
    "price-price_percent": str(PERCENT),
    "price-price_ending": f"0.{ENDING}",
}


class Seller:
    """One signed-in person and the channel they set up."""

    def __init__(self, browser: Browser, slug: str) -> None:
        self.browser = browser
        self.slug = slug
        self.channel = ""

    def sign_in(self, name: str, password: str) -> None:
        page = self.browser.open("/sign-in/")
        page = self.browser.submit(page, page.form(with_field="password"), {"username": name, "password": password})
        if page.find_form(with_field="password"):
            raise PageError(f"Signing in failed: {page.words[:500]}")

    # --- items and labels ---------------------------------------------------------------------------------------

    def import_items(self, csv: bytes) -> None:
        """The file is imported: uploaded, its summary looked at, confirmed, and done without a bad row."""
        page = self.browser.open(self._path("imports/"))
        page = self.browser.submit(page, page.form(with_field="file"), files={"file": ("items.csv", csv, "text/csv")})
        page = self._wait_for_button(page.url, "confirm")
        form = page.form(action="/do/")
        self.browser.submit(page, form, button=("action", "confirm"))
        self._wait_for_words(page.url, "Finished")

    def make_label(self, name: str) -> None:
        page = self.browser.open(self._path("labels/"))
        self.browser.submit(page, page.form(with_field="kind"), {"name": name, "kind": "manual"})

    def label_all_items(self, label: str) -> None:
        """Every item is on the label, by the one button for all that the list holds."""
        page = self.browser.open(self._path("items/"))
        form = page.form(action="/items/bulk/")
        chosen = form.value_of("label", label)
        self.browser.submit(page, form, {"scope-label": "all", "label": chosen}, button=("action", "label"))

    def unlabel(self, label: str, skus: Iterable[str]) -> None:
        """These items are off the label: ticked page by page in the list of its items."""
        left = {f"Tick {sku}" for sku in skus}
        page = self.browser.open(self._path("items/"))
        while left:
            following = page.find_link("Next")
            form = page.form(action="/items/bulk/")
            ticked = [box for box in form.boxes.get("item", []) if form.box_words[box] in left]
            if ticked:
                values: dict[str, Value | None] = {
                    "item": ticked,
                    "scope-label": "ticked",
                    "label": form.value_of("label", label),
                }
                self.browser.submit(page, form, values, button=("action", "unlabel"), expect=REDIRECT)
                left -= {form.box_words[box] for box in ticked}
            if left and not following:
                raise PageError(f"The list of items does not hold {sorted(left)[:5]}.")
            page = self.browser.open(following) if left else page

    # --- the channel --------------------------------------------------------------------------------------------

    def add_channel(self, adapter: str, *, name: str = "Smoke") -> None:
        page = self.browser.open(self._path(f"marketplaces/add/{adapter}/"))
        page = self.browser.submit(page, page.form(with_field="mode"), {"name": name, "mode": "test"})
        self.channel = urlsplit(page.url).path.removesuffix("settings/")

    def set_up(self, *, label: str, account: Mapping[str, str], rules: Mapping[str, str] = RULES) -> Page:
        """Label, rules and account information are saved; what the page offers for the account is kept."""
        page, form = self._settings()
        values = {"label-label": form.value_of("label-label", label), **rules, **account}
        return self.browser.submit(page, form, values, button=("action", "save"))

    def connect(self, *, label: str, account: Mapping[str, str], rate: int = 1) -> None:
        """Everything is set up; a rate is entered once the marketplace has said in which currency it sells."""
        self.set_up(label=label, account=account)
        if rate != 1:
            self.press("check")
            self.set_up(label=label, account=account, rules={**RULES, "price-currency_rate": str(rate)})

    def press(self, action: str) -> Page:
        """Press Save, Save and Activate, or Check with the page as it is."""
        page, form = self._settings()
        return self.browser.submit(page, form, button=("action", action), expect=(200, 422))

    def switch(self, **switches: bool) -> Page:
        """Tick or untick switches and save; what the page locks is not touched."""
        page, form = self._settings()
        values = {f"switches-{name}_on": "on" if on else None for name, on in switches.items()}
        return self.browser.submit(page, form, values, button=("action", "save"), expect=(200, 422))

    def force_switch(self, name: str, *, on: bool) -> None:
        """Send what the page does not offer: a request made by hand, with a locked switch as if it were free."""
        page, form = self._settings()
        sent = {**form.values, "action": ["save"]}
        for box in form.boxes:
            if box.startswith("switches-") and box in form.disabled and f'name="{box}" checked' in page.text:
                sent[box] = ["on"]
        sent.pop(f"switches-{name}_on", None)
        if on:
            sent[f"switches-{name}_on"] = ["on"]
        self.browser.post(page.url, sent, referer=page.url, expect=(200, 403, 422))

    def force_deactivation(self) -> None:
        """Send the deactivation that a Live channel's page does not offer."""
        page, form = self._settings()
        values = {"csrfmiddlewaretoken": form.values["csrfmiddlewaretoken"], "deactivate-choice": ["end"]}
        url = f"{self.browser.site}{self.channel}deactivate/"
        self.browser.post(url, values, referer=page.url, expect=(200, 403, 422))

    def map_category(self, own: str, category: str) -> None:
        """The seller's category is this one of the marketplace's, by its code; its questions have been told."""
        url = f"{self.channel}products/category/?{urlencode({'own': own, 'q': category, 'choose': 1})}"
        page = self._wait_for(url, lambda page: category in _boxes(page, "category"))
        form = page.form(with_field="category")
        self.browser.submit(page, form, {"category": category}, button=("action", "choose"), expect=REDIRECT)
        here = f"{self.channel}products/category/?{urlencode({'own': own})}"
        self._wait_for(here, lambda page: "say everything that is needed" in page.words)

    def foreseen(self, words: str) -> str:
        """Return the number that stands behind these words in the counts of the preview."""
        page = self.browser.open(f"{self.channel}preview/count/")
        return page.words.partition(words)[2].split()[0].replace(",", "")

    def ask_support(self, what: str, why: str) -> None:
        """Support has the request, sent from the page's own dialog."""
        page = self.browser.open(f"{self.channel}settings/")
        self.browser.submit(page, page.form(action="/requests/"), {"ask-what": what, "ask-reason": why})

    def locked_switches(self) -> set[str]:
        _, form = self._settings()
        names = {name.removeprefix("switches-").removesuffix("_on"): name for name in form.boxes if "switches-" in name}
        return {short for short, name in names.items() if name in form.disabled}

    def _settings(self) -> tuple[Page, Form]:
        page = self.browser.open(f"{self.channel}settings/")
        return page, page.form(with_field="switches-listings_on")

    # --- waiting for a page -------------------------------------------------------------------------------------

    def _wait_for_button(self, url: str, action: str) -> Page:
        until = time.monotonic() + IMPORT_SECONDS
        while True:
            page = self.browser.open(url)
            form = page.find_form(action="/do/")
            if form and ("action", action) in form.buttons:
                return page
            if time.monotonic() > until:
                raise PageError(f"{url} never offered {action}: {page.words[:1500]}")
            time.sleep(0.3)

    def _wait_for_words(self, url: str, words: str) -> Page:
        return self._wait_for(url, lambda page: words in page.words)

    def _wait_for(self, url: str, is_there: Callable[[Page], bool]) -> Page:
        until = time.monotonic() + IMPORT_SECONDS
        while True:
            page = self.browser.open(url)
            if is_there(page):
                return page
            if time.monotonic() > until:
                raise PageError(f"{url} was not as expected in time: {page.words[:1500]}")
            time.sleep(0.3)

    def _path(self, rest: str) -> str:
        return f"/s/{self.slug}/{rest}"


def _boxes(page: Page, name: str) -> set[str]:
    """Return the values of the boxes and radio buttons of this name, in any form of the page."""
    return {value for form in page.forms for value in form.boxes.get(name, ())}

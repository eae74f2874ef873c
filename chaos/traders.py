"""People who trade all the while: buyers on two channels, and a seller who counts, serves orders and moves labels.

Each acts by public means (our pages, the marketplace's control API), and tries again like a person would when a page
does not answer: the same form with the same key.
"""

import contextlib
import random
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import httpx
import psycopg2

from chaos.records import Database
from smoke.browser import REDIRECT, Browser, Form, Page, PageError
from smoke.seller import Seller

Answer = TypeVar("Answer")

#: How long somebody tries to get through to a site that is down.
PATIENCE_SECONDS = 120.0
_BAD_LUCK = (httpx.HTTPError, psycopg2.OperationalError)


def persist(act: Callable[[], Answer]) -> Answer:
    """Return what `act` gives, as soon as the site answers; a refusal of what was asked is raised at once."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return act()
        except PageError as error:
            if error.status < 500 or time.monotonic() > until:
                raise
        except _BAD_LUCK:
            if time.monotonic() > until:
                raise
        time.sleep(0.3)


class Trader(threading.Thread):
    """Does one thing after another until it is told to stop; `failure` says what no person could have got past."""

    #: Seconds between two acts, at most.
    pace = 0.5

    def __init__(self, seed: int) -> None:
        super().__init__(name=type(self).__name__, daemon=True)
        self.chance = random.Random(f"{self.name} {seed}")
        self.failure = ""
        self.acts = 0
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        """It does nothing new; what it is at is brought to an end."""
        self._stop_asked.set()
        self.join()

    def run(self) -> None:
        try:
            while not self._stop_asked.wait(self.chance.uniform(0, self.pace)):
                self.act()
                self.acts += 1
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            self.failure = f"{self.name}: {type(error).__name__}: {error}"

    def act(self) -> None:
        raise NotImplementedError


class Buyers(Trader):
    """Buy on either channel, and sometimes think better of it. The marketplace refuses what it does not show."""

    pace = 0.4

    def __init__(self, seed: int, sandbox: str, accounts: Sequence[str], baskets: Sequence[Sequence[Any]]) -> None:
        super().__init__(seed)
        self._seed = seed
        self._client = httpx.Client(base_url=f"{sandbox}/control", timeout=30, trust_env=False)
        self._accounts = accounts
        self._baskets = baskets
        self._placed: list[str] = []
        self.refused = 0

    def act(self) -> None:
        if self._placed and self.chance.random() < 0.12:
            self._regret(self.chance.choice(self._placed))
        else:
            self._buy()

    def _buy(self) -> None:
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in self.chance.choice(self._baskets)]
        purchase = {
            "account_id": self.chance.choice(self._accounts),
            "lines": lines,
            "ref": f"chaos-{self._seed}-{self.acts}",
        }
        answer = self._client.post("/buy-many", json={"orders": [purchase]}).raise_for_status()
        told = answer.json()["orders"][0]
        if "order_id" in told:
            self._placed.append(told["order_id"])
        else:
            self.refused += 1

    def _regret(self, order_id: str) -> None:
        """Ask to cancel, or just do it; too late is too late."""
        how = self.chance.choice(("request-cancellation", "cancel"))
        self._client.post(f"/orders/{order_id}/{how}", json={"reason": "I changed my mind."})


class AtTheDesk(Trader):
    """Somebody of the seller's, signed in."""

    def __init__(self, seed: int, seller: Seller, database: Database) -> None:
        super().__init__(seed)
        self.browser: Browser = seller.browser
        self.slug = seller.slug
        self.database = database

    def open(self, path: str) -> Page:
        return persist(lambda: self.browser.open(f"/s/{self.slug}/{path}"))

    def send(self, page: Page, form: Form, values: dict[str, Any], button: tuple[str, str] | None = None) -> bool:
        """Send the form until it is answered. Returns False if what it asks for cannot be done (any more)."""
        try:
            persist(lambda: self.browser.submit(page, form, values, button=button, expect=REDIRECT))
        except PageError as error:
            if error.status in (404, 409, 422):
                return False
            raise
        return True


class StockKeeper(AtTheDesk):
    """Counts one item after another: a little more or less than the record says."""

    def act(self) -> None:
        item = self.chance.choice(
            persist(
                lambda: self.database.rows(
                    "SELECT item.public_id, coalesce(sum(stock.on_hand), 0) AS on_hand FROM inventory_item AS item"
                    " LEFT JOIN inventory_stock AS stock ON stock.item_id = item.id GROUP BY item.id ORDER BY item.id"
                )
            )
        )
        page = self.open(f"items/{item['public_id']}/")
        counted = max(int(item["on_hand"]) + self.chance.randint(-6, 8), 0)
        self.send(page, page.form(action="/stock/"), {"how": "counted", "number": str(counted)})


class LabelKeeper(AtTheDesk):
    """Takes items off the label and puts them back on."""

    pace = 3.0

    def __init__(self, seed: int, seller: Seller, database: Database, label: str) -> None:
        super().__init__(seed, seller, database)
        self._label = label

    def act(self) -> None:
        items = persist(
            lambda: self.database.rows(
                "SELECT item.public_id, label.id AS label, EXISTS (SELECT FROM inventory_labelitem AS member WHERE"
                " member.label_id = label.id AND member.item_id = item.id) AS is_on"
                " FROM inventory_item AS item JOIN inventory_label AS label ON label.name = %s ORDER BY item.id",
                [self._label],
            )
        )
        item = self.chance.choice(items)
        page = self.open(f"items/{item['public_id']}/")
        form = page.find_form(action="/labels/")
        if form:
            values = {"label": str(item["label"])}
            self.send(page, form, values, button=("action", "remove" if item["is_on"] else "add"))


class Packer(AtTheDesk):
    """Ships (all or some), cancels, gives money back, and answers buyers who want to cancel."""

    pace = 0.3

    def __init__(self, seed: int, seller: Seller, database: Database) -> None:
        super().__init__(seed, seller, database)
        self._seed = seed
        self.refunds = 0
        self.parcels = 0

    def act(self) -> None:
        orders = persist(
            lambda: self.database.rows(
                "SELECT public_id, shipping_status FROM channels_app_order"
                " WHERE shipping_status <> 'cancelled' ORDER BY id DESC LIMIT 40"
            )
        )
        if not orders:
            return
        page = self.open(f"orders/{self.chance.choice(orders)['public_id']}/")
        answer = page.find_form(action="/answer/")
        if answer:
            self.send(page, answer, {}, button=("decision", self.chance.choice(("approve", "refuse"))))
            return
        deed = self.chance.choices((self._ship, self._cancel, self._refund), weights=(7, 1, 2))[0]
        deed(page)

    def _ship(self, page: Page) -> None:
        form = page.find_form(action="/ship/")
        if form is None:
            return
        self.parcels += 1
        values = {
            **self._units(form, "ship"),
            "ship-carrier": _first_choice(form, "ship-carrier"),
            "ship-tracking_number": f"T{self._seed}-{self.parcels}",
        }
        self.send(page, form, values)

    def _cancel(self, page: Page) -> None:
        form = page.find_form(action="/cancel/")
        if form is not None:
            reason = _first_choice(form, "cancel-reason")
            self.send(page, form, {**self._units(form, "cancel"), "cancel-reason": reason})

    def _refund(self, page: Page) -> None:
        """A little of the first line's money goes back; sometimes a unit stands on the shelf again."""
        form = page.find_form(action="/refund/")
        if form is None or not form.has("refund-amount-1"):
            return
        values = {
            "refund-amount-1": "0.01",
            "refund-units-1": "1",
            "refund-reason": _first_choice(form, "refund-reason"),
            "refund-restock": "on" if self.chance.random() < 0.5 else None,
        }
        self.refunds += self.send(page, form, values)

    def _units(self, form: Form, prefix: str) -> dict[str, str]:
        """Everything that is open, or of each line a part of it."""
        names = [name for name in form.values if name.startswith(f"{prefix}-units-")]
        open_units = {name: int((form.values[name] or ["0"])[0] or 0) for name in names}
        if self.chance.random() < 0.6 or sum(open_units.values()) < 2:
            return {name: str(units) for name, units in open_units.items()}
        return {name: str(max(units // 2, 0)) for name, units in open_units.items()}


def _first_choice(form: Form, name: str) -> str:
    """Return the first real choice of a select."""
    with contextlib.suppress(StopIteration):
        return next(value for value in [*form.choices.get(name, {}), *form.boxes.get(name, [])] if value)
    raise PageError(f"{form.action} offers nothing for {name}.")

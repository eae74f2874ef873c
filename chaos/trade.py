"""The people: buyers on two marketplaces, and the seller's desks for stock, labels and orders."""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import psycopg2

from chaos.book import Book
from chaos.schedule import Deed
from chaos.visit import Visitor
from smoke.browser import Form, Page, PageError, Value
from smoke.files import Sale
from smoke.marketplace import Marketplace
from smoke.orders import first_choice

#: How our pages say that something is in the books; the same form sent again says the last.
DONE = ("is recorded. The", "Cancelled. The stock is free", "That is recorded already")

_ORDERS = {
    "ship": "o.shipping_status IN ('unshipped', 'partially_shipped')",
    "cancel": "o.shipping_status = 'unshipped'",
    "refund": "o.shipping_status IN ('shipped', 'partially_shipped')",
    "answer": "EXISTS (SELECT FROM channels_app_cancellationrequest r WHERE r.order_id = o.id AND r.state = 'open')",
    "buyer_cancels": "o.shipping_status = 'unshipped'",
    "buyer_asks": "o.shipping_status = 'unshipped'",
}


class Person:
    """Does the deeds of one list in a thread, each at its time or as soon after it as the one before lets it."""

    def __init__(self, name: str, deeds: Sequence[Deed], act: Callable[[Deed], None]) -> None:
        self._name, self._deeds, self._act = name, deeds, act
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._began = 0.0
        self._until = 0.0
        self.failed = ""

    def start(self, *, began: float, seconds: float) -> None:
        self._began, self._until = began, began + seconds
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _work(self) -> None:
        for deed in self._deeds:
            time.sleep(max(0.0, self._began + deed.at - time.monotonic()))
            if time.monotonic() > self._until:
                return  # what could not be done in time is not done
            try:
                self._act(deed)
            except Exception as error:
                self.failed = f"{self._name} failed at {deed}: {type(error).__name__}: {error}"
                return


class Buyers:
    """Buy from the same stock on two marketplaces; whatever is not shown is not sold to them."""

    def __init__(self, marketplaces: Sequence[Marketplace], baskets: Sequence[Sale], book: Book) -> None:
        self._marketplaces, self._baskets, self._book = marketplaces, baskets, book
        self._number = 0

    def act(self, deed: Deed) -> None:
        self._number += 1
        where = self._marketplaces[deed.draw >= 0.5]
        sale = Sale(ref=f"chaos-{self._number}", lines=self._baskets[deed.number].lines)
        answer = where.offer_to_buy([sale])[sale.ref]
        if "order_id" in answer:
            self._book.sold += 1
        else:
            self._book.refused += 1


class StockDesk:
    """Units come and go and prices change on the item's page."""

    def __init__(self, visitor: Visitor, book: Book, pages: dict[str, str]) -> None:
        self._visitor, self._book, self._pages = visitor, book, pages

    def act(self, deed: Deed) -> None:
        page = self._visitor.open(self._pages[deed.sku])
        if deed.kind == "price":
            self._save(page, page.form(with_field="price"), {"price": f"{deed.number / 100:.2f}"})
        else:
            self._save(page, page.form(action="/stock/"), {"how": "changed", "number": str(deed.number)})
            self._book.moved(deed.sku, deed.number)
        self._book.did(deed.kind)

    def _save(self, page: Page, form: Form, values: dict[str, Value | None]) -> None:
        answer = self._visitor.send(page, form, values)
        if answer.status != 200:
            raise PageError(f"{page.url} refuses {values}: {answer.words[:500]}")


class LabelDesk:
    """Items leave the label, and come back when they are drawn again."""

    def __init__(self, visitor: Visitor, book: Book, pages: dict[str, str]) -> None:
        self._visitor, self._book, self._pages = visitor, book, pages

    def act(self, deed: Deed) -> None:
        page = self._visitor.open(self._pages[deed.sku])
        form = page.form(action="/labels/")
        action = next(value for name, value in form.buttons if name == "action")
        self._visitor.send(page, form, {}, button=("action", action))
        self._book.did(f"label {action}")


class OrderDesk:
    """Parcels, cancellations, refunds and answers on the order's page; buyers change their minds as well."""

    def __init__(self, visitor: Visitor, marketplace: Marketplace, book: Book, *, database_url: str, seed: int) -> None:
        self._visitor, self._marketplace, self._book = visitor, marketplace, book
        self._url = database_url
        self._seed = seed
        self._parcels = 0

    def act(self, deed: Deed) -> None:
        found = self._orders(_ORDERS[deed.kind])
        if not found:
            return
        remote_id, public_id, first_sku = found[int(deed.draw * len(found))]
        if deed.kind.startswith("buyer_"):
            self._buyer(deed.kind, remote_id)
            return
        page = self._visitor.open(f"/s/{self._visitor.slug}/orders/{public_id}/")
        form = page.find_form(action=f"/{deed.kind}/")
        if form is None:
            return  # somebody was quicker
        other_way = deed.number % 2 == 1
        match deed.kind:
            case "ship":
                is_done = self._ship(page, form, other_way=other_way)
            case "cancel":
                is_done = self._is_done(page, form, {"cancel-reason": first_choice(form, "cancel-reason")})
            case "refund":
                is_done = self._refund(remote_id, first_sku, page, form, other_way=other_way)
            case _:
                self._visitor.send(page, form, {}, button=("decision", "refuse" if other_way else "approve"))
                is_done = True
        if is_done:
            self._book.did(deed.kind)

    def _ship(self, page: Page, form: Form, *, other_way: bool) -> bool:
        """Everything that is open leaves in a parcel; the other way: of each line the larger half."""
        self._parcels += 1
        tracking_number = f"1Z{self._seed}X{self._parcels}"
        fields = _units(form, "ship")
        units = {name: (number + 1) // 2 if other_way else number for name, (_, number) in fields.items()}
        values = {
            "ship-carrier": first_choice(form, "ship-carrier"),
            "ship-tracking_number": tracking_number,
            **{name: str(number) for name, number in units.items()},
        }
        if not self._is_done(page, form, values):
            return False
        self._book.parcel(tracking_number, [(fields[name][0], number) for name, number in units.items()])
        return True

    def _refund(self, remote_id: str, first_sku: str, page: Page, form: Form, *, other_way: bool) -> bool:
        """A little money of the first line goes back; the other way: with a unit, which stands on the shelf again."""
        amount = Decimal("0.05")
        if not form.has("refund-amount-1"):
            return False
        values = {
            "refund-amount-1": str(amount),
            "refund-units-1": "1" if other_way else "0",
            "refund-reason": first_choice(form, "refund-reason"),
            "refund-restock": "on" if other_way else None,
        }
        if not self._is_done(page, form, values):
            return False
        if other_way:
            self._book.moved(first_sku, 1)
        self._book.refund(remote_id, amount)
        return True

    def _is_done(self, page: Page, form: Form, values: dict[str, Any]) -> bool:
        """Send the form. Returns whether the answer says that it is in the books."""
        answer = self._visitor.send(page, form, values)
        return any(words in answer.words for words in DONE)

    def _buyer(self, kind: str, remote_id: str) -> None:
        change = self._marketplace.cancel_by_buyer if kind == "buyer_cancels" else self._marketplace.ask_to_cancel
        with contextlib.suppress(RuntimeError):  # it has left already
            change(remote_id)
            self._book.did(kind)

    def _orders(self, condition: str) -> list[tuple[str, str, str]]:
        """Return (remote id, public id, SKU of the first line) of the newest orders that fit.

        None while PostgreSQL is away.
        """
        query = (
            "SELECT o.remote_id, o.public_id::text,"
            " (SELECT sku FROM channels_app_orderline WHERE order_id = o.id ORDER BY id LIMIT 1)"
            f" FROM channels_app_order AS o WHERE {condition} ORDER BY o.id DESC LIMIT 50"
        )
        try:
            with (
                contextlib.closing(psycopg2.connect(self._url, connect_timeout=2)) as connection,
                connection.cursor() as cursor,
            ):
                cursor.execute(query)
                return cursor.fetchall()
        except psycopg2.Error:
            return []


def _units(form: Form, prefix: str) -> dict[str, tuple[str, int]]:
    """Return field -> SKU and the units that the form offers: all that are open."""
    return {
        name: (label.removeprefix("Units of ").split()[0], int(form.values[name][0] or 0))
        for name, label in form.labels.items()
        if name.startswith(f"{prefix}-units-")
    }

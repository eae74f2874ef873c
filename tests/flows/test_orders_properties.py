"""However pages repeat, reorder, overlap and break off: what we have is what the newest version of each order says."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.types import OrderPage, RawOrder, RemoteOrder
from channels_app.flows.engine import FenceLost
from channels_app.flows.ledger import check_ledger
from channels_app.flows.orders import download_orders, read_new_raws, store_page
from channels_app.models import CancellationRequest, ChannelJob, Command, Order
from channels_app.models import RawOrder as StoredRaw
from inventory.models import Location, Stock, StockMovement
from tests.examples import examples
from tests.factories import NOW
from tests.fakes import FakeAdapter
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

#: What line 1, 2 and 3 of every order are about; the seller has no item for the last.
SKUS = ["MUG-1", "CUP-1", "WHAT-1"]
#: More than all orders together can ask for.
PLENTY = 100
#: A body that the adapter refuses, one on which it stumbles, one that the database cannot hold, one that is odd.
BROKEN = ["no payment", "no lines", "too large", "same number twice"]


class Line(NamedTuple):
    quantity: int
    shipped: int
    cancelled: int


class Version(NamedTuple):
    """An order at one time: the lines it still holds, by number."""

    lines: dict[int, Line]
    asks_to_cancel: bool = False
    broken: str = ""

    def body(self, remote_id: str, version: int) -> dict[str, Any]:
        """Return what the channel tells."""
        lines = [
            {"id": f"{remote_id}-{number}", "sku": SKUS[number - 1], "quantity": line.quantity, "price": "2.00"}
            | {"shipped": line.shipped, "cancelled": line.cancelled}
            for number, line in self.lines.items()
        ]
        body: dict[str, Any] = {
            "id": remote_id,
            "version": version,
            "status": f"status {version}",
            "payment": "pending" if version == 1 else "cleared",
            "placed_at": NOW.isoformat(),
            "currency": "USD",
            "tax_included": True,
            "shipping": "0.00",
            "total": f"{sum(2 * (line.quantity - line.cancelled) for line in self.lines.values())}.00",
            "accepted": False,
            "request": None,
            "lines": lines,
        }
        if self.asks_to_cancel:
            asked_at = NOW + timedelta(minutes=version)
            body["request"] = {"id": f"{remote_id}-R", "reason": "Too late", "requested_at": asked_at.isoformat()}
        return self._broken(body)

    def _broken(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.broken == "no payment":
            del body["payment"]
        elif self.broken == "no lines":
            body["lines"] = None
        elif self.broken == "too large":
            body["lines"][0]["quantity"] = 10**12
        elif self.broken == "same number twice":
            body["lines"].append(dict(body["lines"][0]))
        return body


@st.composite
def lines(draw: st.DrawFn) -> Line:
    quantity = draw(st.integers(1, 5))
    shipped = draw(st.integers(0, quantity))
    return Line(quantity, shipped, draw(st.integers(0, quantity - shipped)))


versions = st.builds(
    Version,
    st.dictionaries(st.integers(1, 3), lines(), min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from([""] * 9 + BROKEN),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Version]:
    """Return the versions of one order, oldest first. No channel drops a line of which something was shipped."""
    history = draw(st.lists(versions, min_size=1, max_size=4))
    kept = next((set(one.lines) for one in reversed(history) if not one.broken), set[int]())
    return [
        one._replace(lines={n: line if n in kept else line._replace(shipped=0) for n, line in one.lines.items()})
        for one in history
    ]


class Seen(NamedTuple):
    """A version of an order on a page."""

    remote_id: str
    version: int


class Page(NamedTuple):
    raws: list[Seen]
    #: What happens at which of its raws, when they are read: "" all is well, the worker "dies", or another takes over.
    trouble: str
    at: int
    #: The worker dies before it comes to read what it stored.
    stored_only: bool
    #: The job is taken over before the page can be stored; it is fetched again.
    overtaken: bool


@st.composite
def stories(draw: st.DrawFn) -> tuple[dict[str, list[Version]], list[Page]]:
    """Return orders with their versions, and pages that hold each at least once: in any order, any repetition."""
    orders = {f"A-{n}": history for n, history in enumerate(draw(st.lists(histories(), min_size=1, max_size=3)))}
    all_seen = [Seen(name, n) for name, history in orders.items() for n in range(1, len(history) + 1)]
    order = draw(st.permutations(all_seen + draw(st.lists(st.sampled_from(all_seen), max_size=6))))
    pages, start = [], 0
    while start < len(order):
        size = draw(st.integers(1, 5))
        trouble = draw(st.sampled_from(["", "", "dies", "takeover"]))
        troubles = trouble, draw(st.integers(0, 4)), draw(st.booleans()), draw(st.booleans())
        pages.append(Page(order[max(start - draw(st.integers(0, 1)), 0) : start + size], *troubles))
        start += size
    return orders, pages


class Killed(BaseException):
    """The worker dies."""


@contextmanager
def trouble_at(rig: Rig, page: Page) -> Iterator[None]:
    """When the raw with this number is read, the worker dies, or somebody else claims the job."""
    parse, count = FakeAdapter.parse_order, 0

    def stumbling(adapter: FakeAdapter, body: Mapping[str, Any]) -> RemoteOrder:
        nonlocal count
        count += 1
        if count == page.at + 1 and page.trouble == "dies":
            raise Killed
        if count == page.at + 1 and page.trouble == "takeover":
            rig.claim("orders")
        return parse(adapter, body)

    FakeAdapter.parse_order = stumbling  # type: ignore[method-assign,assignment]
    try:
        with suppress(Killed, FenceLost):
            yield
    finally:
        FakeAdapter.parse_order = parse  # type: ignore[method-assign]


def tell(rig: Rig, orders: Mapping[str, Sequence[Version]], pages: Sequence[Page]) -> None:
    """All pages arrive, with all their trouble; in the end the job runs once more."""
    for page in pages:
        raws = tuple(
            RawOrder(remote_id=seen.remote_id, version=seen.version, body=_body(orders, seen)) for seen in page.raws
        )
        claim = rig.claim("orders")
        if page.overtaken:
            late, claim = claim, rig.claim("orders")
            with pytest.raises(FenceLost):
                store_page(late, OrderPage(raws=raws, next_cursor="late", has_more=False))
        store_page(claim, OrderPage(raws=raws, next_cursor="x", has_more=False))
        if not page.stored_only:
            with trouble_at(rig, page):
                read_new_raws(claim, rig.adapter)
    assert read_new_raws(rig.claim("orders"), rig.adapter)


def _body(orders: Mapping[str, Sequence[Version]], seen: Seen) -> dict[str, Any]:
    return orders[seen.remote_id][seen.version - 1].body(seen.remote_id, seen.version)


def set_up(rig: Rig) -> None:
    """Two items in two places, with plenty of both in the first and some in the second."""
    second = Location.objects.create(seller=rig.seller, name="Second")
    for sku in SKUS[:2]:
        item = rig.item(sku, on_hand=PLENTY)
        Stock.objects.create(item=item, location=second, on_hand=0)


def what_stands() -> dict[str, Any]:
    """Return all that follows from the orders' newest versions, and from nothing else."""
    stock = Stock.objects.values_list("item__sku", "location__name", "on_hand", "reserved")
    requests = CancellationRequest.objects.filter(state=CancellationRequest.State.OPEN)
    return {
        "orders": {order.remote_id: _told(order) for order in Order.objects.all()},
        "stock": sorted(stock),
        "requests": sorted(requests.values_list("remote_id", "requested_at")),
    }


def _told(order: Order) -> dict[str, Any]:
    fields = ("version", "remote_status", "payment_status", "shipping_status", "total", "attention", "oversold")
    held = {
        line.remote_id: (line.sku, line.quantity, line.shipped_quantity, line.open_quantity)
        for line in order.lines.all()
        if line.open_quantity or line.shipped_quantity
    }
    return {name: getattr(order, name) for name in fields} | {"lines": held}


def newest_once(orders: Mapping[str, Sequence[Version]]) -> list[Page]:
    """Return pages, without any trouble, of the newest version of each order that can be read."""
    newest = {
        name: max((n for n, version in enumerate(history, 1) if not version.broken), default=0)
        for name, history in orders.items()
    }
    return [Page([Seen(name, n)], "", 0, stored_only=False, overtaken=False) for name, n in newest.items() if n]


def movements_agree() -> None:
    """Every line's movements add up to what it holds, and all of them to the stock."""
    moved = StockMovement.objects.filter(line_id__isnull=False).values_list("line_id")
    totals = moved.annotate(reserved=Sum("reserved_delta"), gone=-Sum("on_hand_delta"))
    sums = {pk: (reserved, gone) for pk, reserved, gone in totals}
    for order in Order.objects.all():
        for line in order.lines.filter(item__isnull=False):
            assert sums.get(line.pk, (0, 0)) == (line.open_quantity, line.shipped_quantity)
    assert check_ledger() == []


def raws_have_ended(orders: Mapping[str, Sequence[Version]]) -> None:
    """Each version is kept once. What cannot be read says so where nothing newer has made it moot."""
    assert StoredRaw.objects.count() == sum(len(history) for history in orders.values())
    assert not StoredRaw.objects.filter(state=StoredRaw.State.NEW).exists()
    for name, history in orders.items():
        raw = StoredRaw.objects.get(remote_id=name, version=len(history))
        newest_is_broken = bool(history[-1].broken)
        assert raw.state == (StoredRaw.State.NEEDS_ATTENTION if newest_is_broken else StoredRaw.State.DONE)
        assert bool(raw.reason) is newest_is_broken


def accepted_once() -> None:
    """Each line that is open is told to be ours, exactly once."""
    for order in Order.objects.all():
        for line in order.lines.all():
            count = Command.objects.filter(line=line, kind=Command.Kind.ACCEPT).count()
            assert count == 1 if line.open_quantity else count <= 1


@pytest.mark.django_db
@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(story=stories())
def test_however_pages_come_each_order_is_as_if_its_newest_version_had_been_read_once(rig: Rig, story: Any):
    orders, pages = story
    with transaction.atomic():
        set_up(rig)
        tell(rig, orders, newest_once(orders))
        wanted = what_stands()
        transaction.set_rollback(True)

    with transaction.atomic():
        set_up(rig)
        tell(rig, orders, pages)

        assert what_stands() == wanted
        movements_agree()
        raws_have_ended(orders)
        accepted_once()
        transaction.set_rollback(True)


class Shop:
    """What can happen while orders are downloaded, by name; `number` chooses how."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        rig.market.page_size = 2
        self.items = {sku: rig.item(sku, on_hand=PLENTY) for sku in SKUS[:2]}

    def order(self, number: int) -> None:
        market = self.rig.market
        if len(market.orders) < 8:
            wanted = [(sku, 1 + number % 3, "2.00") for sku in SKUS[: 1 + number % 3]]
            market.has_order(f"A-{len(market.orders)}", lines=wanted)

    def change(self, number: int) -> None:
        for order in self._some(number):
            line = order["lines"][number % len(order["lines"])]
            line["quantity"] = max(1 + number % 5, line["shipped"] + line["cancelled"])
            self.rig.market.touch(order["id"])

    def ship(self, number: int) -> None:
        for order in self._some(number):
            line = order["lines"][0]
            line["shipped"] = line["quantity"] - line["cancelled"]
            self.rig.market.touch(order["id"])

    def cancel(self, number: int) -> None:
        for order in self._some(number):
            self.rig.market.cancels(order["id"])

    def _some(self, number: int) -> list[dict[str, Any]]:
        return list(self.rig.market.orders.values())[number % 8 :][:1]

    def busy(self, number: int) -> None:
        self.rig.market.fail("fetch_orders", TemporaryError("Busy."))

    def download(self, number: int) -> None:
        with suppress(TemporaryError):
            download_orders(self.rig.claim("orders"), self.rig.adapter)

    def download_in_trouble(self, number: int) -> None:
        page = Page([], ("dies", "takeover")[number % 2], number // 2 % 4, stored_only=False, overtaken=False)
        with trouble_at(self.rig, page):
            self.download(number)

    def download_overtaken(self, number: int) -> None:
        """Another holder claims the job while a page is on its way, and reads the same one."""
        fetch = FakeAdapter.fetch_orders

        def slow(adapter: FakeAdapter, cursor: str) -> OrderPage:
            page = fetch(adapter, cursor)
            FakeAdapter.fetch_orders = fetch  # type: ignore[method-assign]
            self.download(number)
            return page

        FakeAdapter.fetch_orders = slow  # type: ignore[method-assign,assignment]
        try:
            with suppress(FenceLost):
                self.download(number)
        finally:
            FakeAdapter.fetch_orders = fetch  # type: ignore[method-assign]


EVENTS = [name for name in vars(Shop) if not name.startswith("_")] + ["order", "order", "change", "download"]


@pytest.mark.django_db
@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(story=st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 60)), min_size=5, max_size=25))
def test_however_the_download_is_broken_off_no_order_is_lost_or_doubled(rig: Rig, story: list[tuple[str, int]]):
    with transaction.atomic():
        rig.market.orders.clear()
        rig.market._errors.clear()
        shop = Shop(rig)
        for name, number in story:
            getattr(shop, name)(number)

        rig.market._errors.clear()
        assert not download_orders(rig.claim("orders"), rig.adapter)

        assert {o.remote_id: _lines(o) for o in Order.objects.all()} == {
            name: {line["id"]: (line["quantity"], line["shipped"], line["cancelled"]) for line in order["lines"]}
            for name, order in rig.market.orders.items()
        }
        assert not StoredRaw.objects.exclude(state__in=[StoredRaw.State.DONE, StoredRaw.State.OLDER]).exists()
        newest = max((order["version"] for order in rig.market.orders.values()), default=0)
        assert int(ChannelJob.objects.get(kind="orders").cursor or 0) == newest
        movements_agree()
        transaction.set_rollback(True)


def _lines(order: Order) -> dict[str, tuple[int, int, int]]:
    return {line.remote_id: (line.quantity, line.remote_shipped, line.remote_cancelled) for line in order.lines.all()}

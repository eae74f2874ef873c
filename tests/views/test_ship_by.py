"""Until when orders have to leave: in the list, on the order, on Home, in the letter; and in what order."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from channels_app.adapters.types import PaymentStatus
from channels_app.flows.digest import digest_of
from channels_app.flows.to_ship import orders_late, orders_to_ship
from channels_app.models import Order
from channels_app.views.words import hurry_of
from marketplace_integration import clock
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

ORDERS = "/s/acme/orders/"
HOUR = timedelta(hours=1)
#: 23:30 in New York, where it is still Tuesday.
EVENING = datetime(2026, 3, 4, 4, 30, tzinfo=UTC)


@pytest.fixture
def now(rig: Rig) -> datetime:
    """The pages' own time, which is the market's too."""
    rig.now = rig.market.now = clock.now()
    return rig.now


@pytest.fixture
def browser(rig: Rig, client: Client, now: datetime) -> Client:
    client.force_login(rig.owner)
    rig.item("MUG-1", on_hand=500)
    return client


def has_order(rig: Rig, number: str, ship_by: datetime | None, *, placed: float = 0, **more: Any) -> None:
    """A buyer ordered so many hours ago."""
    body = rig.market.has_order(number, sku="MUG-1", **more)
    body["placed_at"] = (rig.now - placed * HOUR).isoformat()
    if ship_by is not None:
        body["ship_by"] = ship_by.isoformat()


def numbers(page: Any) -> list[str]:
    return [row.order.remote_id for row, _ in page.context["rows"]]


def cell(page: Any, number: str) -> str:
    """Return what stands in the column "Ship by" of an order."""
    row = page.content.decode().split(f">{number}</a>")[1]
    return re.sub(r"<[^>]+>", " ", row.split('data-label="Ship by">')[1].split("</td>")[0]).strip()


@pytest.mark.parametrize(
    ("ship_by", "is_to_ship", "told"),
    [
        (None, True, None),
        (EVENING - timedelta(days=3), True, ("Late", "bad")),
        (EVENING - timedelta(seconds=1), True, ("Late", "bad")),
        (EVENING, True, ("Today", "warn")),
        (EVENING + timedelta(minutes=29), True, ("Today", "warn")),
        (EVENING + timedelta(minutes=31), True, None),
        (EVENING - timedelta(days=3), False, None),
        (EVENING, False, None),
    ],
)
def test_an_order_is_late_today_or_in_no_hurry_by_the_sellers_own_day(ship_by, is_to_ship, told):
    zone = ZoneInfo("America/New_York")

    assert hurry_of(ship_by, is_to_ship=is_to_ship, now=EVENING, zone=zone) == told


def test_the_list_says_until_when_each_order_has_to_leave(browser: Client, rig: Rig, now: datetime):
    has_order(rig, "LATE", now - 3 * HOUR, placed=60)
    has_order(rig, "SOON", now + timedelta(days=3))
    has_order(rig, "UNTOLD", None)
    has_order(rig, "UNPAID", now - 3 * HOUR, payment="pending")
    rig.download()

    page = browser.get(ORDERS)

    assert cell(page, "LATE").startswith("Late ")
    assert re.match(r"\d", cell(page, "SOON"))
    assert cell(page, "UNTOLD") == "–"
    assert re.match(r"\d", cell(page, "UNPAID"))


@pytest.mark.parametrize("shipping", list(Order.Shipping))
@pytest.mark.parametrize("payment", list(PaymentStatus))
@pytest.mark.parametrize("managed_by", list(Order.ManagedBy))
def test_one_order_is_to_ship_if_the_list_has_it(rig: Rig, shipping, payment, managed_by):
    rig.market.has_order("A-1", sku="MUG-1")
    rig.download()
    Order.objects.update(shipping_status=shipping, payment_status=payment.value, managed_by=managed_by)

    assert rig.order("A-1").is_to_ship == orders_to_ship(rig.seller).exists()


def test_what_has_to_leave_first_stands_first_and_the_pages_meet_both_ways(browser: Client, rig: Rig, now: datetime):
    for number in range(60):
        ship_by = None if number % 4 == 0 else now + (number % 7) * HOUR
        has_order(rig, f"N-{number:02}", ship_by, placed=number % 5)
    has_order(rig, "FIRST", now - timedelta(days=1))
    rig.download()

    first = browser.get(f"{ORDERS}?show=to_ship")
    second = browser.get(ORDERS + first.context["page"].next_url)
    again = browser.get(ORDERS + second.context["page"].previous_url)

    wanted = sorted(orders_to_ship(rig.seller), key=lambda order: (order.ship_by or order.placed_at, order.pk))
    assert numbers(first) + numbers(second) == [order.remote_id for order in wanted]
    assert numbers(again) == numbers(first)
    assert numbers(first)[0] == "FIRST"


def test_what_is_late_has_a_tab_and_waits_on_home_and_in_the_letter(browser: Client, rig: Rig, now: datetime):
    has_order(rig, "L-2", now - HOUR)
    has_order(rig, "L-1", now - 2 * HOUR)
    has_order(rig, "SOON", now + HOUR)
    has_order(rig, "UNPAID", now - HOUR, payment="pending")
    has_order(rig, "GONE", now - HOUR)
    rig.download()
    Order.objects.filter(remote_id="GONE").update(shipping_status="shipped")

    assert numbers(browser.get(f"{ORDERS}?show=late")) == ["L-1", "L-2"]
    home = browser.get("/s/acme/").content.decode()
    assert "2 orders are late" in home
    assert f"{ORDERS}?show=late" in home
    (told,) = [one for one in digest_of(rig.seller, now=now) if one.about == "late"]
    assert (told.text, told.is_urgent) == ("2 orders are late: they should have left by now.", True)


def test_nothing_late_is_said_of_nothing(browser: Client, rig: Rig, now: datetime):
    has_order(rig, "SOON", now + HOUR)
    rig.download()

    assert not orders_late(rig.seller, now=now).exists()
    assert "late" not in [one.about for one in digest_of(rig.seller, now=now)]
    assert "No such orders" in browser.get(f"{ORDERS}?show=late").content.decode()


def test_the_order_and_its_slip_say_it(browser: Client, rig: Rig, now: datetime):
    has_order(rig, "LATE", now - 3 * HOUR)
    has_order(rig, "UNTOLD", None)
    rig.download()
    late, untold = rig.order("LATE"), rig.order("UNTOLD")

    shown = [browser.get(f"{ORDERS}{order.public_id}/").content.decode() for order in (late, untold)]
    slips = browser.get(f"{ORDERS}packing-slips/", {"order": [late.public_id, untold.public_id]}).content.decode()

    assert '<span class="badge badge-bad">Late</span>' in shown[0]
    assert "the marketplace does not say" in shown[1]
    assert slips.count("<dt>Ship by</dt>") == 1
    assert "Late" not in slips

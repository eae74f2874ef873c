"""Many orders are shipped on one page: what is entered becomes a file of parcels, judged and confirmed like any."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_app.adapters.types import Capability
from channels_app.flows import shipping_files
from channels_app.models import Order, Shipment, ShippingFile
from inventory.models import Role
from tests.factories import make_seller, make_user
from tests.flows.order_rig import ALL, Rig, rig

__all__ = ["rig"]

SHIP = "/s/acme/orders/ship/"


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    client.force_login(rig.owner)
    rig.channel.facts = rig.channel.facts | {"carriers": [{"code": c, "name": c.upper()} for c in ("ups", "dhl")]}
    rig.channel.save()
    rig.item("MUG-1", on_hand=90)
    rig.item("CUP-1", on_hand=90)
    rig.market.has_order("A-1", lines=[("MUG-1", 2, "10.00"), ("CUP-1", 3, "2.00")])
    rig.market.has_order("A-2", sku="MUG-1")
    rig.market.has_order("A-3", sku="MUG-1")
    rig.market.has_order("UNPAID", sku="MUG-1", payment="pending")
    rig.download()
    return client


def _ids(*numbers: str) -> list[str]:
    return [str(Order.objects.get(remote_id=number).public_id) for number in numbers]


def _enter(browser: Client, rig: Rig, numbers: dict[str, str], carrier: str = "ups", **fields: str) -> Any:
    """Send the page: order number -> tracking number."""
    given = {f"tracking-{_ids(order)[0]}": tracking for order, tracking in numbers.items()}
    return browser.post(SHIP, {"order": _ids(*numbers), f"all-{rig.channel.public_id}": carrier} | given | fields)


def _rows() -> list[tuple[str, str, str, str]]:
    rows = ShippingFile.objects.get().rows.order_by("line")
    return [(row.cells["order"], row.carrier_code, row.tracking_number, row.state) for row in rows]


def test_the_page_has_a_row_for_each_ticked_order_in_their_order(browser: Client):
    page = browser.get(SHIP, {"order": _ids("A-2", "A-1")})

    (group,) = page.context["form"].groups()
    assert [row.order.remote_id for row in group.rows] == ["A-2", "A-1"]
    assert '2 × <span class="nowrap">MUG-1</span>' in page.content.decode()


def test_what_may_not_leave_has_no_row_and_the_page_says_why(browser: Client):
    page = browser.get(SHIP, {"order": _ids("UNPAID")})

    assert "The buyer&#x27;s payment has not cleared yet" in page.content.decode()
    assert page.context["form"].groups() == []


def test_what_was_entered_is_looked_at_first_then_shipped_whole(browser: Client, rig: Rig):
    answer = _enter(browser, rig, {"A-1": "1Z1", "A-2": "1Z2", "A-3": ""})
    file = ShippingFile.objects.get()

    assert answer.headers["Location"] == f"/s/acme/orders/parcels/{file.public_id}/"
    assert file.file_name.startswith("2 orders, ")
    assert _rows() == [("A-1", "ups", "1Z1", "ready"), ("A-2", "ups", "1Z2", "ready"), ("A-3", "", "", "empty")]
    assert "Ship 2 parcels" in browser.get(answer.headers["Location"]).content.decode()
    assert not Shipment.objects.exists()

    shipping_files.confirm(file, actor=rig.owner, now=rig.now)
    shipping_files.run(file.pk, now=rig.now)
    assert [rig.order(number).shipping_status for number in ("A-1", "A-2", "A-3")] == [
        "shipped",
        "shipped",
        "unshipped",
    ]


def test_a_row_may_have_a_carrier_of_its_own(browser: Client, rig: Rig):
    _enter(browser, rig, {"A-1": "1Z1", "A-2": "JJ2"}, **{f"carrier-{_ids('A-2')[0]}": "dhl"})

    assert [row[1] for row in _rows()] == ["ups", "dhl"]


def test_a_row_offers_of_a_long_list_what_the_seller_usually_takes(browser: Client, rig: Rig):
    known = [*(f"c{number}" for number in range(20)), "dhl"]
    rig.channel.facts = rig.channel.facts | {"carriers": [{"code": code, "name": code.upper()} for code in known]}
    rig.channel.save()

    (group,) = browser.get(SHIP, {"order": _ids("A-1")}).context["form"].groups()

    assert group.rows[0].carrier.field.choices == [("", "As above"), ("dhl", "DHL")]
    assert len(group.carrier.field.choices) == 3


def test_the_carrier_used_last_is_chosen_for_all(browser: Client, rig: Rig):
    _enter(browser, rig, {"A-1": "1Z1"}, carrier="dhl")
    shipping_files.confirm(ShippingFile.objects.get(), actor=rig.owner, now=rig.now)
    shipping_files.run(ShippingFile.objects.get().pk, now=rig.now)

    (group,) = browser.get(SHIP, {"order": _ids("A-2")}).context["form"].groups()

    assert group.carrier.value() == "dhl"


def test_orders_without_a_number_leave_only_where_the_seller_says_so(browser: Client, rig: Rig):
    rig.can(*(ALL - {Capability.TRACKING_REQUIRED}))

    _enter(browser, rig, {"A-1": "1Z1", "A-2": ""}, **{f"untracked-{rig.channel.public_id}": "on"})

    assert [row[3] for row in _rows()] == ["ready", "ready"]


@pytest.mark.parametrize(("carriers", "words"), [(True, "Choose the carrier."), (False, "Enter the carrier.")])
def test_what_leaves_without_a_number_is_not_left_out_for_want_of_a_carrier(
    browser: Client, rig: Rig, carriers: bool, words: str
):
    known = [{"code": "dhl", "name": "DHL"}, {"code": "ups", "name": "UPS"}] if carriers else []
    rig.can(*(ALL - {Capability.TRACKING_REQUIRED}))
    rig.channel.facts = rig.channel.facts | {"carriers": known}
    rig.channel.save()
    untracked = {f"untracked-{rig.channel.public_id}": "on", f"carrier-{_ids('A-1')[0]}": "dhl"}

    page = _enter(browser, rig, {"A-1": "1Z1", "A-2": ""}, carrier="", **untracked)

    assert (page.status_code, ShippingFile.objects.count()) == (422, 0)
    assert words in page.content.decode()


def test_a_reader_of_the_screen_hears_what_is_wrong_with_a_field(browser: Client, rig: Rig):
    wrong = {f"carrier-{_ids('A-2')[0]}": "nobody"}
    page = _enter(browser, rig, {"A-1": "1" * 101, "A-2": ""}, **wrong).content.decode()

    described = re.findall(r'aria-describedby="([^"]+)"', page)
    assert len(described) == 2
    assert set(described) <= set(re.findall(r' id="([^"]+)"', page))


def test_where_a_number_is_required_that_is_not_offered(browser: Client, rig: Rig):
    rig.can(*ALL, Capability.TRACKING_REQUIRED)

    (group,) = browser.get(SHIP, {"order": _ids("A-1")}).context["form"].groups()

    assert group.untracked is None


@pytest.mark.parametrize(
    ("tracking", "carrier", "words"),
    [
        ("", "ups", "Enter the tracking number of at least one order."),
        ("1Z1", "", "Choose the carrier."),
        ("1Z1", "pigeon", "Select a valid choice"),
        ("x" * 101, "ups", "at most 100 characters"),
    ],
)
def test_what_cannot_be_is_shown_again_as_it_was_entered(
    browser: Client, rig: Rig, tracking: str, carrier: str, words: str
):
    answer = _enter(browser, rig, {"A-1": tracking}, carrier=carrier)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert f'value="{tracking}"' in answer.content.decode() or not tracking
    assert not ShippingFile.objects.exists()


def test_an_order_that_left_meanwhile_is_told_before_anything_is_shipped(browser: Client, rig: Rig):
    Order.objects.get(remote_id="A-2").lines.update(shipped=1)

    _enter(browser, rig, {"A-1": "1Z1", "A-2": "1Z2"})

    assert [row[3] for row in _rows()] == ["ready", "wrong"]


def test_orders_of_others_do_not_exist_and_viewers_ship_nothing(browser: Client, rig: Rig, client: Client):
    ids = _ids("A-1")
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))
    assert "Managers and owners can ship." in client.get(SHIP, {"order": ids}).content.decode()
    assert "Ship the ticked" not in client.get("/s/acme/orders/").content.decode()
    assert client.post(SHIP, {"order": ids}).status_code == 403

    client.force_login(make_user("else@example.com", seller=make_seller("else")))
    assert client.get("/s/else/orders/ship/", {"order": ids}).context["form"].orders == []
    assert client.post("/s/else/orders/ship/", {"order": ids, f"tracking-{ids[0]}": "1Z"}).status_code == 422


def test_many_orders_cost_the_queries_of_few(browser: Client, rig: Rig):
    first = _ids("A-1")
    with CaptureQueriesContext(connection) as few:
        browser.get(SHIP, {"order": first})
    for number in range(20):
        rig.market.has_order(f"N-{number}", sku="MUG-1")
    rig.download()
    everything = [str(public_id) for public_id in Order.objects.values_list("public_id", flat=True)]

    with CaptureQueriesContext(connection) as many:
        browser.get(SHIP, {"order": everything})

    assert len(many) == len(few) <= 8

"""Packing slips that were printed: who says so, where it is seen, and when it counts no more."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from channels_app.flows.fulfil import cancel_lines, record_shipment
from channels_app.models import Order
from inventory.models import Role
from tests.factories import make_seller, make_user
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

SLIPS = "/s/acme/orders/packing-slips/"
PRINTED = f"{SLIPS}printed/"
NUMBERS = ("A-1", "A-2", "A-3")


@pytest.fixture
def orders(rig: Rig) -> None:
    rig.item("MUG-1", on_hand=20)
    for number in NUMBERS:
        rig.market.has_order(number, lines=[("MUG-1", 3, "10.00"), ("CUP-1", 1, "2.00")])
    rig.download()


@pytest.fixture
def browser(rig: Rig, client: Client, orders: None) -> Client:
    client.force_login(rig.owner)
    return client


@pytest.fixture
def packer(rig: Rig) -> Client:
    other = Client()
    other.force_login(make_user("packer@example.com", seller=rig.seller, role=Role.MANAGER))
    return other


def _marks(browser: Client, rig: Rig, *numbers: str) -> list[str]:
    """Return what the sheets of these orders carry."""
    return list(browser.get(SLIPS, {"order": [rig.order(number).public_id for number in numbers]}).context["marks"])


def _prints(browser: Client, rig: Rig, *numbers: str) -> Any:
    return browser.post(PRINTED, {"sheet": _marks(browser, rig, *numbers)}, follow=True)


def _words(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def _not_printed(browser: Client) -> set[str]:
    page = browser.get("/s/acme/orders/?show=not_printed")
    return {row.order.remote_id for row, _ in page.context["rows"]}


def test_what_was_printed_leaves_the_tab_and_is_marked_in_the_list(browser: Client, rig: Rig):
    answer = _prints(browser, rig, "A-1", "A-2")

    assert _words(answer) == ["2 orders marked as printed."]
    assert _not_printed(browser) == {"A-3"}
    text = browser.get("/s/acme/orders/?show=to_ship").content.decode()
    assert text.count(">Printed<") == 2
    page = browser.get(f"/s/acme/orders/{rig.order('A-1').public_id}/").content.decode()
    assert "owner@example.com" in page[page.index("Packing slip</dt>") :][:200]


def test_the_tab_prints_all_that_nobody_has_printed(browser: Client, rig: Rig):
    _prints(browser, rig, "A-1")

    listed = browser.get("/s/acme/orders/?show=not_printed")
    slips = browser.get(SLIPS, {"show": "not_printed"})

    assert "Print all not printed (2)" in listed.content.decode()
    assert [slip.order.remote_id for slip in slips.context["slips"]] == ["A-2", "A-3"]


def test_who_prints_the_same_again_is_told_by_whom_it_was(browser: Client, packer: Client, rig: Rig):
    theirs = _marks(packer, rig, "A-1", "A-2")
    _prints(browser, rig, "A-1")

    page = packer.get(SLIPS, {"order": rig.order("A-1").public_id})
    late = packer.post(PRINTED, {"sheet": theirs}, follow=True)

    assert [order.remote_id for order in page.context["printed"]] == ["A-1"]
    assert "by owner@example.com" in page.content.decode()
    assert _words(late) == [
        "2 orders marked as printed.",
        "One of them was marked before: somebody else may be packing the same.",
    ]


def test_the_mark_is_taken_off_what_did_not_come_out(browser: Client, rig: Rig):
    _prints(browser, rig, *NUMBERS)

    answer = browser.post(PRINTED, {"order": rig.order("A-2").public_id, "printed": "no"}, follow=True)

    assert _words(answer) == ["1 order no longer marked as printed."]
    assert _not_printed(browser) == {"A-2"}


def _part_leaves(rig: Rig) -> None:
    order = rig.order("A-1")
    record_shipment(
        order,
        key=uuid4(),
        lines={order.lines.order_by("pk")[0].pk: 1},
        carrier_code="ups",
        tracking_number="1Z",
        shipped_at=rig.now,
        actor=rig.owner,
        now=rig.now,
    )


def _part_is_cancelled(rig: Rig) -> None:
    order = rig.order("A-1")
    units = {order.lines.order_by("pk")[0].pk: 1}
    cancel_lines(order, key=uuid4(), lines=units, reason_code="no_stock", actor=rig.owner, now=rig.now)


def _buyer_takes_less(rig: Rig) -> None:
    rig.market.orders["A-1"]["lines"][0]["cancelled"] = 1
    rig.market.touch("A-1")
    rig.download()


@pytest.mark.parametrize("changes", [_part_leaves, _part_is_cancelled, _buyer_takes_less])
def test_a_sheet_that_would_be_another_by_now_is_not_printed(browser: Client, rig: Rig, changes: Callable[[Rig], None]):
    old = _marks(browser, rig, "A-1", "A-2")
    _prints(browser, rig, *NUMBERS)

    changes(rig)
    late = browser.post(PRINTED, {"sheet": old}, follow=True)

    assert _not_printed(browser) == {"A-1"}
    assert "One has changed since and is not marked: print what still has to leave once more." in _words(late)


def _moves(rig: Rig) -> None:
    rig.market.orders["A-1"]["ship_to"] = {"street": "2 New Road", "city": "Boston"}
    rig.market.touch("A-1")
    rig.download()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (_part_leaves, ["2 × MUG-1 to ship instead of 3."]),
        (_part_is_cancelled, ["2 × MUG-1 to ship instead of 3."]),
        (_buyer_takes_less, ["2 × MUG-1 to ship instead of 3."]),
        (_moves, ["The address is another."]),
    ],
)
def test_what_changed_since_it_was_printed_is_said(
    browser: Client, rig: Rig, changes: Callable[[Rig], None], told: list[str]
):
    _prints(browser, rig, *NUMBERS)

    changes(rig)

    listed = browser.get("/s/acme/orders/?show=to_ship").content.decode()
    assert (listed.count("Changed since it was printed"), listed.count(">Printed<")) == (1, 2)
    page = browser.get(f"/s/acme/orders/{rig.order('A-1').public_id}/")
    assert page.context["slip_changes"] == told
    assert "Print the packing slip as it is now" in page.content.decode()
    slips = browser.get(SLIPS, {"order": rig.order("A-1").public_id}).content.decode()
    assert "It has changed since: let nobody pack by that sheet." in slips


def test_printed_once_more_it_is_right_again_and_no_second_packer_is_feared(browser: Client, rig: Rig):
    _prints(browser, rig, *NUMBERS)
    _part_is_cancelled(rig)

    answer = _prints(browser, rig, "A-1")

    assert _words(answer) == ["1 order marked as printed."]
    assert _not_printed(browser) == set()


def test_a_change_that_is_taken_back_makes_the_sheet_right_again(browser: Client, rig: Rig):
    _prints(browser, rig, *NUMBERS)
    _part_is_cancelled(rig)
    rig.market.orders.pop("A-1")

    rig.send()

    assert rig.commands("cancel") == ["rejected"]
    assert _not_printed(browser) == set()


def test_an_order_that_is_cancelled_after_it_was_printed_says_so(browser: Client, rig: Rig):
    _prints(browser, rig, *NUMBERS)
    order = rig.order("A-1")
    units = {line.pk: line.quantity for line in order.lines.all()}

    cancel_lines(order, key=uuid4(), lines=units, reason_code="no_stock", actor=rig.owner, now=rig.now)

    assert "Changed since it was printed" in browser.get("/s/acme/orders/").content.decode()
    page = browser.get(f"/s/acme/orders/{order.public_id}/")
    assert page.context["slip_changes"] == ["1 × CUP-1 no longer to ship.", "3 × MUG-1 no longer to ship."]
    assert "Print the packing slip as it is now" not in page.content.decode()


def test_what_left_whole_has_not_changed(browser: Client, rig: Rig):
    _prints(browser, rig, *NUMBERS)
    order = rig.order("A-1")

    record_shipment(
        order,
        key=uuid4(),
        lines={line.pk: line.quantity for line in order.lines.all()},
        carrier_code="ups",
        tracking_number="1Z",
        shipped_at=rig.now,
        actor=rig.owner,
        now=rig.now,
    )

    assert not rig.order("A-1").changed_since_printed
    assert "Changed since it was printed" not in browser.get("/s/acme/orders/").content.decode()


def test_units_that_come_back_onto_the_sheet_make_it_another(browser: Client, rig: Rig):
    _part_is_cancelled(rig)
    _prints(browser, rig, *NUMBERS)
    rig.market.orders.pop("A-1")

    rig.send()

    assert rig.commands("cancel") == ["rejected"]
    assert _not_printed(browser) == {"A-1"}


def test_a_new_version_that_leaves_the_sheet_as_it_was_keeps_the_mark(browser: Client, rig: Rig):
    _prints(browser, rig, *NUMBERS)
    rig.market.orders["A-1"]["status"] = "accepted"
    rig.market.touch("A-1")

    rig.download()

    assert _not_printed(browser) == set()


def test_viewers_print_and_mark_nothing(client: Client, rig: Rig, orders: None):
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    page = client.get(SLIPS, {"order": rig.order("A-1").public_id})

    assert page.context["marks"] == []
    assert "Mark as printed" not in page.content.decode()
    assert client.post(PRINTED).status_code == 403


def test_orders_of_others_and_nonsense_are_not_marked(client: Client, browser: Client, rig: Rig):
    marks = _marks(browser, rig, "A-1")
    client.force_login(make_user("else@example.com", seller=make_seller("else")))

    client.post("/s/else/orders/packing-slips/printed/", {"sheet": [*marks, "x_y", "", str(uuid4())]})

    assert not Order.objects.exclude(printed_at=None).exists()

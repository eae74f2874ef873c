"""What the order's page tells of the versions that came after the first: news, and nothing that is none."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from channels_app.flows.fulfil import cancel_lines, record_shipment
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

Body = dict[str, Any]


@pytest.fixture(autouse=True)
def order(rig: Rig) -> None:
    rig.item("MUG-1", on_hand=10)
    rig.market.has_order("A-1", lines=[("MUG-1", 2, "10.00"), ("CUP-1", 1, "2.00")], payment="pending")
    rig.download()
    rig.wait(minutes=1)


@pytest.fixture
def told(rig: Rig, client: Client) -> Callable[..., list[str]]:
    client.force_login(rig.owner)
    return lambda number="A-1": [
        event.text
        for event in client.get(f"/s/acme/orders/{rig.order(number).public_id}/").context["timeline"]
        if not event.state
    ]


def _changes(rig: Rig, **changed: Any) -> None:
    rig.market.orders["A-1"].update(changed)
    rig.market.touch("A-1")
    rig.download()
    rig.wait(minutes=1)


def _sends(rig: Rig, status: str) -> None:
    """What waits is sent, and the marketplace shows it back."""
    rig.send()
    rig.wait(minutes=1)
    _changes(rig, status=status)


def test_what_comes_back_after_commands_of_ours_shares_one_line(rig: Rig, told: Callable[[], list[str]]):
    _changes(rig, payment="cleared")
    _sends(rig, "accepted")
    order = rig.order("A-1")
    mug, cup = order.lines.order_by("pk")
    given: Body = {"actor": rig.owner, "now": rig.now}
    record_shipment(
        order,
        key=uuid.uuid4(),
        lines={mug.pk: 2},
        carrier_code="ups",
        tracking_number="1Z",
        shipped_at=rig.now,
        **given,
    )
    _sends(rig, "partly shipped")
    cancel_lines(order, key=uuid.uuid4(), lines={cup.pk: 1}, reason_code="no_stock", **given)
    _sends(rig, "shipped")

    assert told() == [
        "The order was downloaded 3 times more, without other news.",
        "A parcel left: 2 × MUG-1.",
        "The payment cleared.",
        "The order was downloaded, and its stock reserved.",
        "The buyer placed the order.",
    ]


def test_nothing_but_a_new_version_is_no_news(rig: Rig, told: Callable[[], list[str]]):
    _changes(rig)

    assert told()[0] == "The order was downloaded once more, without other news."


@pytest.mark.parametrize(
    ("changed", "news"),
    [
        ({"payment": "cleared"}, "The payment cleared."),
        ({"payment": "failed"}, "The payment failed."),
        ({"ship_by": "2026-03-05T12:00:00+00:00"}, "The time to ship it by changed."),
        ({"total": "1030.00"}, "The total is 1,030.00 USD instead of 22.00 USD."),
        ({"shipping": "5.00"}, "The shipping charge is 5.00 USD instead of 0.00 USD."),
        ({"status": "delivered"}, "The marketplace calls the order “delivered”."),
    ],
)
def test_what_changed_is_said(rig: Rig, told: Callable[[], list[str]], changed: Body, news: str):
    _changes(rig, **changed)

    assert told()[0] == news


@pytest.mark.parametrize(
    ("changed", "news"),
    [
        ({"quantity": 3}, "3 × MUG-1 are ordered instead of 2."),
        ({"cancelled": 1}, "1 × MUG-1 cancelled at the marketplace."),
        ({"shipped": 2}, "2 × MUG-1 shipped at the marketplace."),
        ({"price": "9.00"}, "The price of MUG-1 changed."),
    ],
)
def test_what_changed_of_a_line_is_said(rig: Rig, told: Callable[[], list[str]], changed: Body, news: str):
    rig.market.orders["A-1"]["lines"][0].update(changed)
    _changes(rig)

    assert told()[0] == news


def test_lines_that_come_and_go_are_said(rig: Rig, told: Callable[[], list[str]]):
    cup = {"id": "A-1-9", "sku": "CUP-2", "quantity": 4, "price": "1.00", "shipped": 0, "cancelled": 0}
    _changes(rig, lines=[rig.market.orders["A-1"]["lines"][0], cup])

    gone = "The marketplace no longer lists 1 × CUP-1 in this order: what had not left counts as cancelled."
    assert told()[0] == f"{gone} 4 × CUP-2 came in addition."


def test_a_line_that_vanished_is_told_once(rig: Rig, told: Callable[[], list[str]]):
    _changes(rig, lines=rig.market.orders["A-1"]["lines"][:1])
    _changes(rig, payment="cleared")

    vanished = "The marketplace no longer lists 1 × CUP-1 in this order: what had not left counts as cancelled."
    assert told()[:2] == ["The payment cleared.", vanished]


def test_a_line_that_comes_back_and_vanishes_again_is_told_each_time(rig: Rig, told: Callable[[], list[str]]):
    both = rig.market.orders["A-1"]["lines"]
    _changes(rig, lines=both[:1])
    _changes(rig, lines=both)
    _changes(rig, lines=both[:1])

    vanished = "The marketplace no longer lists 1 × CUP-1 in this order: what had not left counts as cancelled."
    assert told()[:3] == [vanished, "1 × CUP-1 no longer cancelled at the marketplace.", vanished]


@pytest.mark.parametrize("ours", ["shipped", "cancelled"])
def test_a_line_with_nothing_to_ship_that_vanishes_is_told_too(rig: Rig, told: Callable[[], list[str]], ours: str):
    rig.order("A-1").lines.filter(sku="CUP-1").update(**{ours: 1})

    _changes(rig, lines=rig.market.orders["A-1"]["lines"][:1])

    assert told()[0] == ("The marketplace no longer lists 1 × CUP-1 in this order: nothing of it was still to ship.")


def test_after_a_version_that_could_not_be_read_the_next_one_is_the_first(rig: Rig, told: Callable[..., list[str]]):
    rig.market.has_order("A-2", sku="MUG-1")["placed_at"] = "yesterday"
    rig.download()
    rig.market.orders["A-2"]["placed_at"] = rig.now.isoformat()
    rig.wait(minutes=1)
    rig.market.touch("A-2")
    rig.download()

    assert told("A-2")[0] == "The order was downloaded, and its stock reserved."

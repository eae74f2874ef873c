"""Parcel after parcel: the carrier that was used last is chosen already, and the next order is one press away."""

import re
from typing import Any

import pytest
from django.test import Client

from channels_app.models import Order
from inventory.models import Role
from tests.factories import make_channel, make_user
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    client.force_login(rig.owner)
    _knows_carriers(rig, "ups", "dhl")
    rig.item("MUG-1", on_hand=50)
    for number in (3, 2, 1):
        rig.market.has_order(f"A-{number}", sku="MUG-1")
        rig.wait(hours=-1)
    rig.wait(hours=3)
    rig.market.has_order("UNPAID", sku="MUG-1", payment="pending")
    rig.download()
    return client


def _knows_carriers(rig: Rig, *codes: str) -> None:
    rig.channel.facts = rig.channel.facts | {"carriers": [{"code": code, "name": code.upper()} for code in codes]}
    rig.channel.save()


def _url(order: Order) -> str:
    return f"/s/acme/orders/{order.public_id}/"


def _ship(browser: Client, rig: Rig, number: str, carrier: str = "ups") -> Any:
    url = _url(rig.order(number))
    key = re.search(r'name="ship-key" value="([^"]+)"', browser.get(url).content.decode())
    assert key is not None
    given = {"ship-key": key[1], "ship-units-1": 1, "ship-carrier": carrier, "ship-tracking_number": f"1Z-{number}"}
    return browser.post(f"{url}ship/", given, follow=True)


def _carrier(browser: Client, order: Order) -> str:
    return browser.get(_url(order)).context["forms"]["ship"]["carrier"].value()


def _next(page: Any) -> str:
    return page.context["next_to_ship"] and page.context["next_to_ship"].remote_id


def test_the_carrier_that_was_used_last_on_the_channel_is_chosen(browser: Client, rig: Rig):
    first = _carrier(browser, rig.order("A-1"))

    _ship(browser, rig, "A-1")
    _ship(browser, rig, "A-2", carrier="dhl")

    assert (first, _carrier(browser, rig.order("A-3"))) == ("", "dhl")
    assert '<option value="dhl" selected>' in browser.get(_url(rig.order("A-3"))).content.decode()


def test_a_carrier_of_another_channel_or_one_that_is_gone_is_not_chosen(browser: Client, rig: Rig):
    other = make_channel(rig.seller, name="Other", facts=rig.channel.facts)
    Order.objects.filter(remote_id="A-3").update(channel=other)
    _ship(browser, rig, "A-1", carrier="dhl")
    _knows_carriers(rig, "ups", "usps")

    assert _carrier(browser, rig.order("A-2")) == ""
    assert _carrier(browser, Order.objects.get(remote_id="A-3")) == ""


def test_after_a_parcel_the_page_leads_to_the_next_order(browser: Client, rig: Rig):
    answer = _ship(browser, rig, "A-1")

    assert f'Next to ship: <a href="{_url(rig.order("A-2"))}">A-2</a>' in answer.content.decode()
    assert _next(answer) == "A-2"


def test_after_the_last_comes_the_first_and_at_the_end_none(browser: Client, rig: Rig):
    assert _next(browser.get(_url(rig.order("A-3")))) == "A-1"
    assert _next(browser.get(_url(rig.order("UNPAID")))) == "A-1"

    for number in ("A-1", "A-2", "A-3"):
        answer = _ship(browser, rig, number)

    assert "Next to ship" not in answer.content.decode()


def test_a_viewer_is_not_led_to_what_only_others_can_ship(browser: Client, rig: Rig):
    browser.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    assert _next(browser.get(_url(rig.order("A-1")))) is None


def test_a_parcel_that_cannot_be_leads_nowhere(browser: Client, rig: Rig):
    answer = _ship(browser, rig, "A-1", carrier="pigeon")

    assert answer.status_code == 422
    assert "Next to ship:" not in answer.content.decode()

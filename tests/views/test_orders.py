"""The order pages, as a seller's browser sees them."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_app.adapters.types import Capability, RemoteReturnLine
from channels_app.models import CancellationRequest, Command, Order, RawOrder, Return, Shipment
from inventory.models import Role
from tests.factories import make_seller, make_user
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


@pytest.fixture
def order(rig: Rig) -> Order:
    rig.item("MUG-1", on_hand=10)
    rig.item("CUP-1", on_hand=10)
    rig.market.has_order("A-1", lines=[("MUG-1", 2, "10.00"), ("CUP-1", 3, "2.00")])
    rig.download()
    return rig.order("A-1")


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    client.force_login(rig.owner)
    return client


def _url(order: Order, action: str = "") -> str:
    return f"/s/acme/orders/{order.public_id}/{action}"


def _key(page: Any, form: str) -> str:
    found = re.search(rf'name="{form}-key" value="([^"]+)"', page.content.decode())
    assert found, f"the page offers no {form} form"
    return found[1]


def _parcel(page: Any, **fields: Any) -> dict[str, Any]:
    given = {
        "ship-key": _key(page, "ship"),
        "ship-units-1": 2,
        "ship-units-2": 3,
        "ship-carrier": "ups",
        "ship-tracking_number": "1Z999",
    }
    return given | fields


# --- the list


def test_the_list_shows_orders_with_what_they_are_about(browser: Client, order: Order):
    page = browser.get("/s/acme/orders/").content.decode()

    assert "A-1" in page
    assert "2 × MUG-1" in page
    assert "26.00 USD" in page


def test_filters_narrow_the_list(browser: Client, rig: Rig, order: Order):
    rig.market.has_order("A-2", sku="WHAT-1")
    rig.channel.fulfillments_on = False
    rig.channel.save()
    rig.market.has_order("A-3", sku="MUG-1")
    rig.download()

    def shown(query: str) -> set[str]:
        page = browser.get(f"/s/acme/orders/?{query}").content.decode()
        return {number for number in ("A-1", "A-2", "A-3") if f">{number}</a>" in page}

    assert shown("") == {"A-1", "A-2", "A-3"}
    assert shown("show=attention") == {"A-2"}
    assert shown("show=third_party") == {"A-2", "A-3"}
    assert shown("show=to_ship") == {"A-1"}
    assert shown("q=A-3") == {"A-3"}
    assert shown("q=MUG-1") == {"A-1", "A-3"}
    assert shown(f"channel={rig.channel.public_id}") == {"A-1", "A-2", "A-3"}
    assert shown("channel=nonsense") == set()


def test_the_list_is_paged_by_key_both_ways(browser: Client, rig: Rig):
    rig.item(on_hand=200)
    for number in range(60):
        rig.market.has_order(f"N-{number:03}", sku="MUG-1")
    rig.download()

    first = browser.get("/s/acme/orders/")
    second = browser.get("/s/acme/orders/" + first.context["page"].next_url)
    again = browser.get("/s/acme/orders/" + second.context["page"].previous_url)

    assert [len(p.context["rows"]) for p in (first, second, again)] == [50, 10, 50]
    assert first.context["rows"][0] == again.context["rows"][0]
    assert second.context["page"].next_url == ""


@pytest.mark.parametrize("key", ["nonsense", "2026-01-01T00:00:00+23:59_1", "0001-01-01T00:00:00+14:00_1"])
def test_a_key_that_was_tampered_with_harms_nobody(browser: Client, order: Order, key: str):
    assert browser.get("/s/acme/orders/", {"after": key}).status_code == 200


def test_the_list_costs_the_same_number_of_queries_for_any_number_of_orders(browser: Client, rig: Rig, order: Order):
    with CaptureQueriesContext(connection) as few:
        browser.get("/s/acme/orders/")
    for number in range(20):
        rig.market.has_order(f"N-{number}", sku="MUG-1")
    rig.download()

    with CaptureQueriesContext(connection) as many:
        browser.get("/s/acme/orders/")

    assert len(many) == len(few) <= 12


# --- the page


def test_the_page_shows_lines_amounts_buyer_and_what_happened(browser: Client, order: Order):
    page = browser.get(_url(order)).content.decode()

    for words in (
        "MUG-1",
        "26.00 USD",
        "Ada Buyer",
        "The buyer placed the order.",
        "Told to the marketplace: acceptance",
    ):
        assert words in page


def test_the_page_costs_a_fixed_number_of_queries(browser: Client, rig: Rig, order: Order):
    with CaptureQueriesContext(connection) as queries:
        browser.get(_url(order))

    assert len(queries) <= 16


def test_a_viewer_reads_and_cannot_act(client: Client, rig: Rig, order: Order):
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    page = client.get(_url(order))

    assert "data-open-dialog" not in page.content.decode()
    for action in ("ship", "cancel", "refund", "link", "seen"):
        assert client.post(_url(order, f"{action}/")).status_code == 403


def test_another_sellers_order_does_not_exist(client: Client, order: Order):
    client.force_login(make_user("other@example.com", seller=make_seller("other")))

    assert client.get(_url(order)).status_code == 404
    assert client.get(f"/s/other/orders/{order.public_id}/").status_code == 404
    assert client.post(f"/s/other/orders/{order.public_id}/ship/").status_code == 404


# --- ship


def test_a_parcel_is_shipped_from_the_page(browser: Client, rig: Rig, order: Order):
    answer = browser.post(_url(order, "ship/"), _parcel(browser.get(_url(order))), follow=True)

    assert "The parcel is recorded" in answer.content.decode()
    assert rig.order("A-1").shipping_status == "shipped"
    assert Shipment.objects.get().created_by == rig.owner


def test_a_double_click_on_ship_records_one_parcel_and_says_so(browser: Client, rig: Rig, order: Order):
    parcel = _parcel(browser.get(_url(order)))
    browser.post(_url(order, "ship/"), parcel)

    answer = browser.post(_url(order, "ship/"), parcel, follow=True)

    assert "recorded already" in answer.content.decode()
    assert Shipment.objects.count() == 1


def test_part_of_an_order_ships_and_the_rest_is_still_offered(browser: Client, rig: Rig, order: Order):
    browser.post(_url(order, "ship/"), _parcel(browser.get(_url(order)), **{"ship-units-1": 1, "ship-units-2": 0}))

    page = browser.get(_url(order)).content.decode()

    assert rig.order("A-1").shipping_status == "partially_shipped"
    assert 'name="ship-units-1" value="1"' in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ship-units-1": 3}, "less than or equal to 2"),
        ({"ship-units-1": 0, "ship-units-2": 0}, "Enter how many units"),
        ({"ship-tracking_number": ""}, "This field is required"),
        ({"ship-carrier": "pigeon"}, "Select a valid choice"),
        ({"ship-shipped_at": "2999-01-01T10:00"}, "cannot have left in the future"),
    ],
)
def test_a_parcel_that_cannot_be_is_shown_again_with_the_reason(
    browser: Client, rig: Rig, order: Order, fields: dict[str, Any], words: str
):
    answer = browser.post(_url(order, "ship/"), _parcel(browser.get(_url(order)), **fields))

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert 'id="ship" aria-labelledby="ship-title" data-open' in answer.content.decode()
    assert Shipment.objects.count() == 0


def test_only_what_can_work_is_offered(browser: Client, rig: Rig, order: Order):
    page = browser.get(_url(order)).content.decode()
    assert ('data-open-dialog="ship"' in page, 'data-open-dialog="refund"' in page) == (True, False)

    browser.post(_url(order, "ship/"), _parcel(browser.get(_url(order))))

    page = browser.get(_url(order)).content.decode()
    assert ('data-open-dialog="ship"' in page, 'data-open-dialog="refund"' in page) == (False, True)


def test_where_parcels_cannot_be_partial_the_units_cannot_be_changed(browser: Client, rig: Rig, order: Order):
    rig.can(Capability.ACCEPT)

    page = browser.get(_url(order)).content.decode()

    assert re.search(r'name="ship-units-1"[^>]* readonly', page)


# --- cancel, refund, answer, link


def test_units_are_cancelled_from_the_page(browser: Client, rig: Rig, order: Order):
    key = _key(browser.get(_url(order)), "cancel")

    browser.post(_url(order, "cancel/"), {"cancel-key": key, "cancel-units-2": 2, "cancel-reason": "no_stock"})

    assert rig.line("A-1", 2).cancelled == 2
    assert rig.commands("cancel") == ["pending"]


def test_money_is_refunded_from_the_page(browser: Client, rig: Rig, order: Order):
    browser.post(_url(order, "ship/"), _parcel(browser.get(_url(order))))
    given = {
        "refund-key": _key(browser.get(_url(order)), "refund"),
        "refund-amount-1": "5.00",
        "refund-units-1": 1,
        "refund-reason": "damaged",
        "refund-restock": "on",
    }

    answer = browser.post(_url(order, "refund/"), given, follow=True)

    page = answer.content.decode()
    assert "The refund is recorded" in page
    assert "Told to the marketplace: refund, 5.00 USD for MUG-1." in page
    assert rig.line("A-1").refunded == 5
    item = rig.line("A-1").item
    assert item is not None
    assert rig.stock(item) == (9, 0)


def test_more_than_was_paid_cannot_be_refunded(browser: Client, rig: Rig, order: Order):
    browser.post(_url(order, "ship/"), _parcel(browser.get(_url(order))))
    key = _key(browser.get(_url(order)), "refund")

    answer = browser.post(
        _url(order, "refund/"), {"refund-key": key, "refund-amount-1": "99", "refund-reason": "damaged"}
    )

    assert (answer.status_code, Command.objects.filter(kind="refund").count()) == (422, 0)


def test_a_cancellation_request_is_answered_from_the_page(browser: Client, rig: Rig, order: Order):
    rig.market.asks_to_cancel("A-1", "Wrong colour")
    rig.download()
    assert "Wrong colour" in browser.get(_url(order)).content.decode()
    request = CancellationRequest.objects.get()

    browser.post(_url(order, f"requests/{request.pk}/answer/"), {"decision": "approve"})

    request.refresh_from_db()
    assert (request.state, rig.order("A-1").shipping_status) == ("approved", "cancelled")


def test_an_unknown_sku_is_linked_from_the_page(browser: Client, rig: Rig):
    mug = rig.item("MUG-1")
    rig.market.has_order("A-1", sku="WHAT-1")
    rig.download()
    order = rig.order("A-1")
    assert "Unknown SKU" in browser.get(_url(order)).content.decode()

    wrong = browser.post(_url(order, "link/"), {"line": 1, "sku": "NOPE"}, follow=True)
    browser.post(_url(order, "link/"), {"line": 1, "sku": "MUG-1"})

    assert "You have no item with the SKU NOPE." in wrong.content.decode()
    assert rig.stock(mug) == (10, 1)


def test_attention_is_marked_as_seen(browser: Client, rig: Rig):
    rig.market.has_order("A-1", sku="WHAT-1")
    rig.download()

    browser.post(_url(rig.order("A-1"), "seen/"))

    assert rig.order("A-1").attention == ""


def test_a_refused_notice_is_sent_again_from_the_page(browser: Client, rig: Rig, order: Order):
    browser.post(_url(order, "ship/"), _parcel(browser.get(_url(order)), **{"ship-tracking_number": "REJECT"}))
    rig.send()
    page = browser.get(_url(order)).content.decode()
    again = re.search(r'action="([^"]+/again/[^"]+)"', page)
    assert again is not None

    browser.post(again[1])

    assert rig.commands("ship") == ["pending", "pending"]


def test_a_third_party_managed_order_offers_nothing_and_says_why(browser: Client, rig: Rig):
    rig.item()
    rig.channel.fulfillments_on = False
    rig.channel.save()
    rig.market.has_order("A-1", sku="MUG-1")
    rig.download()

    page = browser.get(_url(rig.order("A-1"))).content.decode()

    assert "Third Party Managed" in page
    assert "data-open-dialog" not in page


# --- raws that could not be read


def test_raw_orders_are_read_again_from_their_page(browser: Client, rig: Rig, monkeypatch: pytest.MonkeyPatch):
    rig.item()
    rig.market.has_order("A-1", sku="MUG-1")["placed_at"] = "yesterday"
    rig.download()
    assert "cannot be read" in browser.get("/s/acme/orders/unreadable/").content.decode()
    assert "Some orders could not be read" in browser.get("/s/acme/orders/").content.decode()
    raw = RawOrder.objects.get()
    assert raw.body is not None
    raw.body["placed_at"] = "2026-03-02T10:00:00+00:00"
    raw.save()
    monkeypatch.setattr("channels_app.flows.orders.open_adapter", lambda channel: rig.adapter)

    answer = browser.post(f"/s/acme/orders/unreadable/{raw.pk}/read/", follow=True)

    assert "Order A-1 was read." in answer.content.decode()
    assert Order.objects.count() == 1


def test_where_parts_of_lines_cannot_be_cancelled_the_form_offers_all_or_none(browser: Client, rig: Rig, order: Order):
    rig.can(Capability.CANCEL_LINE)
    page = browser.get(_url(order))

    assert '<option value="2">All 2</option>' in page.content.decode()
    given = {"cancel-key": _key(page, "cancel"), "cancel-units-1": "2", "cancel-units-2": "0"}
    browser.post(_url(order, "cancel/"), given | {"cancel-reason": "no_stock"})
    assert (rig.line("A-1").cancelled, rig.line("A-1", 2).cancelled) == (2, 0)


# --- returns


@pytest.fixture
def returned(rig: Rig, order: Order) -> Return:
    rig.market.has_return(
        "R-1",
        "A-1",
        RemoteReturnLine(remote_id="RMA-1", quantity=2, sku="MUG-1", reason="Broken", comment="In two pieces"),
        RemoteReturnLine(remote_id="RMA-2", quantity=1, sku="CUP-1"),
    )
    rig.download_returns()
    return Return.objects.get()


def _decide(browser: Client, order: Order, returned: Return, **fields: Any) -> Any:
    name = f"return-{returned.pk}"
    given = {f"{name}-{field}": value for field, value in ({"units-1": 2, "units-2": 1} | fields).items()}
    key = {f"{name}-key": _key(browser.get(_url(order)), name)}
    return browser.post(_url(order, f"returns/{returned.pk}/"), key | given)


def test_the_page_shows_what_the_buyer_sends_back(browser: Client, order: Order, returned: Return):
    page = browser.get(_url(order)).content.decode()

    for words in ("Return R-1", "2 × MUG-1", "Broken: “In two pieces”", "The buyer sends back: 2 × MUG-1, 1 × CUP-1."):
        assert words in page
    assert "A-1" in browser.get("/s/acme/orders/?show=returns").content.decode()
    assert "2 returned lines wait for your decision." in browser.get("/s/acme/").content.decode()


def test_one_line_is_decided_and_the_other_waits(browser: Client, rig: Rig, order: Order, returned: Return):
    answer = _decide(browser, order, returned, **{"decision-1": "received"})
    rig.send()

    assert answer.status_code == 302
    assert [line.decision for line in returned.lines.order_by("pk")] == ["received", ""]
    page = browser.get(_url(order)).content.decode()
    assert "Decision about CUP-1" in page
    assert "Decision about MUG-1" not in page


def test_a_decision_without_a_choice_is_refused_with_words(browser: Client, order: Order, returned: Return):
    answer = _decide(browser, order, returned)

    assert answer.status_code == 422
    assert "Decide about at least one line." in answer.content.decode()


def test_everything_decided_elsewhere_meanwhile_is_said(browser: Client, order: Order, returned: Return):
    name = f"return-{returned.pk}"
    key = _key(browser.get(_url(order)), name)
    returned.lines.update(decision="received")

    answer = browser.post(_url(order, f"returns/{returned.pk}/"), {f"{name}-key": key}, follow=True)

    assert "Everything in this return was decided already." in answer.content.decode()


def test_a_viewer_sees_returns_and_decides_nothing(client: Client, rig: Rig, order: Order, returned: Return):
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    assert "Tell the marketplace" not in client.get(_url(order)).content.decode()
    assert client.post(_url(order, f"returns/{returned.pk}/")).status_code == 403


# --- lost answers


def test_a_person_says_what_they_saw_of_a_lost_answer(browser: Client, rig: Rig, order: Order):
    commands = Command.objects.filter(order=order)
    commands.update(state="unknown", overdue=True)
    key = commands[0].group_key
    assert "It was not done: send it again" in browser.get(_url(order)).content.decode()

    assert browser.post(_url(order, f"lost/{key}/"), {"seen": "perhaps"}).status_code == 400
    first = browser.post(_url(order, f"lost/{key}/"), {"seen": "done"}, follow=True)
    second = browser.post(_url(order, f"lost/{key}/"), {"seen": "done"}, follow=True)

    assert "Noted: it counts as done." in first.content.decode()
    assert "That was cleared up already." in second.content.decode()
    assert {command.state for command in commands} == {"confirmed"}

import pytest

from tests.sandbox.bol.retailer import MUG


@pytest.fixture
def order(box, retailer):
    """An order of two mugs and a cup."""
    retailer.offers()
    retailer.offers(ean="8712345678913", reference="CUP")
    return box.buy(retailer.account_id, ("MUG-BLUE-01", 2), ("CUP", 1))


@pytest.fixture
def item(order):
    return order["lines"][0]["id"]


def listed(retailer, **params):
    return [one["orderId"] for one in retailer.get("/retailer/orders", **params).get("orders", [])]


def quantities(retailer, order):
    items = retailer.order(order["id"])["orderItems"]
    return [(item["quantity"], item["quantityShipped"], item["quantityCancelled"]) for item in items]


def test_the_list_has_neither_prices_nor_addresses(retailer, order):
    (row,) = retailer.get("/retailer/orders")["orders"]

    assert row.keys() == {"orderId", "orderPlacedDateTime", "orderItems"}
    assert [(item["ean"], item["quantity"], item["fulfilmentStatus"]) for item in row["orderItems"]] == [
        (MUG["ean"], 2, "OPEN"),
        ("8712345678913", 1, "OPEN"),
    ]
    assert "unitPrice" not in row["orderItems"][0]


def test_an_order_has_prices_with_tax_inside_and_no_status(retailer, order):
    shown = retailer.order(order["id"])

    item = shown["orderItems"][0]
    assert (item["unitPrice"], item["totalPrice"], item["discounts"]) == (12.9, 25.8, [])
    assert item["offer"]["reference"] == "MUG-BLUE-01"
    assert item["product"]["ean"] == MUG["ean"]
    assert "status" not in shown
    assert not any("tax" in name.lower() for name in item)


def test_moments_carry_the_time_of_amsterdam(retailer, order):
    assert retailer.order(order["id"])["orderPlacedDateTime"].endswith("+01:00")


def test_open_and_handled_orders_are_listed_apart(box, retailer, order, item):
    later = box.buy(retailer.account_id, ("CUP", 1))
    retailer.done(retailer.ship({"orderItemId": later["lines"][0]["id"]}))

    assert listed(retailer) == [order["id"]]
    assert listed(retailer, status="SHIPPED") == [later["id"]]
    assert listed(retailer, status="ALL") == [order["id"], later["id"]]


def test_open_orders_behind_many_handled_ones_are_on_the_first_page(box, retailer, order):
    for _ in range(50):
        one = box.buy(retailer.account_id, ("CUP", 1), force=True)
        box.control("POST", f"/orders/{one['id']}/cancel", {})
    last = box.buy(retailer.account_id, ("CUP", 1), force=True)

    assert listed(retailer) == [order["id"], last["id"]]
    assert listed(retailer, page=2) == []


def test_what_changed_in_the_last_minutes_is_listed(box, retailer, order):
    box.pass_seconds(200)
    later = box.buy(retailer.account_id, ("CUP", 1))

    assert listed(retailer, status="ALL", change_interval_minute=2) == [later["id"]]
    assert listed(retailer, status="ALL", change_interval_minute=60) == [order["id"], later["id"]]
    assert retailer.call("GET", "/retailer/orders", change_interval_minute=61).status_code == 400


def test_what_changed_on_a_day_is_listed(retailer, order):
    assert listed(retailer, status="ALL", latest_change_date="2026-01-05") == [order["id"]]
    assert listed(retailer, status="ALL", latest_change_date="2026-01-04") == []


def test_a_parcel_is_on_its_way_only_once_its_process_is_done(box, retailer, order, item):
    answer = retailer.ship({"orderItemId": item, "quantity": 1}, shipmentReference="SO-1")

    taken = answer.json()
    assert (answer.status_code, taken["status"], taken["eventType"]) == (202, "PENDING", "CREATE_SHIPMENT")
    assert taken["entityId"] == item
    assert quantities(retailer, order)[0] == (2, 0, 0)

    box.settle()
    assert retailer.process(taken["processStatusId"])["status"] == "SUCCESS"
    assert quantities(retailer, order)[0] == (2, 1, 0)
    (parcel,) = retailer.state()["shipments"]
    assert (parcel["carrier_name"], parcel["tracking_number"]) == ("TNT", "3SBOL0987654321")


def test_without_a_quantity_all_that_is_open_ships(retailer, order, item):
    retailer.done(retailer.ship({"orderItemId": item, "quantity": 1}))

    retailer.done(retailer.ship({"orderItemId": item}))

    assert quantities(retailer, order) == [(2, 2, 0), (1, 0, 0)]


def test_more_than_is_open_fails_and_ships_nothing(retailer, order, item):
    cup = order["lines"][1]["id"]

    process = retailer.done(retailer.ship({"orderItemId": cup}, {"orderItemId": item, "quantity": 3}))

    assert process["status"] == "FAILURE"
    assert process["errorMessage"]
    assert quantities(retailer, order) == [(2, 0, 0), (1, 0, 0)]


def test_a_parcel_is_about_one_order(box, retailer, order, item):
    other = box.buy(retailer.account_id, ("CUP", 1))

    answer = retailer.ship({"orderItemId": item}, {"orderItemId": other["lines"][0]["id"]})

    assert answer.status_code == 400 or retailer.done(answer)["status"] == "FAILURE"
    assert retailer.state()["shipments"] == []


@pytest.mark.parametrize("more", [{"transport": None}, {"shippingLabelId": "d4c50077"}, {"shipmentReference": ""}])
def test_a_parcel_has_either_a_transport_or_a_label(retailer, order, item, more):
    assert retailer.ship({"orderItemId": item}, **more).status_code == 400


def test_parcels_are_listed_and_their_tracking_is_corrected(retailer, order, item):
    retailer.done(retailer.ship({"orderItemId": item, "quantity": 1}, shipmentReference="SO-1"))
    (parcel,) = retailer.get("/retailer/shipments", order_id=order["id"])["shipments"]
    assert parcel["shipmentReference"] == "SO-1"

    path = f"/retailer/transports/{parcel['transport']['transportId']}"
    change = {"transporterCode": "DHL", "trackAndTrace": "JVGL0611"}
    process = retailer.done(retailer.call("PUT", path, change))

    assert (process["status"], process["eventType"]) == ("SUCCESS", "CHANGE_TRANSPORT")
    shown = retailer.get(f"/retailer/shipments/{parcel['shipmentId']}")
    assert (shown["transport"]["transporterCode"], shown["transport"]["trackAndTrace"]) == ("DHL", "JVGL0611")


def test_a_whole_item_is_cancelled(retailer, order, item):
    process = retailer.done(retailer.cancel(item))

    assert (process["status"], process["eventType"]) == ("SUCCESS", "CANCEL_ORDER")
    assert quantities(retailer, order) == [(2, 0, 2), (1, 0, 0)]


def test_one_call_cancels_one_item(retailer, order):
    assert retailer.cancel(*(line["id"] for line in order["lines"])).status_code == 400
    assert retailer.cancel().status_code == 400


def test_an_unheard_of_reason_is_refused(retailer, order, item):
    assert retailer.cancel(item, reason="BORED").status_code == 400


def test_what_has_left_is_not_cancelled(retailer, order, item):
    retailer.done(retailer.ship({"orderItemId": item}))

    assert retailer.done(retailer.cancel(item))["status"] == "FAILURE"
    assert quantities(retailer, order)[0] == (2, 2, 0)


def test_a_buyers_wish_shows_on_the_items_that_are_open(box, retailer, order, item):
    box.control("POST", f"/orders/{order['id']}/request-cancellation", {"reason": "Too late"})

    shown = retailer.order(order["id"])["orderItems"]
    assert [one["cancellationRequest"] for one in shown] == [True, True]
    retailer.done(retailer.cancel(item, reason="REQUESTED_BY_CUSTOMER"))
    assert [one["cancellationRequest"] for one in retailer.order(order["id"])["orderItems"]] == [False, True]
    retailer.done(retailer.ship({"orderItemId": order["lines"][1]["id"]}))
    assert [one["cancellationRequest"] for one in retailer.order(order["id"])["orderItems"]] == [False, False]

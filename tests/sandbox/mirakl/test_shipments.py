import pytest

TRACKING = {"carrier_code": "UPS", "tracking_number": "1Z9"}


@pytest.fixture
def order_id(shop):
    return shop.ready(quantity=3)


def packs(shop, order_id, quantity, **more):
    (line,) = shop.order(order_id)["order_lines"]
    lines = [{"order_line_id": line["order_line_id"], "quantity": quantity}]
    return shop.does("POST", "/shipments", {"shipments": [{"order_id": order_id, "shipment_lines": lines, **more}]})


def parcels(shop, order_id):
    return {one["id"]: one for one in shop.get("/shipments", order_id=order_id)["data"]}


def shipped(shop):
    (order,) = shop.box.control("GET", f"/state?account_id={shop.account_id}")["orders"]
    return order["lines"][0]["quantity_shipped"]


def test_part_of_an_order_leaves(shop, order_id):
    answer = packs(shop, order_id, 2, shipped=True, tracking=TRACKING)

    (made,) = answer.json()["shipment_success"]
    assert answer.status_code == 201
    assert shop.states(order_id) == ["SHIPPING"]
    (parcel,) = parcels(shop, order_id).values()
    assert (parcel["id"], parcel["status"], parcel["tracking"]["tracking_number"]) == (made["id"], "SHIPPED", "1Z9")
    assert parcel["shipment_lines"][0]["quantity"] == 2
    packs(shop, order_id, 1, shipped=True)
    assert shop.states(order_id) == ["SHIPPED"]


def test_a_201_may_hold_a_refusal(shop, order_id):
    answer = packs(shop, order_id, 4, shipped=True)

    assert answer.status_code == 201
    assert answer.json()["shipment_success"] == []
    assert answer.json()["shipment_errors"][0]["order_id"] == order_id
    assert shipped(shop) == 0


def test_a_parcel_may_wait_get_its_number_and_leave(shop, order_id):
    number = packs(shop, order_id, 2).json()["shipment_success"][0]["id"]
    assert (parcels(shop, order_id)[number]["status"], shipped(shop)) == ("SHIPPING", 0)

    shop.does("POST", "/shipments/tracking", {"shipments": [{"id": number, "tracking": TRACKING}]})
    answer = shop.does("PUT", "/shipments/ship", {"shipments": [{"id": number}, {"id": "other"}]})

    assert answer.status_code == 200
    assert answer.json()["shipment_success"] == [{"id": number}]
    assert answer.json()["shipment_errors"][0]["id"] == "other"
    assert parcels(shop, order_id)[number]["status"] == "SHIPPED"
    assert parcels(shop, order_id)[number]["tracking"]["tracking_number"] == "1Z9"
    assert shipped(shop) == 2


def test_what_is_in_a_parcel_is_not_packed_again(shop, order_id):
    def to_ship():
        return [
            line["quantity"] for one in shop.get("/shipments/items_to_ship")["data"] for line in one["shipment_lines"]
        ]

    assert to_ship() == [3]
    number = packs(shop, order_id, 2).json()["shipment_success"][0]["id"]
    assert to_ship() == [1]
    assert packs(shop, order_id, 2).json()["shipment_success"] == []

    shop.does("PUT", "/shipments/delete", {"shipments": [{"id": number}]})

    assert to_ship() == [3]
    assert parcels(shop, order_id) == {}


def test_what_has_left_cannot_be_taken_back_but_gets_another_number(shop, order_id):
    number = packs(shop, order_id, 1, shipped=True, tracking=TRACKING).json()["shipment_success"][0]["id"]

    deleted = shop.does("PUT", "/shipments/delete", {"shipments": [{"id": number}]}).json()
    other = {**TRACKING, "tracking_number": "1Z8"}
    shop.does("POST", "/shipments/tracking", {"shipments": [{"id": number, "tracking": other}]})

    assert [one["id"] for one in deleted["shipment_errors"]] == [number]
    assert parcels(shop, order_id)[number]["tracking"]["tracking_number"] == "1Z8"


def test_an_answer_that_was_lost_has_made_its_parcel(shop, order_id):
    shop.box.switch_on("timeout_after_work", operation="ST01", next_n=1)

    with pytest.raises(Exception, match="disconnected"):
        packs(shop, order_id, 2, shipped=True)

    assert [one["shipment_lines"][0]["quantity"] for one in parcels(shop, order_id).values()] == [2]

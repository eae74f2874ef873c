import pytest

DAY = 86_400


def found(seller, **params):
    listed = seller.get("/orders", **params)["list"]
    return [one["purchaseOrderId"] for one in listed["elements"]["order"]]


def test_an_order_shows_what_was_bought_and_for_whom(seller):
    order_id = seller.sells(2, shipping="4.99")

    order = seller.order(order_id)

    assert (order["customerOrderId"], order["shipNode"]) == (f"C{order_id}", {"type": "SellerFulfilled"})
    assert order["orderDate"] == "1767600002000"
    assert order["shippingInfo"]["estimatedShipDate"] == 1767600002000 + 2 * DAY * 1000
    assert order["shippingInfo"]["postalAddress"]["country"] == "USA"
    line = seller.line(order_id)
    assert line["orderLineQuantity"] == {"unitOfMeasurement": "EACH", "amount": "2"}
    charges = [(one["chargeType"], one["chargeAmount"]["amount"]) for one in line["charges"]["charge"]]
    assert charges == [("PRODUCT", 29.98), ("SHIPPING", 4.99)]


def test_an_order_is_acknowledged_then_may_be_shipped(seller):
    order_id = seller.sells()
    assert seller.statuses(order_id) == {"Created": 2}
    assert seller.ships(order_id, seller.parcel()).status_code == 400

    seller.does("POST", f"/orders/{order_id}/acknowledge")

    assert seller.statuses(order_id) == {"Acknowledged": 2}
    answer = seller.ships(order_id, seller.parcel(amount=1))
    assert answer.json()["order"]["orderLines"]["orderLine"][0]["sellerOrderId"] == "SO-20017"
    assert seller.statuses(order_id) == {"Shipped": 1, "Acknowledged": 1}


def test_orders_are_found_by_what_they_are(seller):
    first, second = seller.sells(), seller.sells(skus=("SHIRT",))
    seller.does("POST", f"/orders/{second}/acknowledge")

    assert found(seller, purchaseOrderId=first) == found(seller, customerOrderId=f"C{first}") == [first]
    assert found(seller, status="Created") == found(seller, sku="MUG") == [first]
    assert found(seller, status="Acknowledged") == found(seller, sku="SHIRT") == [second]
    assert found(seller, status="Shipped") == found(seller, shipNodeType="WFSFulfilled") == []
    assert seller.call("GET", "/orders", params={"status": "Lost"}).status_code == 400


def test_an_order_is_found_by_the_status_of_any_of_its_units(seller):
    order_id = seller.sells(3)
    seller.does("POST", f"/orders/{order_id}/acknowledge")
    seller.ships(order_id, seller.parcel(amount=1))
    seller.cancels(order_id, 1, "SELLER_CANCEL_OUT_OF_STOCK")

    assert all(found(seller, status=status) == [order_id] for status in ("Acknowledged", "Shipped", "Cancelled"))


def test_orders_are_found_by_their_times(seller):
    first = seller.sells()
    seller.box.pass_seconds(600)
    second = seller.sells()
    seller.box.pass_seconds(60)
    seller.does("POST", f"/orders/{first}/acknowledge")

    assert found(seller, createdEndDate="2026-01-05T08:05:00Z") == [first]
    assert found(seller, createdStartDate="2026-01-05T08:05:00Z") == [second]
    assert found(seller, lastModifiedStartDate="2026-01-05T08:10:30Z") == [first]
    assert found(seller, lastModifiedEndDate="2026-01-05T08:10:30Z") == [second]
    assert seller.call("GET", "/orders", params={"createdStartDate": "yesterday"}).status_code == 400


def test_without_a_beginning_the_list_reaches_back_a_week_and_never_more_than_half_a_year(seller):
    order_id = seller.sells()

    seller.box.pass_seconds(8 * DAY)
    seller.sign_in()
    assert found(seller) == []
    assert found(seller, createdStartDate="2025-12-01T00:00:00Z") == [order_id]
    seller.box.pass_seconds(173 * DAY)
    seller.sign_in()
    assert found(seller, createdStartDate="2025-12-01T00:00:00Z") == []


@pytest.mark.parametrize("asked", [{}, {"status": "Created"}])
def test_the_next_page_is_a_query_to_be_sent_as_it_is(seller, asked):
    numbers = [seller.sells(1) for _ in range(5)]
    page = seller.get("/orders", limit=2, **asked)["list"]
    seen = page["elements"]["order"]

    assert (page["meta"]["totalCount"], page["meta"]["limit"]) == (5, 2)
    while following := page["meta"].get("nextCursor"):
        page = seller.get(f"/orders{following}")["list"]
        seen += page["elements"]["order"]

    assert [one["purchaseOrderId"] for one in seen] == numbers


@pytest.mark.parametrize("limit", [0, 201])
def test_a_page_has_two_hundred_orders_at_most(seller, limit):
    assert seller.call("GET", "/orders", params={"limit": limit}).status_code == 400


def test_units_are_cancelled_for_a_reason_of_walmarts_list(seller):
    order_id = seller.sells(3)

    assert seller.cancels(order_id, 1, "SELLER_CANCEL_OUT_OF_STOCK").status_code == 200
    assert seller.cancels(order_id, 1, "BECAUSE").status_code == 400

    assert seller.statuses(order_id) == {"Cancelled": 1, "Created": 2}
    rows = seller.line(order_id)["orderLineStatuses"]["orderLineStatus"]
    assert rows[0]["cancellationReason"] == "SELLER_CANCEL_OUT_OF_STOCK"


def test_the_buyers_sake_is_a_reason_only_if_the_buyer_asked(seller):
    order_id = seller.sells()
    assert seller.cancels(order_id, 2, "CUSTOMER_REQUESTED_SELLER_TO_CANCEL").status_code == 400

    seller.box.control("POST", f"/orders/{order_id}/request-cancellation", {"reason": "Too late"})

    assert seller.line(order_id)["intentToCancel"] == "true"
    assert seller.cancels(order_id, 2, "CUSTOMER_REQUESTED_SELLER_TO_CANCEL").status_code == 200
    assert seller.statuses(order_id) == {"Cancelled": 2}


def test_what_has_left_is_not_cancelled(seller):
    assert seller.cancels(seller.shipped(), 1, "SELLER_CANCEL_OUT_OF_STOCK").status_code == 400


def test_a_status_may_be_one_that_no_document_knows(seller):
    order_id = seller.sells()
    seller.box.switch_on("unknown_enum")

    assert seller.statuses(order_id) == {"Teleported": 2}

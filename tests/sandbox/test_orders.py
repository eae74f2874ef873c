import pytest


def test_a_sale_lowers_the_quantity(market, seller):
    seller.list_item("A", quantity=5, price="10.00")

    order = market.buy(seller.account_id, ("A", 2))

    assert seller.listing("A")["quantity"] == 3
    assert (order["status"], order["total"], order["lines"][0]["amount"]) == ("new", "20.00", "20.00")


def test_more_than_is_shown_cannot_be_bought(market, seller):
    seller.list_item("A", quantity=1)

    answer = market.http.post(
        "/control/buy", json={"account_id": seller.account_id, "lines": [{"sku": "A", "quantity": 2}]}
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "out_of_stock")
    assert seller.listing("A")["quantity"] == 1


def test_two_lines_of_one_order_cannot_take_the_same_unit(market, seller):
    seller.list_item("A", quantity=1)
    lines = [{"sku": "A", "quantity": 1}, {"sku": "A", "quantity": 1}]

    answer = market.http.post("/control/buy", json={"account_id": seller.account_id, "lines": lines})

    assert answer.status_code == 409
    assert seller.listing("A")["quantity"] == 1
    assert seller.get("/orders")["orders"] == []


def test_a_forced_purchase_takes_what_is_not_there(market, seller):
    seller.list_item("A", quantity=1)
    lines = [{"sku": "A", "quantity": 3}, {"sku": "UNKNOWN", "quantity": 1, "unit_price": "4.00"}]

    order = market.control("POST", "/buy", {"account_id": seller.account_id, "lines": lines, "force": True})

    assert [line["sku"] for line in order["lines"]] == ["A", "UNKNOWN"]
    assert seller.listing("A")["quantity"] == 0


def test_the_same_reference_is_one_order(market, seller):
    seller.list_item("A", quantity=5)

    orders = [market.buy(seller.account_id, ("A", 1), ref="till-7")["id"] for _ in range(2)]

    assert orders[0] == orders[1]
    assert seller.listing("A")["quantity"] == 4


def test_a_quantity_sent_after_a_sale_is_absolute(market, seller):
    seller.list_item("A", quantity=5)
    market.buy(seller.account_id, ("A", 2))

    seller.send("quantity", {"sku": "A", "quantity": 5}, key="q")

    assert seller.listing("A")["quantity"] == 5


def test_many_orders_are_placed_at_once_and_each_is_refused_on_its_own(market, seller):
    seller.list_item("A", quantity=2)
    purchase = {"account_id": seller.account_id, "lines": [{"sku": "A", "quantity": 1, "amount": "7.98"}]}

    placed = market.control("POST", "/buy-many", {"orders": [{**purchase, "ref": str(n)} for n in range(3)]})["orders"]

    assert [("order_id" in row, row.get("code")) for row in placed] == [
        (True, None),
        (True, None),
        (False, "out_of_stock"),
    ]
    assert [order["total"] for order in seller.get("/orders")["orders"]] == ["7.98", "7.98"]


def test_orders_come_by_update_time_and_an_updated_one_comes_again(market, seller):
    seller.list_item("A")
    first = market.buy(seller.account_id, ("A", 1))
    market.pass_seconds(10)
    second = market.buy(seller.account_id, ("A", 1))
    market.pass_seconds(10)
    seller.do(first["id"], "accept", key="a")

    orders = seller.get("/orders", updated_since=second["updated_at"])["orders"]

    assert [(order["id"], order["version"]) for order in orders] == [(second["id"], 1), (first["id"], 2)]


def test_orders_are_paged_without_loss(market, seller):
    seller.list_item("A", quantity=10)
    placed = [market.buy(seller.account_id, ("A", 1))["id"] for _ in range(5)]

    seen, token = [], None
    while True:
        page = seller.get("/orders", limit=2, **({"page_token": token} if token else {}))
        seen += [order["id"] for order in page["orders"]]
        token = page["next_page_token"]
        if token is None:
            break

    assert seen == placed


def ordered(market, seller, quantity=2):
    """An accepted order of A, and its line's id."""
    seller.list_item("A", quantity=9)
    order = market.buy(seller.account_id, ("A", quantity), shipping="4.00")
    seller.do(order["id"], "accept", key=f"accept-{order['id']}")
    return order["id"], order["lines"][0]["id"]


def parcel(line, quantity=1, **more):
    return {"lines": [{"line_id": line, "quantity": quantity}], "carrier_code": "UPS", "tracking_number": "1Z", **more}


def test_an_order_ships_in_parts(market, seller):
    order, line = ordered(market, seller)

    first = seller.do(order, "shipments", parcel(line), key="s1").json()
    second = seller.do(order, "shipments", parcel(line), key="s2").json()

    assert [answer["order"]["status"] for answer in (first, second)] == ["partially_shipped", "shipped"]
    shipments = market.control("GET", f"/state?account_id={seller.account_id}")["shipments"]
    assert [(shipment["order_id"], shipment["tracking_number"]) for shipment in shipments] == [(order, "1Z")] * 2


def test_the_same_key_ships_once_and_gives_the_same_answer(market, seller):
    order, line = ordered(market, seller)

    answers = [seller.do(order, "shipments", parcel(line), key="s1").json() for _ in range(2)]

    assert answers[0] == answers[1]
    assert seller.get(f"/orders/{order}")["lines"][0]["quantity_shipped"] == 1
    assert seller.get("/operations/s1")["answer"]["shipment_id"] == answers[0]["shipment_id"]


def test_what_was_never_done_is_not_found_by_its_key(seller):
    assert seller.call("GET", "/operations/never").status_code == 404


def test_a_key_used_for_one_thing_is_refused_for_another(market, seller):
    order, line = ordered(market, seller)
    seller.do(order, "shipments", parcel(line), key="s1")

    assert seller.do(order, "shipments", parcel(line, 2), key="s1").status_code == 409


def test_accepting_twice_is_harmless(market, seller):
    order, _ = ordered(market, seller)

    again = seller.do(order, "accept", key="another")

    assert again.status_code == 200
    assert again.json()["accepted_at"] == seller.get(f"/orders/{order}")["accepted_at"]


def test_nothing_ships_before_it_is_accepted(market, seller):
    seller.list_item("A")
    order = market.buy(seller.account_id, ("A", 1))

    answer = seller.do(order["id"], "shipments", parcel(order["lines"][0]["id"]), key="s")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_accepted")

    seller.do(order["id"], "accept", key="a")
    assert seller.do(order["id"], "shipments", parcel(order["lines"][0]["id"]), key="s").status_code == 200


def test_nothing_ships_before_it_is_paid(market, seller):
    seller.list_item("A")
    order = market.buy(seller.account_id, ("A", 1), payment_status="pending")
    seller.do(order["id"], "accept", key="a")

    refused = seller.do(order["id"], "shipments", parcel(order["lines"][0]["id"]), key="s")
    market.control("PATCH", f"/orders/{order['id']}", {"payment_status": "cleared"})

    assert refused.json()["code"] == "payment_not_cleared"
    assert seller.do(order["id"], "shipments", parcel(order["lines"][0]["id"]), key="s").status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"lines": [{"line_id": "?", "quantity": 3}]}, 409, "over_shipment"),
        ({"carrier_code": "PIGEON"}, 422, "unknown_carrier"),
        ({"carrier_code": "OTHER"}, 422, "carrier_name_missing"),
        ({"lines": [{"line_id": "nonsense", "quantity": 1}]}, 422, "unknown_line"),
        ({"lines": []}, 422, "no_lines"),
        ({"shipped_at": "yesterday"}, 422, "moment_invalid"),
    ],
)
def test_a_shipment_that_cannot_be_is_refused_and_changes_nothing(market, seller, change, status, code):
    order, line = ordered(market, seller)
    body = {**parcel(line), **change}
    body["lines"] = [{**asked, "line_id": asked["line_id"].replace("?", line)} for asked in body["lines"]]

    answer = seller.do(order, "shipments", body, key="s")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert seller.get(f"/orders/{order}")["lines"][0]["quantity_shipped"] == 0


def cancellation(line, quantity=1):
    return {"lines": [{"line_id": line, "quantity": quantity, "reason": "OUT_OF_STOCK"}]}


def test_a_part_of_a_line_is_cancelled_and_the_rest_ships(market, seller):
    order, line = ordered(market, seller)

    seller.do(order, "cancellations", cancellation(line), key="c")
    last = seller.do(order, "shipments", parcel(line), key="s").json()

    assert last["order"]["status"] == "shipped"
    assert seller.do(order, "cancellations", cancellation(line), key="c2").json()["code"] == "already_shipped"


def test_an_order_cancelled_whole_is_cancelled(market, seller):
    order, line = ordered(market, seller)

    answer = seller.do(order, "cancellations", cancellation(line, 2), key="c").json()

    assert answer["order"]["status"] == "cancelled"
    assert seller.listing("A")["quantity"] == 7


def refund_of(line, amount, **more):
    return {"lines": [{"line_id": line, "quantity": 1, "amount": amount, "reason": "DAMAGED", **more}]}


def test_a_refund_gives_back_no_more_than_was_paid(market, seller):
    order, line = ordered(market, seller)
    seller.do(order, "shipments", parcel(line, 2), key="s")

    first = seller.do(order, "refunds", refund_of(line, "12.50", shipping_amount="4.00"), key="r1")
    too_much = seller.do(order, "refunds", refund_of(line, "7.51"), key="r2")
    shipping_again = seller.do(order, "refunds", refund_of(line, "1.00", shipping_amount="0.01"), key="r3")
    rest = seller.do(order, "refunds", refund_of(line, "7.50"), key="r4")

    assert [answer.status_code for answer in (first, too_much, shipping_again, rest)] == [200, 409, 409, 200]
    assert seller.get(f"/orders/{order}")["lines"][0]["amount_refunded"] == "20.00"


def test_what_was_not_shipped_is_not_refunded(market, seller):
    order, line = ordered(market, seller)

    assert seller.do(order, "refunds", refund_of(line, "1.00"), key="r").json()["code"] == "not_shipped"


def test_a_buyer_asks_to_cancel_and_the_seller_decides(market, seller):
    order, _ = ordered(market, seller)
    market.control("POST", f"/orders/{order}/request-cancellation", {"reason": "Too late"})

    assert seller.get(f"/orders/{order}")["cancellation_request"]["state"] == "open"
    refused = seller.do(order, "cancellation-request/refuse", key="d1").json()
    again = seller.do(order, "cancellation-request/approve", key="d2")

    assert refused["order"]["status"] == "accepted"
    assert again.json()["code"] == "no_open_request"


def test_an_approved_request_cancels_what_has_not_left(market, seller):
    order, line = ordered(market, seller)
    seller.do(order, "shipments", parcel(line), key="s")
    market.control("POST", f"/orders/{order}/request-cancellation", {"reason": "Too late"})

    answer = seller.do(order, "cancellation-request/approve", key="d").json()

    assert [(row["line_id"], row["quantity"]) for row in answer["lines"]] == [(line, 1)]
    assert answer["order"]["status"] == "shipped"


def test_a_buyer_cancels_before_shipment_as_a_fact(market, seller):
    order, line = ordered(market, seller)

    market.control("POST", f"/orders/{order}/cancel", {})

    assert seller.get(f"/orders/{order}")["status"] == "cancelled"
    assert seller.do(order, "shipments", parcel(line), key="s").json()["code"] == "over_shipment"


def test_a_line_may_vanish_from_an_order(market, seller):
    seller.list_item("A")
    seller.list_item("B")
    order = market.buy(seller.account_id, ("A", 1), ("B", 1))

    changed = market.control("PATCH", f"/orders/{order['id']}", {"remove_lines": [order["lines"][0]["id"]]})

    assert [line["sku"] for line in changed["lines"]] == ["B"]
    assert changed["version"] == 2


def test_an_order_has_to_leave_after_the_handling_days(market, seller):
    seller.list_item("A")
    market.control("PUT", "/settings", {"handling_days": 0.5})

    told = [
        market.buy(seller.account_id, ("A", 1), placed_at="2026-01-02T08:00:00Z"),
        market.buy(seller.account_id, ("A", 1), ship_by="2026-01-09T17:00:00+01:00"),
    ]

    assert [order["ship_by"] for order in told] == ["2026-01-02T20:00:00.000000Z", "2026-01-09T16:00:00.000000Z"]
    assert seller.get(f"/orders/{told[0]['id']}")["ship_by"] == told[0]["ship_by"]


def test_until_when_it_has_to_leave_may_change(market, seller):
    order, _ = ordered(market, seller)

    market.control("PATCH", f"/orders/{order}", {"ship_by": "2026-02-01T12:00:00Z"})

    changed = seller.get(f"/orders/{order}")
    assert (changed["ship_by"], changed["version"]) == ("2026-02-01T12:00:00.000000Z", 3)


def test_capabilities_that_are_taken_away_are_refused(market, seller):
    order, line = ordered(market, seller)
    can = {"tracking_required": True, "partial_shipment": False, "line_cancellation": False}
    market.control("PATCH", f"/accounts/{seller.account_id}", {"capabilities": can})

    without_tracking = seller.do(order, "shipments", parcel(line, 2, tracking_number=None), key="1").json()
    in_parts = seller.do(order, "shipments", parcel(line, 1), key="2").json()
    one_of_two = seller.do(order, "cancellations", cancellation(line, 1), key="3").json()

    assert [answer["code"] for answer in (without_tracking, in_parts, one_of_two)] == [
        "tracking_missing",
        "no_partial_shipment",
        "no_line_cancellation",
    ]


def test_where_parts_of_lines_cannot_be_cancelled_a_whole_one_can(market, seller):
    order, line = ordered(market, seller)
    market.control("PATCH", f"/accounts/{seller.account_id}", {"capabilities": {"partial_cancellation": False}})

    a_part = seller.do(order, "cancellations", cancellation(line, 1), key="1").json()
    whole = seller.do(order, "cancellations", cancellation(line, 2), key="2")

    assert a_part["code"] == "no_partial_cancellation"
    assert whole.status_code == 200

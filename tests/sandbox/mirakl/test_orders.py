import pytest

from tests.sandbox.mirakl.shop import offer


def test_an_order_waits_then_is_debited_then_may_be_shipped(shop):
    order_id = shop.sells()
    assert shop.order(order_id)["order_state"] == "WAITING_ACCEPTANCE"
    assert shop.order(order_id)["customer"]["shipping_address"] is None

    assert shop.accepts(order_id).status_code == 204

    accepted = shop.order(order_id)
    assert (accepted["order_state"], accepted["can_cancel"]) == ("WAITING_DEBIT", True)
    assert accepted["customer"]["shipping_address"]["country_iso_code"] == "USA"
    assert accepted["shipping_deadline"] is None
    shop.box.pass_seconds(1)
    payable = shop.order(order_id)
    assert (payable["order_state"], payable["shipping_deadline"][:10]) == ("SHIPPING", "2026-01-07")


def test_whoever_has_not_paid_is_not_shipped_to(shop):
    order_id = shop.ready(payment_status="pending")
    assert shop.order(order_id)["order_state"] == "WAITING_DEBIT_PAYMENT"
    assert shop.call("PUT", f"/orders/{order_id}/ship").status_code == 400

    shop.box.control("PATCH", f"/orders/{order_id}", {"payment_status": "cleared"})

    shop.does("PUT", f"/orders/{order_id}/ship")
    assert shop.states(order_id) == ["SHIPPED"]


def test_the_debit_counts_as_a_change(shop):
    order_id = shop.sells()
    shop.box.pass_seconds(0.7)
    shop.accepts(order_id)
    before = shop.order(order_id)["last_updated_date"]
    shop.box.pass_seconds(5)

    after = shop.order(order_id)["last_updated_date"]

    assert after > before
    assert [one["order_id"] for one in shop.get("/orders", start_update_date=after)["orders"]] == [order_id]


def test_every_line_that_waits_is_decided_about_at_once(shop):
    order_id = shop.sells(skus=("A", "B"))
    first, second = (line["order_line_id"] for line in shop.order(order_id)["order_lines"])

    def decides(*lines):
        body = {"order_lines": [{"id": line, "accepted": True} for line in lines]}
        return shop.call("PUT", f"/orders/{order_id}/accept", body).json()["code"]

    assert decides(first) == "ORDER_LINE_ACCEPTANCE_DECISION_MISSING"
    assert decides(first, first) == "ORDER_LINE_DUPLICATE_ID"
    assert decides(first, second, "other") == "ORDER_LINE_NOT_FOUND"
    assert shop.accepts(order_id, second).status_code == 204
    assert shop.states(order_id) == ["WAITING_DEBIT", "REFUSED"]
    assert decides(first, second) == "ORDER_INVALID_STATE"


def test_what_the_seller_refuses_is_refused_and_what_the_buyer_ends_is_cancelled(shop):
    refused, cancelled = shop.sells(), shop.sells()
    (line,) = shop.order(refused)["order_lines"]

    shop.accepts(refused, line["order_line_id"])
    shop.box.control("POST", f"/orders/{cancelled}/cancel", {"reason": "Too late"})

    assert [shop.order(one)["order_state"] for one in (refused, cancelled)] == ["REFUSED", "CANCELED"]


def test_an_order_is_shipped_as_one_parcel(shop):
    order_id = shop.ready()
    tracking = {"carrier_code": "UPS", "tracking_number": "1Z999AA10123456784"}

    assert shop.does("PUT", f"/orders/{order_id}/tracking", tracking).status_code == 204
    assert shop.does("PUT", f"/orders/{order_id}/ship").status_code == 204

    (parcel,) = shop.box.control("GET", f"/state?account_id={shop.account_id}")["shipments"]
    assert (parcel["carrier_code"], parcel["tracking_number"]) == ("UPS", "1Z999AA10123456784")
    assert shop.call("PUT", f"/orders/{order_id}/ship").status_code == 400


def test_a_carrier_must_be_one_of_the_operators(shop):
    order_id = shop.ready()

    refused = shop.call("PUT", f"/orders/{order_id}/tracking", {"carrier_code": "PIGEON"})

    assert (refused.status_code, refused.json()["code"]) == (400, "CARRIER_NOT_FOUND")


def test_a_refund_made_twice_is_made_twice(shop):
    order_id = shop.ready()
    (line,) = shop.order(order_id)["order_lines"]
    assert shop.refunds(line["order_line_id"], 5.0).status_code == 400
    shop.does("PUT", f"/orders/{order_id}/ship")

    answers = [shop.refunds(line["order_line_id"], 5.0) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["order_tax_mode"] == "TAX_INCLUDED"
    ids = [answer.json()["refunds"][0]["refund_id"] for answer in answers]
    (line,) = shop.order(order_id)["order_lines"]
    assert len(set(ids)) == 2
    assert [(one["amount"], one["reason_code"]) for one in line["refunds"]] == [(5.0, "21"), (5.0, "21")]


def test_more_than_was_paid_is_not_refunded(shop):
    order_id = shop.ready()
    shop.does("PUT", f"/orders/{order_id}/ship")
    (line,) = shop.order(order_id)["order_lines"]

    assert shop.refunds(line["order_line_id"], 25.81).status_code == 400


def test_where_taxes_are_on_top_they_are_named(shop):
    shop.get("/account")
    shop.box.control("PATCH", f"/accounts/{shop.account_id}", {"tax_included": False})
    shop.imported(offer("A"))
    line = {"sku": "A", "quantity": 1, "tax": "1.29"}
    order_id = shop.box.control("POST", "/buy", {"account_id": shop.account_id, "lines": [line]})["id"]
    shop.accepts(order_id)
    shop.box.pass_seconds(1)
    shop.does("PUT", f"/orders/{order_id}/ship")

    order = shop.order(order_id)
    (line,) = order["order_lines"]
    assert (order["order_tax_mode"], line["price"], line["taxes"][0]["amount"]) == ("TAX_EXCLUDED", 12.9, 1.29)
    assert shop.refunds(line["order_line_id"], 12.9).status_code == 400
    assert shop.refunds(line["order_line_id"], 12.9, taxes=[{"code": "TAX", "amount": 1.29}]).status_code == 200


def test_units_are_cancelled_by_line_and_seen_on_the_order(shop):
    order_id = shop.ready(quantity=3)
    (line,) = shop.order(order_id)["order_lines"]

    answer = shop.cancels(line["order_line_id"], 1, 12.9)

    assert answer.json()["cancelations"][0]["quantity"] == 1
    (line,) = shop.order(order_id)["order_lines"]
    (cancelation,) = line["cancelations"]
    assert (cancelation["quantity"], cancelation["amount"], cancelation["reason_code"]) == (1, 12.9, "15")
    assert line["order_line_state"] == "SHIPPING"


def test_before_acceptance_nothing_is_cancelled(shop):
    order_id = shop.sells()
    (line,) = shop.order(order_id)["order_lines"]

    assert shop.cancels(line["order_line_id"], 2, 25.8).status_code == 400


@pytest.mark.parametrize("reason", ["21", "99"])
def test_a_reason_must_be_one_to_cancel(shop, reason):
    order_id = shop.ready()
    (line,) = shop.order(order_id)["order_lines"]

    assert shop.cancels(line["order_line_id"], 1, 12.9, reason_code=reason).status_code == 400


def test_a_whole_order_is_cancelled_without_a_reason(shop):
    order_id = shop.ready()

    assert shop.does("PUT", f"/orders/{order_id}/cancel").status_code == 204

    assert shop.order(order_id)["order_state"] == "CANCELED"


def test_orders_are_found_by_state_and_by_when_they_were_placed(shop):
    waiting = shop.sells()
    shop.box.pass_seconds(3600)
    shipping = shop.ready()

    def found(**asked):
        return [one["order_id"] for one in shop.get("/orders", **asked)["orders"]]

    assert found() == [waiting, shipping]
    assert found(order_state_codes="SHIPPING,SHIPPED") == [shipping]
    assert found(end_date="2026-01-05T08:30:00Z") == [waiting]
    assert found(start_date="2026-01-05T08:30:00Z") == [shipping]
    assert found(end_update_date="2026-01-05T08:30:00Z") == [waiting]


def test_an_order_bears_the_sellers_own_number(shop):
    order_id = shop.sells()
    updates = [{"order_id": one, "references": {"order_reference_for_seller": "4711"}} for one in (order_id, "C-0")]

    known, unknown = shop.does("PUT", "/orders", {"orders": updates}).json()["updated_orders"]

    assert known["updated"]["references"] == {"order_reference_for_seller": "4711"}
    assert unknown["errors"][0]["code"] == "ORDER_NOT_FOUND"
    assert shop.order(order_id)["references"] == {"order_reference_for_seller": "4711"}


def test_states_may_be_ones_that_nobody_knows(shop):
    order_id = shop.sells()
    shop.box.switch_on("unknown_enum")

    assert shop.order(order_id)["order_state"] == "TELEPORTED"

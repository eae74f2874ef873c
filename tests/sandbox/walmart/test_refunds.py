import pytest


@pytest.fixture
def order_id(seller):
    return seller.shipped(2)


def given_back(seller):
    return [part["amount"] for one in seller.state()["refunds"] for part in one["lines"]]


def test_money_goes_back_as_negative_charges(seller, order_id):
    answer = seller.refunds(order_id, -5.0)

    assert answer.status_code == 200
    refund = seller.line(order_id)["refund"]
    (charge,) = refund["refundCharges"]["refundCharge"]
    assert (charge["refundReason"], charge["charge"]["chargeAmount"]["amount"]) == ("DamagedItem", -5.0)
    assert given_back(seller) == ["5.0"]


def test_a_refund_made_twice_is_made_twice_under_numbers_of_their_own(seller, order_id):
    numbers = []
    for amount in (-5.0, -7.0):
        seller.refunds(order_id, amount)
        numbers.append(seller.line(order_id)["refund"]["refundId"])

    assert len(set(numbers)) == 2
    (charge,) = seller.line(order_id)["refund"]["refundCharges"]["refundCharge"]
    assert charge["charge"]["chargeAmount"]["amount"] == -7.0
    assert given_back(seller) == ["5.0", "7.0"]


def test_one_call_may_hold_several_refunds_of_a_line(seller, order_id):
    def part(amount):
        money = {
            "chargeType": "PRODUCT",
            "chargeName": "ItemPrice",
            "chargeAmount": {"currency": "USD", "amount": amount},
        }
        charges = {"refundCharge": [{"refundReason": "Others", "charge": money}]}
        return {"refundComments": f"{amount}", "refundCharges": charges}

    line = {"lineNumber": "1", "isFullRefund": False, "refunds": {"refund": [part(-1.0), part(-2.0)]}}
    body = {"orderRefund": {"purchaseOrderId": order_id, "orderLines": {"orderLine": [line]}}}
    seller.does("POST", f"/orders/{order_id}/refund", body)

    assert given_back(seller) == ["1.0", "2.0"]
    assert seller.line(order_id)["refund"]["refundComments"] == "-2.0"


def test_shipping_is_given_back_as_a_charge_of_its_own(seller):
    order_id = seller.shipped(1, shipping="4.99")

    assert seller.refunds(order_id, -4.99, chargeType="SHIPPING", chargeName="Shipping").status_code == 200
    assert seller.refunds(order_id, -0.01, chargeType="SHIPPING", chargeName="Shipping").status_code == 400


@pytest.mark.parametrize("amount", [5.0, -29.99, 0.0])
def test_what_is_not_negative_or_too_much_is_refused(seller, order_id, amount):
    assert seller.refunds(order_id, amount).status_code == 400
    assert given_back(seller) == []


def test_another_currency_or_order_is_refused(seller, order_id):
    euros = {"chargeAmount": {"currency": "EUR", "amount": -5.0}}

    assert seller.refunds(order_id, -5.0, **euros).status_code == 400
    line = {"lineNumber": "1", "refunds": {"refund": []}}
    other = {"orderRefund": {"purchaseOrderId": "SO-0", "orderLines": {"orderLine": [line]}}}
    assert seller.call("POST", f"/orders/{order_id}/refund", other).status_code == 400


def test_before_shipment_nothing_is_refunded(seller):
    assert seller.refunds(seller.sells(), -5.0).status_code == 400


def test_what_a_return_gave_back_stands_on_the_order_too(seller, order_id):
    returned = seller.gets_back(order_id, {"line_id": f"{order_id}-1", "quantity": 1})
    seller.refunds_return(returned, f"C{order_id}", {"returnOrderLineNumber": 1})

    (charge,) = seller.line(order_id)["refund"]["refundCharges"]["refundCharge"]

    assert charge["refundReason"] == "Customer returned item"
    assert charge["charge"]["chargeAmount"]["amount"] == -14.99

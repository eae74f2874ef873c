import pytest


@pytest.fixture
def order_id(seller):
    return seller.shipped(2)


def given_back(seller):
    return [part["amount"] for one in seller.state()["refunds"] for part in one["lines"]]


def line(number, *amounts, reason="Others", full=False):
    """A line with a refund of each amount."""
    refunds = [
        {
            "refundComments": f"{amount}",
            "refundCharges": {"refundCharge": [{"refundReason": reason, "charge": charge_of(amount)}]},
        }
        for amount in amounts
    ]
    return {"lineNumber": number, "isFullRefund": full, "refunds": {"refund": refunds}}


def charge_of(amount):
    money = {"currency": "USD", "amount": amount}
    return {"chargeType": "PRODUCT", "chargeName": "ItemPrice", "chargeAmount": money}


def call(seller, order_id, *lines, about=""):
    body = {"orderRefund": {"purchaseOrderId": about or order_id, "orderLines": {"orderLine": list(lines)}}}
    return seller.call("POST", f"/orders/{order_id}/refund", body)


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
    assert call(seller, order_id, line("1", -1.0, -2.0)).status_code == 200

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


def test_another_currency_is_refused(seller, order_id):
    assert seller.refunds(order_id, -5.0, chargeAmount={"currency": "EUR", "amount": -5.0}).status_code == 400


def test_another_order_is_refused(seller, order_id):
    refused = call(seller, order_id, line("1", -5.0), about="SO-0")

    assert (refused.status_code, given_back(seller)) == (400, [])


def test_a_reason_must_be_one_of_walmarts(seller, order_id):
    assert call(seller, order_id, line("1", -5.0, reason="Because")).status_code == 400


def test_lines_are_refunded_in_full_or_in_part_and_named_once(seller):
    order_id = seller.shipped(2, ("MUG", "SHIRT"))

    assert call(seller, order_id, line("1", -5.0), line("2", -5.0, full=True)).status_code == 400
    assert call(seller, order_id, line("1", -5.0), line("1", -5.0)).status_code == 400
    assert call(seller, order_id, line("1", -5.0), line("2", -5.0)).status_code == 200


def test_taxes_go_back_beside_their_charge(seller):
    seller.lists("MUG")
    bought = {"sku": "MUG", "quantity": 1, "tax": "1.20"}
    order_id = seller.box.control("POST", "/buy", {"account_id": seller.account_id, "lines": [bought]})["id"]
    seller.does("POST", f"/orders/{order_id}/acknowledge")
    seller.ships(order_id, seller.parcel(amount=1))

    def tax(amount):
        return {"taxName": "Tax1", "taxAmount": {"currency": "USD", "amount": amount}}

    (charge,) = seller.line(order_id)["charges"]["charge"]
    assert charge["tax"] == tax(1.2)
    assert seller.refunds(order_id, -14.99, tax=tax(-1.21)).status_code == 400
    assert seller.refunds(order_id, -14.99, tax=tax(-1.2)).status_code == 200
    (row,) = seller.line(order_id)["refund"]["refundCharges"]["refundCharge"]
    assert row["charge"]["tax"] == tax(-1.2)


def test_before_shipment_nothing_is_refunded(seller):
    assert seller.refunds(seller.sells(), -5.0).status_code == 400


def test_what_a_return_gave_back_stands_on_the_order_too(seller, order_id):
    returned = seller.gets_back(order_id, {"line_id": f"{order_id}-1", "quantity": 1})
    seller.refunds_return(returned, f"C{order_id}", {"returnOrderLineNumber": 1})

    (charge,) = seller.line(order_id)["refund"]["refundCharges"]["refundCharge"]

    assert charge["refundReason"] == "Customer returned item"
    assert charge["charge"]["chargeAmount"]["amount"] == -14.99

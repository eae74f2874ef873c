import httpx
import pytest

from sandbox.engine import returns
from sandbox.engine.errors import Conflict, NotFound


@pytest.fixture
def shipped(market, seller):
    """An order of three pieces for 10.00 together, of which two have left."""
    seller.list_item("A", quantity=9)
    line = {"sku": "A", "quantity": 3, "amount": "10.00"}
    order = market.control("POST", "/buy", {"account_id": seller.account_id, "lines": [line]})
    seller.do(order["id"], "accept", key="a")
    parcel = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 2}], "carrier_code": "UPS"}
    seller.do(order["id"], "shipments", parcel, key="s")
    return order


def send_back(market, order, **line):
    lines = [{"line_id": order["lines"][0]["id"], **line}] if line else []
    return market.control("POST", f"/orders/{order['id']}/returns", {"lines": lines})


def decide(market, seller, returned, key="d", **decision):
    decided = {"number": returned["lines"][0]["number"], "decision": "FINE", "quantity": 1, **decision}
    return returns.decide(market.market, seller.account_id, returned["return_id"], [decided], key=key)


def state(market, seller):
    return market.control("GET", f"/state?account_id={seller.account_id}")


def test_what_was_shipped_can_come_back(market, seller, shipped):
    returned = send_back(market, shipped, quantity=1, comment="Too blue.")

    assert returned["order_id"] == shipped["id"]
    line = returned["lines"][0]
    assert (line["sku"], line["quantity"], line["comment"], line["decisions"]) == ("A", 1, "Too blue.", [])
    assert [one["return_id"] for one in state(market, seller)["returns"]] == [returned["return_id"]]


def test_without_lines_all_that_left_comes_back(market, shipped):
    assert [line["quantity"] for line in send_back(market, shipped)["lines"]] == [2]


def test_more_than_left_cannot_come_back(market, shipped):
    send_back(market, shipped, quantity=1)

    with pytest.raises(httpx.HTTPStatusError, match="409"):
        send_back(market, shipped, quantity=2)


def test_a_refused_return_leaves_nothing_behind(market, seller, shipped):
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        send_back(market, shipped, quantity=3)

    assert state(market, seller)["returns"] == []


def test_a_decision_may_give_the_money_back(market, seller, shipped):
    returned = send_back(market, shipped)

    decide(market, seller, returned, quantity=2, refund=1, key="1")
    decide(market, seller, returned, quantity=2, refund=1, key="2")

    now = state(market, seller)
    assert [refund["lines"][0]["amount"] for refund in now["refunds"]] == ["3.33", "3.33"]
    assert now["orders"][0]["lines"][0]["quantity_refunded"] == 2
    assert [one["refund"] for one in now["returns"][0]["lines"][0]["decisions"]] == [1, 1]


def test_the_same_key_decides_once(market, seller, shipped):
    returned = send_back(market, shipped)

    answers = [decide(market, seller, returned, refund=1, key="same") for _ in range(2)]

    assert answers[0] == answers[1]
    assert len(state(market, seller)["refunds"]) == 1


def test_no_more_is_refunded_than_comes_back(market, seller, shipped):
    returned = send_back(market, shipped, quantity=1)
    decide(market, seller, returned, refund=1, key="1")

    with pytest.raises(Conflict):
        decide(market, seller, returned, refund=1, key="2")

    assert len(state(market, seller)["refunds"]) == 1


def test_rounding_never_refunds_more_than_was_paid(market, seller):
    seller.list_item("B", quantity=9)
    line = {"sku": "B", "quantity": 2, "amount": "0.05"}
    order = market.control("POST", "/buy", {"account_id": seller.account_id, "lines": [line]})
    seller.do(order["id"], "accept", key="a")
    parcel = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 2}], "carrier_code": "UPS"}
    seller.do(order["id"], "shipments", parcel, key="s")
    returned = send_back(market, order)

    for key in "12":
        decide(market, seller, returned, refund=1, key=key)

    assert [one["lines"][0]["amount"] for one in state(market, seller)["refunds"]] == ["0.03", "0.02"]


def test_tax_that_was_paid_on_top_goes_back_with_it(market, seller):
    market.control("PATCH", f"/accounts/{seller.account_id}", {"tax_included": False})
    seller.list_item("B", quantity=9)
    line = {"sku": "B", "quantity": 2, "amount": "20.00", "tax": "4.20"}
    order = market.control("POST", "/buy", {"account_id": seller.account_id, "lines": [line]})
    seller.do(order["id"], "accept", key="a")
    parcel = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 2}], "carrier_code": "UPS"}
    seller.do(order["id"], "shipments", parcel, key="s")

    decide(market, seller, send_back(market, order), refund=1)

    refund = state(market, seller)["refunds"][0]["lines"][0]
    assert (refund["amount"], refund["tax"]) == ("10.00", "2.10")


def test_goods_that_come_back_unannounced_are_registered_and_decided_at_once(market, seller, shipped):
    line = {"line_id": shipped["lines"][0]["id"], "quantity": 1}
    decided = {"decision": "FINE", "quantity": 1, "refund": 1}

    for _ in range(2):
        returns.create_return(market.market, seller.account_id, shipped["id"], line, decided, key="c")

    now = state(market, seller)
    assert len(now["returns"]) == len(now["refunds"]) == 1


def test_returns_are_listed_by_what_is_still_to_decide(market, seller, shipped):
    first, second = send_back(market, shipped, quantity=1), send_back(market, shipped, quantity=1)
    decide(market, seller, first)

    listed = {
        handled: [
            one["return_id"] for one in returns.list_returns(market.market, seller.account_id, handled=handled, limit=9)
        ]
        for handled in (None, True, False)
    }

    ids = [first["return_id"], second["return_id"]]
    assert listed == {None: ids, True: ids[:1], False: ids[1:]}


def test_a_return_line_is_found_by_its_number(market, seller, shipped):
    returned = send_back(market, shipped)

    found, line = returns.find_line(market.market, seller.account_id, returned["lines"][0]["number"])

    assert (found["return_id"], line["sku"]) == (returned["return_id"], "A")
    with pytest.raises(NotFound):
        returns.find_line(market.market, "acct-other", line["number"])

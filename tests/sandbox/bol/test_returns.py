import pytest

from tests.sandbox.bol.retailer import MUG


@pytest.fixture
def item(box, retailer):
    """The item of two mugs that were shipped."""
    retailer.offers()
    item = box.buy(retailer.account_id, ("MUG-BLUE-01", 2))["lines"][0]["id"]
    retailer.done(retailer.ship({"orderItemId": item}))
    return item


@pytest.fixture
def rma(box, retailer, item):
    """One of them comes back."""
    line = {"line_id": item, "quantity": 1, "comment": "Too blue."}
    box.control("POST", f"/orders/{item.rpartition('-')[0]}/returns", {"lines": [line]})
    (row,) = retailer.get("/retailer/returns", handled=False)["returns"]
    return row["returnItems"][0]["rmaId"]


def handle(retailer, rma, result, quantity=1):
    body = {"handlingResult": result, "quantityReturned": quantity}
    return retailer.call("PUT", f"/retailer/returns/{rma}", body)


def refunded(retailer):
    return [line["amount"] for refund in retailer.state()["refunds"] for line in refund["lines"]]


def test_a_return_is_listed_until_it_is_handled(retailer, rma):
    (row,) = retailer.get("/retailer/returns", handled=False, fulfilment_method="FBR")["returns"]
    item = row["returnItems"][0]
    assert (item["ean"], item["expectedQuantity"], item["handled"]) == (MUG["ean"], 1, False)
    assert item["returnReason"]["customerComments"] == "Too blue."

    retailer.done(handle(retailer, rma, "RETURN_RECEIVED"))

    assert retailer.get("/retailer/returns", handled=False) == {}
    (row,) = retailer.get("/retailer/returns", handled=True)["returns"]
    assert row["returnItems"][0]["processingResults"][0]["handlingResult"] == "RETURN_RECEIVED"


def test_the_buyer_has_the_money_back_once_the_goods_were_received(box, retailer, rma):
    answer = handle(retailer, rma, "RETURN_RECEIVED")
    taken = answer.json()
    assert (answer.status_code, taken["eventType"], taken["entityId"]) == (202, "HANDLE_RETURN_ITEM", rma)
    assert refunded(retailer) == []

    box.settle()

    assert refunded(retailer) == ["12.90"]


def test_handled_again_nothing_is_paid_back_twice(retailer, rma):
    for _ in range(2):
        assert retailer.done(handle(retailer, rma, "RETURN_RECEIVED"))["status"] == "SUCCESS"

    assert refunded(retailer) == ["12.90"]


@pytest.mark.parametrize("result", ["RETURN_DOES_NOT_MEET_CONDITIONS", "EXCHANGE_PRODUCT", "REPAIR_PRODUCT"])
def test_other_results_give_no_money_back(retailer, rma, result):
    assert retailer.done(handle(retailer, rma, result))["status"] == "SUCCESS"

    assert refunded(retailer) == []


def test_results_and_quantities_have_bounds(retailer, rma):
    assert handle(retailer, rma, "BURNED").status_code == 400
    assert handle(retailer, rma, "RETURN_RECEIVED", quantity=0).status_code == 400
    assert handle(retailer, rma, "RETURN_RECEIVED", quantity=10_000).status_code == 400


def test_one_return_is_read_in_full(retailer, rma):
    (row,) = retailer.get("/retailer/returns", handled=False)["returns"]

    shown = retailer.get(f"/retailer/returns/{row['returnId']}")

    assert shown["returnItems"][0]["title"]
    assert retailer.call("GET", "/retailer/returns/RET-404").status_code == 404


def test_goods_that_come_back_unannounced_are_handled_at_once(retailer, item):
    body = {"orderItemId": item, "quantityReturned": 1, "handlingResult": "RETURN_RECEIVED"}

    process = retailer.done(retailer.call("POST", "/retailer/returns", body, content_type="application/json"))

    assert (process["status"], process["eventType"], process["entityId"]) == ("SUCCESS", "CREATE_RETURN_ITEM", item)
    assert refunded(retailer) == ["12.90"]


def test_such_a_return_is_not_merely_approved(retailer, item):
    body = {"orderItemId": item, "quantityReturned": 1, "handlingResult": "STILL_APPROVED"}

    assert retailer.call("POST", "/retailer/returns", body, content_type="application/json").status_code == 400


def test_no_more_comes_back_than_was_shipped(retailer, item):
    body = {"orderItemId": item, "quantityReturned": 3, "handlingResult": "RETURN_RECEIVED"}

    process = retailer.done(retailer.call("POST", "/retailer/returns", body, content_type="application/json"))

    assert process["status"] == "FAILURE"
    assert retailer.state()["returns"] == []

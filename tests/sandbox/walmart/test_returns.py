import pytest

from tests.sandbox.walmart.seller import Seller

DAY = 86_400


@pytest.fixture
def order_id(seller):
    return seller.shipped(2, ("MUG", "SHIRT"))


@pytest.fixture
def returned(seller, order_id):
    """The number of a return of both lines, two pieces each."""
    return seller.gets_back(order_id)


def statuses(seller, return_id):
    return [line["status"] for line in seller.returned(return_id)["returnOrderLines"]]


def refund(seller, order_id, return_id, line=1, units=None):
    quantity = {} if units is None else {"quantity": {"unitOfMeasure": "EACH", "measurementValue": units}}
    return seller.refunds_return(return_id, f"C{order_id}", {"returnOrderLineNumber": line, **quantity})


def test_a_return_has_lines_of_its_own_numbers(seller, order_id, returned):
    told = seller.returned(returned)

    assert told["customerOrderId"] == f"C{order_id}"
    assert told["returnOrderDate"] == "2026-01-05T08:00:02Z"
    lines = told["returnOrderLines"]
    assert [(line["returnOrderLineNumber"], line["purchaseOrderLineNumber"]) for line in lines] == [(1, 1), (2, 2)]
    assert [line["item"]["sku"] for line in lines] == ["MUG", "SHIRT"]
    assert lines[0]["quantity"] == {"unitOfMeasure": "EACH", "measurementValue": 2}
    assert lines[0]["unitPrice"] == {"currencyAmount": 14.99, "currencyUnit": "USD"}
    assert told["totalRefundAmount"]["currencyAmount"] == 59.96


def test_what_was_sent_is_back_after_three_days_and_done_once_it_is_refunded(seller, order_id, returned):
    seen = [statuses(seller, returned)]

    seller.box.pass_seconds(3 * DAY)
    seller.sign_in()
    seen.append(statuses(seller, returned))
    refund(seller, order_id, returned)
    seen.append(statuses(seller, returned))

    assert seen == [["INITIATED"] * 2, ["DELIVERED"] * 2, ["COMPLETED", "DELIVERED"]]
    events = seller.returned(returned)["returnOrderLines"][0]["returnTrackingDetail"]
    assert [one["eventTag"] for one in events] == ["RETURN_INITIATED", "DELIVERED_AT_RETURN_CENTER", "REFUND_ISSUED"]


def test_what_is_refunded_before_it_is_back_stays_done(seller, order_id, returned):
    refund(seller, order_id, returned)
    at = seller.returned(returned)["returnOrderLines"][0]["statusTime"]

    seller.box.pass_seconds(3 * DAY)
    seller.sign_in()

    line = seller.returned(returned)["returnOrderLines"][0]
    assert (line["status"], line["statusTime"]) == ("COMPLETED", at)
    tags = [one["eventTag"] for one in line["returnTrackingDetail"]]
    assert tags == ["RETURN_INITIATED", "REFUND_ISSUED", "DELIVERED_AFTER_INVOICE"]


def test_the_buyer_has_the_share_of_each_unit_back(seller, order_id, returned):
    answer = refund(seller, order_id, returned, units=1)

    assert answer.json()["refundLines"][0]["quantity"]["measurementValue"] == 1
    line = seller.returned(returned)["returnOrderLines"][0]
    assert (line["refundedQty"], line["status"]) == (1, "INITIATED")
    assert [part["amount"] for one in seller.state()["refunds"] for part in one["lines"]] == ["14.99"]


def test_without_a_quantity_all_that_is_left_is_refunded_and_never_more(seller, order_id, returned):
    refund(seller, order_id, returned, units=1)

    answers = [refund(seller, order_id, returned) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 400]
    assert seller.returned(returned)["returnOrderLines"][0]["refundedQty"] == 2
    assert refund(seller, order_id, returned, line=2, units=3).status_code == 400
    assert refund(seller, order_id, returned, line=2, units=0.5).status_code == 400


def test_all_lines_of_a_refund_or_none(seller, order_id, returned):
    lines = [{"returnOrderLineNumber": number} for number in (1, 3)]

    refused = seller.refunds_return(returned, f"C{order_id}", *lines)

    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (404, "CONTENT_NOT_FOUND.GMP_RETURNS_API")
    assert seller.state()["refunds"] == []


@pytest.mark.parametrize(
    "lines", [[], [{"returnOrderLineNumber": 1}] * 2, [{"returnOrderLineNumber": 1, "quantity": {"amount": 1}}]]
)
def test_lines_that_make_no_sense_are_refused(seller, order_id, returned, lines):
    assert seller.refunds_return(returned, f"C{order_id}", *lines).status_code == 400


def test_the_number_of_the_buyers_order_must_be_that_of_the_return(seller, returned):
    assert seller.refunds_return(returned, "C-OTHER", {"returnOrderLineNumber": 1}).status_code == 400


def test_what_the_buyer_keeps_is_refunded_by_walmart(seller, order_id):
    returned = seller.gets_back(order_id, {"line_id": f"{order_id}-1", "reason": "KEEP_IT"})

    (line,) = seller.returned(returned)["returnOrderLines"]

    assert (line["isKeepIt"], line["refundCoveredBy"], line["refundedQty"]) == (True, "walmart - keep it", 2)
    assert line["status"] == "COMPLETED"
    assert refund(seller, order_id, returned).status_code == 400
    assert seller.state()["refunds"] == []


def test_returns_are_found_by_number_order_and_status(seller, order_id, returned):
    def found(**params):
        return [one["returnOrderId"] for one in seller.get("/returns", **params)["returnOrders"]]

    assert found(customerOrderId=f"C{order_id}", status="INITIATED") == [returned]
    assert found(customerOrderId="C-OTHER") == found(status="COMPLETED") == found(isWFSEnabled="Y") == []
    assert found(returnOrderId="RET-0") == found(returnType="REPLACEMENT") == []
    assert seller.call("GET", "/returns", params={"status": "LOST"}).status_code == 400


def test_returns_are_found_by_the_time_of_any_change(seller, order_id, returned):
    def changed(since, until):
        span = {"returnLastModifiedStartDate": since, "returnLastModifiedEndDate": until}
        return len(seller.get("/returns", **span)["returnOrders"])

    assert changed("2026-01-05T08:00:00Z", "2026-01-05T09:00:00Z") == 1
    seller.box.pass_seconds(4 * DAY)
    seller.sign_in()
    # It came back by itself on the third day.
    assert changed("2026-01-05T08:00:00Z", "2026-01-05T09:00:00Z") == 0
    assert changed("2026-01-08T00:00:00Z", "2026-01-08T23:00:00Z") == 1
    refund(seller, order_id, returned)
    assert changed("2026-01-09T00:00:00Z", "2026-01-09T23:00:00Z") == 1


def test_a_span_of_time_has_two_ends(seller):
    assert seller.call("GET", "/returns?returnCreationStartDate=2026-01-05T00:00:00Z").status_code == 400


def test_the_next_page_is_a_query_to_be_sent_as_it_is(seller):
    order_id = seller.shipped(5)
    line = {"line_id": f"{order_id}-1", "quantity": 1}
    numbers = [seller.gets_back(order_id, line) for _ in range(5)]
    page = seller.get("/returns", limit=2, isWFSEnabled="N")
    seen, meta = page["returnOrders"], page["meta"]

    assert (meta["totalCount"], meta["limit"]) == (5, 2)
    while meta["nextCursor"]:
        assert meta["nextCursor"].startswith("?limit=2&isWFSEnabled=N&")
        page = seller.get(f"/returns{meta['nextCursor']}")
        seen, meta = seen + page["returnOrders"], page["meta"]

    assert [one["returnOrderId"] for one in seen] == numbers


@pytest.mark.parametrize("limit", [0, 201])
def test_a_page_has_two_hundred_returns_at_most(seller, limit):
    assert seller.call("GET", "/returns", params={"limit": limit}).status_code == 400


def test_a_key_may_have_no_access_to_returns(box, seller):
    other = Seller(box, "no-returns")

    assert seller.get("/token/detail")["scopes"]["returns"] == "full_access"
    assert other.get("/token/detail")["scopes"]["returns"] == "no_access"
    assert other.call("GET", "/returns").status_code == 403
    assert other.refunds_return("RET-1", "C1", {"returnOrderLineNumber": 1}).status_code == 403


def test_returns_of_others_are_not_there(box, seller, order_id, returned):
    other = Seller(box, "other")

    assert other.get("/returns")["returnOrders"] == []
    assert refund(other, order_id, returned).status_code == 404

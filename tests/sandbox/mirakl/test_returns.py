import pytest


@pytest.fixture
def returned(shop):
    """The number of a return of two pieces."""
    order_id = shop.ready()
    shop.does("PUT", f"/orders/{order_id}/ship")
    return str(shop.box.control("POST", f"/orders/{order_id}/returns", {"lines": []})["return_id"])


def told(shop, number):
    (found,) = [one for one in shop.get("/returns")["data"] if one["id"] == number]
    return found


def does(shop, verb, number, **more):
    return shop.does("PUT", f"/returns/{verb}", {"returns": [{"id": number, **more}]}).json()


def test_a_return_is_accepted_received_judged_and_closed(shop, returned):
    seen = [told(shop, returned)["state"]]
    (line,) = told(shop, returned)["return_lines"]
    judged = {
        "order_line_id": line["order_line_id"],
        "compliant": False,
        "non_compliance_reason_code": "RETURN_NON_COMPLIANT_DAMAGED_PRODUCT",
    }

    for verb, more in (
        ("accept", {"accepted": True}),
        ("receive", {}),
        ("compliance", {"return_lines": [judged]}),
        ("close", {}),
    ):
        assert does(shop, verb, returned, **more)["return_success"] == [{"id": returned}]
        seen.append(told(shop, returned)["state"])

    assert seen == ["WAITING_ACCEPTANCE", "IN_PROGRESS", "RECEIVED", "RECEIVED", "CLOSED"]
    (line,) = told(shop, returned)["return_lines"]
    assert line["compliance"] == [
        {"compliant": False, "non_compliance_reason_code": "RETURN_NON_COMPLIANT_DAMAGED_PRODUCT"}
    ]
    (kept,) = shop.box.control("GET", f"/state?account_id={shop.account_id}")["returns"]
    assert [one["decision"] for one in kept["lines"][0]["decisions"]] == ["NOT_COMPLIANT"]


def test_a_return_gives_no_money_back(shop, returned):
    does(shop, "accept", returned, accepted=True)
    does(shop, "receive", returned)

    assert shop.box.control("GET", f"/state?account_id={shop.account_id}")["refunds"] == []


def test_a_return_may_be_refused(shop, returned):
    does(shop, "accept", returned, accepted=False, rejection_reason_code="RETURN_REJECTION_WINDOW_CLOSED")

    refused = told(shop, returned)
    assert (refused["state"], refused["rejection_reason_code"]) == ("REFUSED", "RETURN_REJECTION_WINDOW_CLOSED")
    assert does(shop, "receive", returned)["return_errors"] == [
        {"id": returned, "message": "Return is in invalid state"}
    ]


def test_what_is_not_there_is_said_inside(shop, returned):
    errors = does(shop, "receive", "RET-0")["return_errors"]

    assert errors == [{"id": "RET-0", "message": "The return does not exist."}]


def test_returns_are_found_by_state(shop, returned):
    assert shop.get("/returns", return_state="CLOSED")["data"] == []
    assert len(shop.get("/returns", return_state=["CLOSED", "WAITING_ACCEPTANCE"])["data"]) == 1

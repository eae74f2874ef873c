import pytest


@pytest.fixture
def item(box, retailer):
    retailer.offers()
    return box.buy(retailer.account_id, ("MUG-BLUE-01", 2))["lines"][0]["id"]


def ask(retailer, *numbers):
    queries = [{"processStatusId": number} for number in numbers]
    return retailer.call("POST", "/shared/process-status", {"processStatusQueries": queries})


def test_many_are_read_at_once(retailer, item):
    numbers = [retailer.ship({"orderItemId": item, "quantity": 1}).json()["processStatusId"] for _ in range(2)]

    found = ask(retailer, *numbers).json()["processStatuses"]

    assert [(one["processStatusId"], one["status"]) for one in found] == [(number, "PENDING") for number in numbers]


@pytest.mark.parametrize("count", [0, 1001])
def test_at_least_one_and_at_most_a_thousand(retailer, count):
    assert ask(retailer, *["1"] * count).status_code == 400


def test_what_was_asked_of_an_item_is_found_newest_first(box, retailer, item):
    first = retailer.done(retailer.ship({"orderItemId": item, "quantity": 1}))
    second = retailer.ship({"orderItemId": item, "quantity": 1}).json()

    found = retailer.get("/shared/process-status", entity_id=item, event_type="CREATE_SHIPMENT")["processStatuses"]

    numbers = [second["processStatusId"], first["processStatusId"]]
    assert [(one["processStatusId"], one["status"]) for one in found] == list(
        zip(numbers, ["PENDING", "SUCCESS"], strict=True)
    )
    cancelled = retailer.get("/shared/process-status", entity_id=item, event_type="CANCEL_ORDER")
    assert cancelled["processStatuses"] == []


def test_it_is_forgotten_after_a_day(box, retailer, item):
    number = retailer.done(retailer.ship({"orderItemId": item}))["processStatusId"]

    box.pass_seconds(86_401)
    retailer.sign_in()

    assert retailer.call("GET", f"/shared/process-status/{number}").status_code == 404
    assert ask(retailer, number).json()["processStatuses"] == []


def test_bol_may_give_up(box, retailer, item):
    box.switch_on("given_up", next_n=1)

    process = retailer.done(retailer.ship({"orderItemId": item}))

    assert process["status"] == "TIMEOUT"
    assert retailer.state()["shipments"] == []
    assert retailer.done(retailer.ship({"orderItemId": item}))["status"] == "SUCCESS"

import httpx
import pytest


def test_a_fault_strikes_its_operation_and_no_other(market, seller):
    market.switch_on("http_5xx", operation="orders")

    assert seller.call("GET", "/orders").status_code == 503
    assert seller.call("GET", "/account").status_code == 200


def test_a_fault_for_the_next_calls_ends_by_itself(market, seller):
    market.switch_on("http_5xx", next_n=2, params={"status": 502})

    assert [seller.call("GET", "/orders").status_code for _ in range(3)] == [502, 502, 200]


def test_every_nth_call_is_struck(market, seller):
    market.switch_on("rate_limited", every_nth=2, params={"retry_after": 7})

    answers = [seller.call("GET", "/orders") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 429, 200, 429]
    assert float(answers[1].headers["Retry-After"]) == 7


def strikes(market, seller, seed):
    market.control("PUT", "/faults", [{"name": "http_5xx", "probability": 0.5, "seed": seed}])
    return [seller.call("GET", "/orders").status_code for _ in range(20)]


def test_chance_is_seeded_and_the_same_on_every_run(market, seller):
    assert strikes(market, seller, seed=1) == strikes(market, seller, seed=1)
    assert strikes(market, seller, seed=1) != strikes(market, seller, seed=2)
    assert {200, 503} == set(strikes(market, seller, seed=1))


def test_a_time_out_after_the_work_has_done_the_work(market, seller):
    market.switch_on("timeout_after_work", operation="submit", next_n=1)

    with pytest.raises(httpx.RemoteProtocolError):
        seller.submit("content", {"sku": "A", "title": "t"}, key="1")

    assert seller.get("/submissions", idempotency_key="1")["lines"] == 1


def test_a_dropped_connection_has_done_nothing(market, seller):
    market.switch_on("drop_connection", operation="submit", next_n=1)

    with pytest.raises(httpx.RemoteProtocolError):
        seller.submit("content", {"sku": "A", "title": "t"}, key="1")

    assert seller.call("GET", "/submissions", idempotency_key="1").status_code == 404


def test_an_answer_may_say_200_and_hold_errors(market, seller):
    market.switch_on("ok_with_errors_inside", operation="orders", next_n=1)

    answer = seller.call("GET", "/orders")

    assert answer.status_code == 200
    assert answer.json()["errors"][0]["code"] == "internal_error"


@pytest.mark.parametrize(
    ("name", "status"), [("forbidden", 403), ("not_found", 404), ("conflict", 409), ("http_5xx", 503)]
)
def test_a_refusal_does_nothing(market, seller, name, status):
    market.switch_on(name, next_n=1)

    refused = seller.submit("content", {"sku": "A", "title": "A"}, key="k")

    assert refused.status_code == status
    assert refused.json()["reason"]
    assert seller.call("GET", "/submissions", idempotency_key="k").status_code == 404


def test_too_many_calls_may_come_without_a_word_on_when(market, seller):
    market.switch_on("rate_limited", next_n=1, params={"retry_after": None})

    refused = seller.call("GET", "/account")

    assert refused.status_code == 429
    assert "retry-after" not in refused.headers


@pytest.mark.parametrize(
    ("name", "looks"),
    [
        ("truncated_body", lambda answer: answer.headers["content-type"] == "application/json"),
        ("html_instead_of_json", lambda answer: answer.text.startswith("<!DOCTYPE html>")),
        ("wrong_content_type", lambda answer: answer.headers["content-type"].startswith("text/plain")),
    ],
)
def test_an_answer_that_comes_out_wrong_stands_for_work_that_was_done(market, seller, name, looks):
    market.switch_on(name, next_n=1)

    spoiled = seller.submit("content", {"sku": "A", "title": "A"}, key="k")

    assert looks(spoiled)
    assert seller.call("GET", "/submissions", idempotency_key="k").status_code == 200


def test_words_that_no_document_knows_hold_until_they_are_switched_off(market, seller):
    seller.list_item("A")
    market.buy(seller.account_id, ("A", 1))
    market.switch_on("unknown_enum")

    assert [order["status"] for order in seller.get("/orders")["orders"]] == ["teleported"]
    market.control("DELETE", "/faults")
    assert [order["status"] for order in seller.get("/orders")["orders"]] == ["new"]


def test_expired_tokens_are_expired_for_good(market, seller):
    market.switch_on("expired_token", next_n=1)

    assert [seller.call("GET", "/orders").status_code for _ in range(2)] == [401, 401]
    seller.sign_in()
    assert seller.call("GET", "/orders").status_code == 200


def test_a_stuck_submission_blocks_nothing_behind_it_and_goes_on_when_released(market, seller):
    market.switch_on("stuck_submission", next_n=1)
    stuck = seller.submit("content", {"sku": "A", "title": "t"}, key="1").json()["submission_id"]
    behind = seller.submit("content", {"sku": "B", "title": "t"}, key="2").json()["submission_id"]
    market.settle()

    assert [seller.get(f"/submissions/{one}")["phase"] for one in (stuck, behind)] == ["processing", "done"]
    market.control("DELETE", "/faults?name=stuck_submission")
    market.settle()
    assert seller.get(f"/submissions/{stuck}")["phase"] == "done"


def test_a_failed_submission_applies_no_line(market, seller):
    market.switch_on("failed_submission", next_n=1)
    submission = seller.submit("content", {"sku": "A", "title": "t"}, key="1").json()["submission_id"]
    market.settle()

    assert seller.get(f"/submissions/{submission}")["phase"] == "failed"
    assert seller.results(submission) == {}
    assert seller.call("GET", "/listings/A").status_code == 404


def test_rejected_lines_are_the_same_ones_for_the_same_seed(market, seller):
    market.switch_on("reject_lines", seed=3, params={"fraction": 0.4, "reason": "No."})
    lines = [{"sku": f"S{n}", "title": "t"} for n in range(30)]

    first, second = seller.send("content", *lines, key="1"), seller.send("content", *lines, key="2")

    refused = [sku for sku, (status, _) in first.items() if status == "rejected"]
    assert 5 < len(refused) < 20
    assert first == second


def test_lines_to_be_tried_again_are_not_applied(market, seller):
    market.switch_on("try_again_lines", next_n=1, params={"fraction": 1})

    assert seller.send("content", {"sku": "A", "title": "t"}, key="1") == {"A": ("try_again", "busy")}
    assert seller.send("content", {"sku": "A", "title": "t"}, key="2") == {"A": ("accepted", None)}


def test_out_of_order_an_older_submission_overwrites_a_newer_one(market, seller):
    seller.list_item("A")
    market.switch_on("out_of_order", next_n=1, params={"seconds": 5})
    seller.submit("quantity", {"sku": "A", "quantity": 1}, key="older")
    seller.submit("quantity", {"sku": "A", "quantity": 2}, key="newer")

    market.settle()
    assert seller.listing("A")["quantity"] == 2
    market.pass_seconds(5)
    market.settle()

    assert seller.listing("A")["quantity"] == 1


def pages(seller, **params):
    seen, token = [], None
    while True:
        page = seller.get("/orders", **params, **({"page_token": token} if token else {}))
        seen.append([order["id"] for order in page["orders"]])
        token = page["next_page_token"]
        if token is None:
            return seen


def test_a_repeated_page_comes_twice_and_nothing_is_missing(market, seller):
    seller.list_item("A", quantity=9)
    one, two, three = (market.buy(seller.account_id, ("A", 1))["id"] for _ in range(3))
    market.switch_on("repeated_page", operation="orders", next_n=1)

    assert pages(seller, limit=2) == [[one, two], [one, two], [three]]


def test_a_reordered_page_holds_the_same_rows_in_another_order(market, seller):
    seller.list_item("A", quantity=9)
    placed = [market.buy(seller.account_id, ("A", 1))["id"] for _ in range(5)]
    market.switch_on("reordered_page", operation="orders", next_n=1)

    ((page),) = pages(seller)

    assert page != placed
    assert sorted(page) == placed


def test_vanished_listings_are_missing_from_the_export_only(market, seller):
    for number in range(20):
        seller.list_item(f"S{number}")
    market.switch_on("vanished_listings", params={"fraction": 0.5})
    export = seller.call("POST", "/exports").json()["export_id"]
    market.settle()

    assert 0 < seller.get(f"/exports/{export}")["total"] < 20
    assert seller.listing("S0")["status"] == "active"


def test_a_skewed_clock_stamps_orders_but_not_the_judges_times(market, seller):
    seller.list_item("A")
    market.switch_on("clock_skew", params={"seconds": 3600})

    order = market.buy(seller.account_id, ("A", 1))

    assert order["placed_at"][:13] > order["received_at"][:13]
    assert seller.get("/orders")["server_time"] >= order["updated_at"]


def test_faults_survive_a_restart_with_what_is_left_of_them(market, seller):
    market.switch_on("http_5xx", next_n=3)
    seller.call("GET", "/orders")

    reopened = type(market.market)(market.market.storage.path)
    try:
        (fault,) = reopened.faults.listed()
    finally:
        reopened.close()

    assert (fault["next_n"], fault["strikes"]) == (3, 1)


def test_an_unknown_fault_or_two_rules_at_once_are_refused(market):
    unknown = market.http.post("/control/faults", json={"name": "meteor"})
    two_rules = market.http.post("/control/faults", json={"name": "slow", "next_n": 1, "every_nth": 2})

    assert [answer.json()["code"] for answer in (unknown, two_rules)] == ["unknown_fault", "two_rules"]


def test_a_reset_leaves_nothing(market, seller):
    seller.list_item("A")
    market.switch_on("http_5xx")

    market.control("POST", "/reset")

    assert market.control("GET", "/accounts")["accounts"] == []
    assert market.control("GET", "/faults")["faults"] == []

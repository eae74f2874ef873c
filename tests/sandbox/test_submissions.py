import pytest

CONTENT = {"sku": "A", "title": "A thing", "price": "2.50", "quantity": 5}


def test_content_with_an_offer_creates_a_listing(market, seller):
    results = seller.send("content", {**CONTENT, "brand": "Ours", "gtin": "4006381333931"}, key="1")

    assert results == {"A": ("accepted", None)}
    listing = seller.listing("A")
    assert (listing["price"], listing["quantity"], listing["status"]) == ("2.50", 5, "active")
    assert (listing["brand"], listing["gtin"]) == ("Ours", "4006381333931")


def test_a_submission_is_received_before_it_is_done(market, seller):
    submission = seller.submit("content", CONTENT, key="1")

    assert (submission.status_code, submission.json()["phase"]) == (202, "received")
    path = f"/submissions/{submission.json()['submission_id']}"
    assert seller.get(f"{path}/results")["results"][0]["status"] == "pending"
    market.settle()
    assert seller.get(path)["phase"] == "done"


def test_the_same_key_is_the_same_submission(market, seller):
    first, second = seller.submit("content", CONTENT, key="1"), seller.submit("content", CONTENT, key="1")

    assert first.json()["submission_id"] == second.json()["submission_id"]
    market.settle()
    assert len(market.control("GET", "/events")["events"]) == 1


def test_the_same_key_with_another_body_is_refused(seller):
    seller.submit("content", CONTENT, key="1")

    answer = seller.submit("content", {**CONTENT, "quantity": 6}, key="1")

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")


def test_a_lost_answer_can_be_looked_up_by_key(seller):
    submission = seller.submit("content", CONTENT, key="1").json()

    assert seller.get("/submissions", idempotency_key="1")["submission_id"] == submission["submission_id"]
    assert seller.call("GET", "/submissions", idempotency_key="never").status_code == 404


def test_a_write_without_a_key_is_refused(seller):
    assert seller.submit("content", CONTENT, key="").json()["code"] == "idempotency_key_missing"


@pytest.mark.parametrize(
    ("kind", "line", "code"),
    [
        ("content", {"sku": "A"}, "title_missing"),
        ("content", {"sku": "A", "title": "t" * 256}, "title_too_long"),
        ("content", {"sku": "A", "title": "t", "gtin": "12"}, "gtin_invalid"),
        ("content", {"sku": "A", "title": "t", "price": "0"}, "price_invalid"),
        ("content", {"sku": "A", "title": "t", "price": "1.999"}, "price_invalid"),
        ("content", {"sku": "A", "title": "t", "price": "NaN"}, "price_invalid"),
        ("content", {"sku": "A", "title": "t", "price": "1", "currency": "EUR"}, "currency_mismatch"),
        ("content", {"sku": "A", "title": "t", "quantity": -1}, "quantity_invalid"),
        ("content", {"sku": "A", "title": "t", "quantity": True}, "quantity_invalid"),
        ("quantity", {"sku": "A", "quantity": 1}, "unknown_sku"),
        ("price", {"sku": "A", "price": "1"}, "unknown_sku"),
        ("offer", {"sku": "A", "price": "1", "quantity": 1}, "unknown_sku"),
        ("content", {"sku": "A-REJECT", "title": "t"}, "refused_by_catalogue"),
    ],
)
def test_a_line_that_makes_no_sense_is_rejected_with_a_reason(seller, kind, line, code):
    assert seller.send(kind, line, key="1") == {line["sku"]: ("rejected", code)}


def test_one_bad_line_does_not_spoil_the_others(seller):
    results = seller.send("content", CONTENT, {"sku": "B"}, key="1")

    assert results == {"A": ("accepted", None), "B": ("rejected", "title_missing")}


def test_an_offer_sets_price_and_quantity_and_each_alone_leaves_the_other(seller):
    seller.list_item("A", quantity=5, price="10.00")

    seller.send("quantity", {"sku": "A", "quantity": 2}, key="q")
    seller.send("price", {"sku": "A", "price": "9.50"}, key="p")
    assert (seller.listing("A")["quantity"], seller.listing("A")["price"]) == (2, "9.50")
    seller.send("offer", {"sku": "A", "price": "8.00", "quantity": 7}, key="o")

    assert (seller.listing("A")["quantity"], seller.listing("A")["price"]) == (7, "8.00")


def test_withdrawing_ends_a_listing_and_twice_is_no_error(seller):
    seller.list_item("A")

    assert seller.send("withdraw", {"sku": "A"}, key="1") == {"A": ("accepted", None)}
    assert seller.listing("A")["status"] == "ended"
    assert seller.send("withdraw", {"sku": "A"}, {"sku": "NEVER"}, key="2") == {
        "A": ("accepted", "already_ended"),
        "NEVER": ("accepted", "already_ended"),
    }


def test_an_ended_listing_takes_no_offers_but_comes_back_with_its_content(seller):
    seller.list_item("A")
    seller.send("withdraw", {"sku": "A"}, key="1")

    assert seller.send("quantity", {"sku": "A", "quantity": 1}, key="2") == {"A": ("rejected", "listing_ended")}
    seller.send("content", CONTENT, key="3")
    assert (seller.listing("A")["status"], seller.listing("A")["quantity"]) == ("active", 5)


def test_an_older_submission_never_overwrites_a_newer_one(market, seller):
    seller.list_item("A-SLOW")
    for _ in range(3):
        seller.get(f"/submissions/{seller.get('/submissions', idempotency_key='list-A-SLOW-5-10.00')['submission_id']}")
    market.settle()
    older = seller.submit("quantity", {"sku": "A-SLOW", "quantity": 1}, key="older").json()["submission_id"]
    market.settle()
    newer = seller.submit("quantity", {"sku": "A-SLOW", "quantity": 2}, key="newer").json()["submission_id"]
    market.settle()

    for submission in (newer, older):
        for _ in range(3):
            seller.get(f"/submissions/{submission}")
        market.settle()

    assert seller.listing("A-SLOW")["quantity"] == 2
    assert seller.results(older) == {"A-SLOW": ("accepted", "superseded")}


def test_a_slow_line_is_pending_for_three_polls_and_holds_up_no_other(market, seller):
    submission = seller.submit("content", CONTENT, {**CONTENT, "sku": "B-SLOW"}, key="1").json()["submission_id"]
    market.settle()
    seen = []
    for _ in range(4):
        seen.append(seller.get(f"/submissions/{submission}")["phase"])
        market.settle()

    assert seen == ["processing", "processing", "processing", "done"]
    assert seller.listing("A")["quantity"] == 5
    assert seller.results(submission) == {"A": ("accepted", None), "B-SLOW": ("accepted", None)}


def test_more_than_ten_thousand_lines_are_too_many(seller):
    answer = seller.submit("withdraw", *({"sku": f"S{n}"} for n in range(10_001)), key="1")

    assert answer.status_code == 413


@pytest.mark.parametrize("body", [[], {"kind": "content"}, {"kind": "other", "lines": [CONTENT]}, {"lines": [3]}])
def test_a_body_that_is_no_submission_is_refused(seller, body):
    assert seller.call("POST", "/submissions", body, key="1").status_code == 422


def test_results_come_in_pages_that_hold_every_line_once(market, seller):
    lines = [{"sku": f"S{n}", "title": "t"} for n in range(25)]
    submission = seller.submit("content", *lines, key="1").json()["submission_id"]
    market.settle()

    seen, token = [], None
    while True:
        page = seller.get(f"/submissions/{submission}/results", limit=10, **({"page_token": token} if token else {}))
        seen += [row["sku"] for row in page["results"]]
        token = page["next_page_token"]
        if token is None:
            break

    assert seen == [line["sku"] for line in lines]


def test_many_submissions_are_asked_for_at_once(market, seller):
    ids = [seller.submit("content", {**CONTENT, "sku": sku}, key=sku).json()["submission_id"] for sku in "AB"]
    market.settle()

    body = {"submission_ids": [*reversed(ids), "sub-unknown"]}
    answer = seller.call("POST", "/submissions/status", body).json()["submissions"]

    assert [(row["submission_id"], row["phase"]) for row in answer] == [(ids[1], "done"), (ids[0], "done")]


def test_another_account_sees_nothing_of_it(market, seller):
    from_other = type(seller)(market, "other")
    submission = seller.submit("content", CONTENT, key="1").json()["submission_id"]
    market.settle()

    assert from_other.call("GET", f"/submissions/{submission}").status_code == 404
    assert from_other.call("GET", "/listings/A").status_code == 404


def test_every_change_is_in_the_event_log_with_the_moment_its_request_came_in(market, seller):
    seller.list_item("A", quantity=5)
    seller.send("quantity", {"sku": "A", "quantity": 0}, key="q")

    created, changed = market.control("GET", "/events")["events"]

    assert (created["kind"], changed["kind"]) == ("created", "changed")
    assert (changed["quantity_before"], changed["quantity_after"]) == (5, 0)
    assert changed["received_at"] < changed["at"]
    assert market.control("GET", f"/events?after={created['event_id']}")["events"] == [changed]

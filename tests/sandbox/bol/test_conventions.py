import pytest

from tests.sandbox.bol.retailer import MUG, V10, V11, Retailer, ask_for_token


def test_a_token_lives_five_minutes(box, retailer):
    answer = ask_for_token(box).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 299)

    box.pass_seconds(300)

    refused = retailer.call("GET", "/retailer/orders")
    assert (refused.status_code, refused.json()["title"]) == (401, "Expired JWT")


def test_wrong_credentials_are_refused(box):
    answer = ask_for_token(box, secret="bad")

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(("path", "wrong"), [("/retailer/offers", V10), ("/retailer/orders", V11)])
def test_the_other_version_is_not_acceptable(retailer, path, wrong):
    refused = retailer.call("GET", path, accept=wrong)

    assert refused.status_code == 406
    assert refused.json()["status"] == 406


@pytest.mark.parametrize("wrong", ["application/json", V10])
def test_a_body_of_another_type_is_not_understood(retailer, wrong):
    assert retailer.call("POST", "/retailer/offers", MUG, content_type=wrong).status_code == 415
    assert "offers" not in retailer.get("/retailer/offers") or retailer.get("/retailer/offers")["offers"] == []


def test_answers_carry_the_media_type_that_was_asked_for(retailer):
    assert retailer.call("GET", "/retailer/orders").headers["Content-Type"] == V10
    assert retailer.call("GET", "/retailer/offers").headers["Content-Type"] == V11


def test_what_is_not_there_is_a_problem(retailer):
    answer = retailer.call("GET", "/retailer/orders/A2K8290LP8")

    assert answer.headers["Content-Type"] == V10
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["title"]) == (404, 404, "Not Found")
    assert {"type", "detail", "violations"} <= problem.keys()


def test_a_body_that_makes_no_sense_is_a_problem_with_violations(retailer):
    answer = retailer.call("POST", "/retailer/offers", {**MUG, "pricing": {"bundlePrices": []}})

    assert answer.status_code == 400
    assert answer.json()["violations"]


@pytest.mark.parametrize("path", ["/retailer/orders", "/retailer/returns", "/retailer/shipments"])
def test_an_empty_list_has_not_even_its_key(retailer, path):
    assert retailer.get(path) == {}


def test_limits_are_told_in_headers_and_kept(box, retailer):
    answers = [retailer.call("GET", "/retailer/orders") for _ in range(26)]

    assert [answer.status_code for answer in answers[-2:]] == [200, 429]
    assert [int(answer.headers["X-RateLimit-Remaining"]) for answer in answers[:2]] == [24, 23]
    assert answers[0].headers["X-RateLimit-Limit"] == "25"
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert 0 <= int(answers[0].headers["X-RateLimit-Reset"]) < 1_000_000


def test_the_reset_may_be_a_moment(box, retailer):
    box.switch_on("old_reset_header")

    reset = int(retailer.call("GET", "/retailer/orders").headers["X-RateLimit-Reset"])

    assert 0 <= reset - box.clock // 1_000_000 <= 60


def test_a_limit_may_be_told_in_words_only(box, retailer):
    box.switch_on("rate_limited", params={"retry_after": None})

    answer = retailer.call("GET", "/retailer/orders")

    assert answer.status_code == 429
    assert "Retry-After" not in answer.headers
    assert "retry in 1 seconds" in answer.json()["detail"]


def test_limits_stand_in_a_public_document(box):
    rows = box.http.get("/retailer/public/ratelimits", headers={"Accept": "application/json"}).json()

    orders = next(row for row in rows if row["path"] == "/retailer/orders")
    assert orders == {
        "path": "/retailer/orders",
        "methods": ["GET"],
        "maxCapacity": 25,
        "timeToLive": 1,
        "timeUnit": "MINUTES",
    }


def test_a_failure_of_the_server_is_a_web_page(box, retailer):
    box.switch_on("http_5xx", params={"status": 500})

    answer = retailer.call("GET", "/retailer/orders")

    assert answer.status_code == 500
    assert answer.headers["Content-Type"].startswith("text/html")


def test_two_accounts_see_nothing_of_each_other(box, retailer):
    offer_id = retailer.offers()
    other = Retailer(box)
    other.token = ask_for_token(box, client_id="other").json()["access_token"]

    assert other.call("GET", f"/retailer/offers/{offer_id}").status_code == 404

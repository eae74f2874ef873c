import base64

import httpx
import pytest

from tests.sandbox.walmart.seller import Seller, ask_for_token, headers, match


def waits(box, answer: httpx.Response) -> float:
    """Seconds until there is one more call, as the answer says."""
    return int(answer.headers["X-Next-Replenishment-Time"]) / 1000 - box.clock / 1_000_000


def test_a_token_lives_fifteen_minutes_and_stands_in_a_header_of_its_own(box, seller):
    answer = ask_for_token(box).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 900)
    assert seller.call("GET", "/token/detail").status_code == 200

    box.pass_seconds(901)

    refused = seller.call("GET", "/token/detail")
    assert refused.status_code == 401
    (error,) = refused.json()["errors"]
    assert (error["code"], error["severity"], error["category"]) == ("INVALID_TOKEN.GMP_TOKEN_API", "ERROR", "REQUEST")


def test_a_token_where_others_have_theirs_is_none(box, seller):
    bearer = {**headers(), "Authorization": f"Bearer {seller.token}"}

    assert box.http.get("/v3/orders", headers=bearer).status_code == 401


@pytest.mark.parametrize("authorization", ["", "Basic ?", "Basic " + base64.b64encode(b"demo:bad").decode()])
def test_wrong_credentials_are_refused(box, authorization):
    form = {"grant_type": "client_credentials"}

    refused = box.http.post("/v3/token", data=form, headers={**headers(), "Authorization": authorization})

    assert refused.status_code == 401
    assert refused.json()["errors"][0]["category"] == "REQUEST"


def test_there_is_one_kind_of_grant(box):
    basic = {"Authorization": f"Basic {base64.b64encode(b'demo:any').decode()}"}

    refused = box.http.post("/v3/token", data={"grant_type": "password"}, headers={**headers(), **basic})

    assert refused.status_code == 400


@pytest.mark.parametrize("missing", ["WM_SVC.NAME", "WM_QOS.CORRELATION_ID"])
def test_every_call_says_for_whom_it_is_and_has_a_number(box, seller, missing):
    said = {name: value for name, value in headers().items() if name != missing}

    refused = box.http.get("/v3/orders", headers={**said, "WM_SEC.ACCESS_TOKEN": seller.token})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["description"] == f"{missing} set null or invalid"


def test_the_account_tells_the_rates_of_its_feeds(seller):
    profile = seller.get("/settings/partnerprofile")

    (feeds,) = [one for one in profile["configurations"] if one["configurationName"] == "FEED"]
    rates = {
        one["feedType"]: one["throttleConfigurations"][0]["rate"]["count"] for one in feeds["configuration"]["values"]
    }
    assert rates == {"MP_ITEM": 10, "price": 10, "inventory": 10}


def test_an_error_names_the_service_behind_its_code(seller):
    refused = seller.call("GET", "/orders/SO-0")

    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["code"]) == (404, "UNKNOWN_ORDER.GMP_ORDERS_API")
    assert {"field", "info", "causes", "errorIdentifiers"} <= error.keys()


def test_the_gateway_fails_without_a_word(box, seller):
    box.switch_on("http_5xx", params={"status": 500})

    answer = seller.call("GET", "/orders")

    assert (answer.status_code, answer.content) == (500, b"")


def test_good_answers_tell_how_many_calls_are_left_and_when_there_is_one_more(box):
    seller = Seller(box)

    answers = [seller.call("GET", "/settings/partnerprofile") for _ in range(2)]

    assert [answer.headers["x-current-token-count"] for answer in answers] == ["9", "8"]
    # 50 calls a minute.
    assert 0 < waits(box, answers[-1]) <= 1.2


def test_whoever_calls_too_often_is_told_when_to_come_back(box):
    seller = Seller(box)

    *_, refused = (seller.call("GET", "/settings/partnerprofile") for _ in range(11))

    assert refused.status_code == 429
    assert refused.json()["errors"][0]["code"].startswith("RATE_LIMITED.")
    assert refused.headers["x-current-token-count"] == "0"
    assert 0 < waits(box, refused) <= 1.2
    assert "Retry-After" not in refused.headers


def test_where_orders_are_concerned_the_seconds_are_told_too(box, seller):
    box.switch_on("rate_limited", params={"retry_after": 6.2})

    refused = seller.call("GET", "/orders")

    assert refused.headers["Retry-After"] == "7"
    assert waits(box, refused) == pytest.approx(6.2)


def test_it_may_not_be_known_when_to_come_back(box, seller):
    box.switch_on("rate_limited", params={"retry_after": None})

    refused = seller.call("GET", "/orders")

    assert refused.status_code == 429
    assert {"Retry-After", "X-Next-Replenishment-Time"}.isdisjoint(refused.headers)


def test_each_type_of_feed_has_an_hourly_quota_of_its_own(box):
    seller = Seller(box)
    numbers = [seller.sends("RETIRE_ITEM", {"sku": "A"}) for _ in range(10)]

    refused = seller.uploads("RETIRE_ITEM", b'{"RetireItemHeader": {"version": "1.0"}, "RetireItem": [{"sku": "A"}]}')

    assert len(set(numbers)) == 10
    assert refused.status_code == 429
    assert 300 < waits(box, refused) <= 360
    assert seller.sends("MP_ITEM_MATCH", match("A"))


def test_a_feed_tells_of_the_bucket_of_its_type(box):
    seller = Seller(box)
    file = b'{"RetireItemHeader": {"version": "1.0"}, "RetireItem": [{"sku": "A"}]}'

    assert seller.uploads("RETIRE_ITEM", file).headers["x-current-token-count"] == "9"


def test_two_accounts_see_nothing_of_each_other(box, seller):
    order_id = seller.sells()
    feed_id = seller.sends("MP_ITEM_MATCH", match("A"))
    other = Seller(box, "other")

    assert other.call("GET", f"/orders/{order_id}").status_code == 404
    assert other.call("GET", f"/feeds/{feed_id.replace('@', '%40')}").status_code == 404
    assert other.call("GET", "/items").status_code == 404

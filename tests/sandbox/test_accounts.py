import pytest

from sandbox import clock
from tests.sandbox.in_process import Seller


def test_a_client_id_never_seen_opens_an_account(market):
    seller = Seller(market, "demo")

    account = seller.get("/account")

    assert (account["account_id"], account["currency"]) == ("acct-demo", "USD")
    assert account["limits"]["submit"]["max_lines"] == 10_000
    assert {carrier["code"] for carrier in account["carriers"]} >= {"UPS", "OTHER"}


def test_client_ids_that_look_alike_open_different_accounts(market):
    one, other = Seller(market, "My Shop").get("/account"), Seller(market, "my-shop").get("/account")

    assert one["account_id"] != other["account_id"]


@pytest.mark.parametrize("secret", ["bad", ""])
def test_a_bad_secret_is_refused(market, secret):
    answer = market.http.post("/v1/token", json={"client_id": "demo", "client_secret": secret})

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_client")


def test_an_account_made_with_a_secret_opens_only_with_it(market):
    market.control("POST", "/accounts", {"client_id": "careful", "secret": "right", "currency": "EUR"})

    wrong = market.http.post("/v1/token", json={"client_id": "careful", "client_secret": "wrong"})

    assert wrong.status_code == 401
    assert Seller(market, "careful", "right").get("/account")["currency"] == "EUR"


def test_without_open_registration_an_unknown_client_id_is_refused(market):
    market.control("PUT", "/settings", {"open_registration": False})

    answer = market.http.post("/v1/token", json={"client_id": "demo", "client_secret": "s"})

    assert answer.status_code == 401


def test_a_token_expires(market, seller):
    market.pass_seconds(901)

    assert seller.call("GET", "/account").status_code == 401
    seller.sign_in()
    assert seller.call("GET", "/account").status_code == 200


def test_a_call_without_a_token_is_refused(market):
    assert market.http.get("/v1/orders").status_code == 401


def test_what_an_account_can_do_may_be_changed(market, seller):
    market.control("PATCH", f"/accounts/{seller.account_id}", {"capabilities": {"tracking_required": True}})

    assert seller.get("/account")["capabilities"]["tracking_required"] is True


def test_calls_beyond_the_limit_are_told_when_to_come_back(market, seller):
    market.control("PUT", "/settings", {"limits": {"orders": {"rate_per_s": 0.5, "burst": 2}}})

    answers = [seller.call("GET", "/orders") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < float(answers[2].headers["Retry-After"]) <= 2
    assert seller.call("GET", "/account").status_code == 200


def test_the_protocol_documents_itself_without_foreign_scripts(market):
    document = market.http.get("/openapi.json").json()

    assert "/v1/submissions" in document["paths"]
    assert market.http.get("/docs").status_code == 404


def test_the_control_api_asks_for_its_token_when_one_is_set(market, monkeypatch):
    monkeypatch.setenv("SANDBOX_CONTROL_TOKEN", "t0ken")

    assert market.http.get("/control/accounts").status_code == 401
    assert market.http.get("/control/accounts", headers={"X-Control-Token": "t0ken"}).status_code == 200


def test_the_clock_is_moved_by_the_environment(monkeypatch):
    before = clock.now()
    monkeypatch.setenv("CLOCK_OFFSET_SECONDS", "2592000")

    assert clock.now() - before >= 2592000 * clock.MICROSECONDS


def test_moments_are_read_back_as_they_were_written():
    assert clock.parse(clock.text(1_767_600_000_123_456) or "") == 1_767_600_000_123_456
    assert clock.parse("2026-01-05T09:00:00+01:00") == clock.parse("2026-01-05T08:00:00")


def test_credentials_open_the_account_until_they_expire(market, seller):
    told = market.control("PATCH", f"/accounts/{seller.account_id}", {"credentials_expire_at": "2100-01-01T00:00:00Z"})
    assert seller.get("/account")["credentials_expire_at"] == "2100-01-01T00:00:00.000000Z"
    assert told["credentials_expire_at"] == "2100-01-01T00:00:00.000000Z"

    market.control("PATCH", f"/accounts/{seller.account_id}", {"credentials_expire_at": "2000-01-01T00:00:00Z"})
    refused = market.http.post("/v1/token", json={"client_id": "demo", "client_secret": "any"})
    assert (refused.status_code, refused.json()["code"]) == (401, "credentials_expired")

    market.control("PATCH", f"/accounts/{seller.account_id}", {"credentials_expire_at": None})
    assert seller.get("/account")["credentials_expire_at"] is None


def test_an_account_may_be_opened_with_credentials_that_expire(market):
    body = {"client_id": "brief", "credentials_expire_at": "2000-01-01T00:00:00Z"}
    market.control("POST", "/accounts", body)

    assert market.control("GET", "/accounts")["accounts"][0]["credentials_expire_at"].startswith("2000-01-01")
    refused = market.http.post("/v1/token", json={"client_id": "brief", "client_secret": "any"})
    assert refused.status_code == 401


def test_changing_something_else_leaves_their_end_alone(market, seller):
    market.control("PATCH", f"/accounts/{seller.account_id}", {"credentials_expire_at": "2100-01-01T00:00:00Z"})
    changed = market.control("PATCH", f"/accounts/{seller.account_id}", {"name": "Renamed", "currency": None})

    assert (changed["name"], changed["currency"]) == ("Renamed", "USD")
    assert changed["credentials_expire_at"].startswith("2100-01-01")

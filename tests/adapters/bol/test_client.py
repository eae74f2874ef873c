"""How bol.com is called, and what its answers mean."""

import base64

import httpx
import pytest

from channels_app.adapters.bol.problems import pause_after
from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel, SettingsError, TemporaryError
from channels_app.adapters.http import Answer
from channels_app.adapters.types import Kind, Mode, Verb
from tests.adapters.bol.bodies import asks, change, command, offers, order, status
from tests.adapters.bol.script import CLIENT_ID, SECRET, TOKEN, Script

ORDERS = "GET /retailer/orders"
SHIP = "POST /retailer/shipments"
PATCH = "PATCH /retailer/offers/6ff736b5-cdd0-4150-8c67-78269ee986f5"
V10, V11 = "application/vnd.retailer.v10+json", "application/vnd.retailer.v11+json"


def look(bol: Script, **more: object) -> None:
    bol.adapter(**more).check_connection()  # type: ignore[arg-type]


def test_a_token_is_asked_for_once_with_the_credentials_in_the_header(bol):
    bol.says(ORDERS, {})

    look(bol)
    look(bol)

    (asked,) = [request for request in bol.requests if request.url.path == "/token"]
    assert str(asked.url) == "https://login.bol.com/token"
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
    assert asked.content == b"grant_type=client_credentials"
    assert [request.headers["authorization"] for request in bol.calls()] == ["Bearer T-1"] * 2


def test_offers_speak_version_11_and_everything_else_version_10(bol):
    bol.says(PATCH, None)
    bol.says(SHIP, status(), status=202)

    bol.adapter().submit(Kind.OFFER, [change()], key="k")
    bol.adapter().ship(command(), key="k")

    assert [request.headers["accept"] for request in bol.calls()] == [V11, V10]
    assert [request.headers["content-type"] for request in bol.calls()] == [V11, V10]


def test_a_channel_in_test_mode_speaks_to_the_demonstration(bol):
    bol.says("GET /retailer-demo/orders", {})
    bol.says("POST /shared-demo/process-status", {"processStatuses": []})

    look(bol, mode=Mode.TEST)
    bol.adapter(mode=Mode.TEST).poll_commands(['{"1": ["2"]}'])

    assert bol.asked() == ["GET /retailer-demo/orders", "POST /shared-demo/process-status"]


def test_a_simulator_is_spoken_to_as_bol_com_itself_is(bol):
    bol.says(ORDERS, {})

    look(bol, mode=Mode.TEST, base_url="http://box.test:9000")

    assert {request.url.netloc for request in bol.requests} == {b"box.test:9000"}
    assert bol.asked() == [ORDERS]


def test_an_expired_token_is_renewed_and_the_call_repeated(bol):
    bol.says(ORDERS, {"title": "Expired JWT", "status": 401}, status=401)
    bol.says(ORDERS, {})

    look(bol)

    assert bol.asked() == [ORDERS] * 2
    assert len(bol.requests) == 4


@pytest.mark.parametrize("code", [400, 401])
def test_refused_credentials_are_shown_at_their_field(bol, code):
    bol.answers[TOKEN] = [httpx.Response(code, json={"error": "invalid_client", "error_description": SECRET})]

    with pytest.raises(SettingsError) as caught:
        look(bol)

    assert set(caught.value.field_errors) == {"client_secret"}
    assert SECRET not in f"{caught.value}{caught.value.field_errors}"


def test_a_closed_account_is_a_matter_for_the_seller(bol):
    bol.says(ORDERS, {"title": "Forbidden", "detail": "Account is not active, access denied"}, status=403)

    with pytest.raises(SettingsError, match="Account is not active"):
        look(bol)


@pytest.mark.parametrize("answer", ["<html>Welcome</html>", '{"access_', {}, {"access_token": "x"}, []])
def test_a_token_that_cannot_be_read_is_asked_for_again(bol, answer):
    bol.answers[TOKEN] = []
    bol.says(TOKEN, answer)

    with pytest.raises(TemporaryError):
        look(bol)


def test_a_refusal_says_what_was_wrong_with_each_field(bol):
    problem = {
        "title": "Bad Request",
        "status": 400,
        "detail": "Validation failed.",
        "violations": [{"name": "quantity", "reason": "must be positive"}],
    }
    bol.says(SHIP, problem, status=400)

    (result,) = bol.adapter().ship(command(asks()), key="k").results

    assert (result.code, result.reason) == ("Bad Request", "Validation failed. quantity: must be positive.")


@pytest.mark.parametrize("answer", [{"title": "Nothing here"}, "<h1>Nothing here</h1>", None])
def test_an_order_that_is_not_there_is_refused(bol, answer):
    bol.says("GET /retailer/orders/A2K8290LP8", answer, status=404)

    with pytest.raises(RejectedByChannel):
        bol.adapter().cancel(command(verb=Verb.CANCEL), key="k")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"detail": "busy"}, 503),
        ("<html>Welcome</html>", 202),
        ('{"processSta', 202),
        ({"errors": [{"message": "half done"}]}, 202),
        ({"processStatusId": None, "status": "PENDING"}, 202),
        ([], 202),
        (httpx.ReadTimeout("no answer"), 0),
    ],
)
def test_a_write_whose_answer_says_nothing_may_have_been_done(bol, answer, code):
    bol.says(SHIP, answer, status=code)

    with pytest.raises(OutcomeUnknown):
        bol.adapter().ship(command(), key="k")


@pytest.mark.parametrize(
    "answer", ["<html>", '{"orders": [', [], {"errors": ["x"]}, {"orders": None}, {"orders": [1]}, {"rows": []}]
)
def test_a_list_that_cannot_be_read_is_asked_for_again(bol, answer):
    bol.says(ORDERS, answer)

    with pytest.raises(TemporaryError):
        look(bol)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, {"detail": "Too many requests, retry in 23 seconds."}, 7),
        ({}, {"detail": "Too many requests, retry in 23 seconds."}, 23),
        ({"x-ratelimit-reset": "41"}, {}, 41),
        ({"x-ratelimit-reset": "1700000060"}, {}, 60),
        ({"x-ratelimit-reset": "1600000000"}, {}, 0),
    ],
)
def test_how_long_to_wait_is_found_wherever_bol_says_it(bol, headers, body, seconds):
    answer = httpx.Response(429, headers=headers, json=body)

    assert pause_after(_as_answer(answer), now=1_700_000_000) == seconds


def test_who_does_not_say_how_long_is_left_alone_for_a_while(bol):
    bol.says(ORDERS, "slow down", status=429)

    with pytest.raises(TemporaryError) as caught:
        look(bol)

    assert caught.value.retry_after == 10


def test_orders_are_listed_no_more_than_25_times_in_a_minute(bol):
    bol.says(ORDERS, {})
    bol.says("GET /retailer/offers", offers())
    limit = bol.adapter().limits["orders"]

    for _ in range(limit.burst):
        look(bol)
    with pytest.raises(TemporaryError):
        look(bol)

    assert limit.burst + 60 * limit.per_second == pytest.approx(25)
    assert bol.adapter().export_listings().complete  # another operation goes on


def test_an_account_is_named_by_the_token_or_else_by_its_client(bol):
    bol.says(ORDERS, {"orders": [order()]})
    by_client = bol.adapter().check_connection().account_id

    claims = base64.urlsafe_b64encode(b'{"retailerId": 1234567}').decode().rstrip("=")
    bol.answers[TOKEN] = [httpx.Response(200, json={"access_token": f"e30.{claims}.x", "expires_in": 299})]
    by_token = bol.adapter(countries="NL").check_connection().account_id

    assert by_token == "1234567"
    assert by_client.startswith("client-")
    assert by_client == bol.adapter().check_connection().account_id


def _as_answer(response: httpx.Response) -> Answer:
    return Answer(status=response.status_code, headers=response.headers, body=response.content)

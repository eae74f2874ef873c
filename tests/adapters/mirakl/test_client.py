"""How the operator is called, and what its answers mean."""

from typing import Any

import httpx
import pytest

from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel, SettingsError, TemporaryError
from channels_app.adapters.types import Kind, OfferLine
from tests.adapters.mirakl.operator import HOST, KEY, Operator

STOCK = "POST /api/offers/stock/imports"
STATUS = "GET /api/offers/stock/imports/7/status"


def send(operator: Operator, **settings: Any) -> str:
    line = OfferLine(sku="MUG-1", price=1, currency="EUR", quantity=3)  # type: ignore[arg-type]
    return operator.adapter(**settings).submit(Kind.QUANTITY, [line], key="k").handle


def test_the_key_stands_bare_in_the_header_and_the_shop_in_the_query(operator):
    operator.says(STOCK, {"import_id": "7"}, status=201)

    send(operator, shop_id=2034)

    (request,) = operator.requests
    assert request.headers["authorization"] == KEY
    assert request.url.params["shop_id"] == "2034"


def test_without_a_shop_number_none_is_named(operator):
    operator.says(STOCK, {"import_id": "7"}, status=201)

    send(operator)

    assert "shop_id" not in operator.requests[0].url.params


@pytest.mark.parametrize(
    "body",
    [
        {"code": "BAD", "message": "The file is empty"},
        {"errors": [{"code": "BAD", "field": "file", "message": "The file is empty"}]},
        [{"code": "BAD", "message": "The file is empty"}],
    ],
)
def test_code_and_message_are_found_wherever_the_envelope_has_them(operator, body):
    operator.says(STOCK, body, status=400)

    with pytest.raises(RejectedByChannel, match="The file is empty") as caught:
        send(operator)

    assert caught.value.code == "BAD"


def test_a_refusal_in_html_is_one_all_the_same(operator):
    operator.says(STOCK, "<h1>Bad request</h1>", status=400)

    with pytest.raises(RejectedByChannel, match="refused it"):
        send(operator)


def test_a_refused_key_is_shown_at_its_field(operator):
    operator.says(STOCK, {"message": f"Unknown key {KEY}"}, status=401)

    with pytest.raises(SettingsError) as caught:
        send(operator)

    assert set(caught.value.field_errors) == {"api_key"}
    assert KEY not in f"{caught.value}{caught.value.field_errors}"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"message": "busy"}, 503),
        ("<html>Welcome</html>", 201),
        ('{"import_', 201),
        ({"errors": [{"message": "half done"}]}, 201),
        ({"number": 7}, 201),
        (httpx.ReadTimeout("no answer"), 0),
    ],
)
def test_a_file_whose_answer_says_nothing_may_have_been_taken(operator, answer, status):
    operator.says(STOCK, answer, status=status)

    with pytest.raises(OutcomeUnknown):
        send(operator)


def test_who_asks_us_to_slow_down_without_saying_how_long_is_left_alone_for_a_minute(operator):
    operator.says(STOCK, {}, status=429)

    with pytest.raises(TemporaryError) as caught:
        send(operator)

    assert caught.value.retry_after == 60


def test_retry_after_is_obeyed(operator):
    operator.says(STOCK, {}, status=429, headers={"retry-after": "7"})

    with pytest.raises(TemporaryError) as caught:
        send(operator)

    assert caught.value.retry_after == 7


def test_a_second_file_within_the_minute_stays_at_home(operator):
    operator.says(STOCK, {"import_id": "7"}, status=201)
    send(operator)

    with pytest.raises(TemporaryError) as caught:
        send(operator)

    assert 50 < (caught.value.retry_after or 0) <= 60
    assert len(operator.requests) == 1


@pytest.mark.parametrize(("answer", "status"), [("<html>", 200), ({}, 500), ([], 200)])
def test_a_status_that_cannot_be_read_is_asked_for_again(operator, answer, status):
    operator.says(STATUS, answer, status=status)

    with pytest.raises(TemporaryError):
        operator.adapter().poll(Kind.QUANTITY, "7")


def test_the_key_goes_to_the_operators_own_host_only(operator):
    operator.says("GET /api/offers/export/async/status/T-1", exported("https://files.test/a?sign=1", f"{HOST}/b"))
    operator.says("GET /a", "[]")
    operator.says("GET /b", "[]")

    rows = operator.adapter(shop_id=5).export_listings("T-1").rows
    assert rows is not None
    assert list(rows) == []

    _, elsewhere, here = operator.requests
    assert str(elsewhere.url) == "https://files.test/a?sign=1"
    assert "authorization" not in elsewhere.headers
    assert here.headers["authorization"] == KEY


@pytest.mark.parametrize(
    ("url", "has_key"),
    [
        ("https://operator.mirakl.test:443/a", True),
        ("https://OPERATOR.mirakl.test/a", True),
        ("/a", True),
        ("http://operator.mirakl.test/a", False),
        ("https://operator.mirakl.test.evil.test/a", False),
        ("//evil.test/a", False),
        ("https://operator.mirakl.test@evil.test/a", False),
    ],
)
def test_an_address_that_only_looks_like_the_operators_gets_no_key(operator, url, has_key):
    operator.says("GET /api/offers/export/async/status/T-1", exported(url))
    operator.says("GET /a", "[]")

    assert list(operator.adapter().export_listings("T-1").rows or ()) == []

    assert (operator.requests[-1].headers.get("authorization") == KEY) == has_key


def exported(*urls: str) -> dict[str, object]:
    return {"status": "COMPLETED", "last_updated": "2026-11-20T09:00:00Z", "urls": list(urls)}

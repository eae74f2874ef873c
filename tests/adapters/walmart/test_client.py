"""How calls look on the wire, and what refusals mean."""

import logging
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel, SettingsError, TemporaryError
from channels_app.adapters.types import Kind, Mode, OfferLine
from channels_app.adapters.walmart.adapter import WalmartAdapter
from channels_app.adapters.walmart.forms import WalmartAccountForm
from marketplace_integration import clock
from tests.adapters.walmart.bodies import feed, order, order_list
from tests.adapters.walmart.script import SECRET, refusal
from tests.adapters.walmart.test_account import detail, profile
from tests.adapters.walmart.test_commands import PARCEL


@pytest.fixture
def ready(walmart):
    """A Walmart at which the connection check passes."""
    walmart.on("GET", "/v3/token/detail", detail())
    walmart.on("GET", "/v3/settings/partnerprofile", profile())
    return walmart


def test_every_call_carries_walmarts_headers_and_a_number_of_its_own(ready, adapter):
    adapter.check_connection()

    first, second = ready.calls
    assert first.url == "https://marketplace.walmartapis.com/v3/token/detail"
    assert first.headers["WM_SEC.ACCESS_TOKEN"] == "token-1"
    assert first.headers["WM_SVC.NAME"] == "Walmart Marketplace"
    assert first.headers["Accept"] == "application/json"
    assert "WM_SANDBOX" not in first.headers
    assert "Authorization" not in first.headers
    assert first.headers["WM_QOS.CORRELATION_ID"] != second.headers["WM_QOS.CORRELATION_ID"]


def test_a_token_is_asked_for_once_with_the_credentials_as_basic_authorization(ready, adapter):
    adapter.check_connection()
    ready.open().check_connection()

    (asked,) = ready.token_calls
    assert httpx.BasicAuth("client", SECRET)._auth_header == asked.headers["Authorization"]
    assert asked.content == b"grant_type=client_credentials"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"


def test_the_mode_chooses_between_sandbox_and_production_and_an_address_of_its_own_beats_both(ready):
    ready.open(mode=Mode.TEST).check_connection()
    ready.open(mode=Mode.TEST, base_url="http://127.0.0.1:9100/").check_connection()

    urls = [str(call.url) for call in ready.calls]
    assert urls[0] == "https://sandbox.walmartapis.com/v3/token/detail"
    assert urls[2] == "http://127.0.0.1:9100/v3/token/detail"
    assert ready.calls[0].headers["WM_SANDBOX"] == "v2"


def test_an_expired_token_is_renewed_without_anybody_noticing(ready, adapter):
    ready.on("GET", "/v3/token/detail", httpx.Response(401), detail())

    assert adapter.check_connection().account_id == "10001"
    assert len(ready.token_calls) == 2


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_credentials_are_a_matter_for_the_seller(walmart, adapter, status):
    walmart.on("POST", "/v3/token", refusal(status, "INVALID_CLIENT"))

    with pytest.raises(SettingsError) as caught:
        adapter.check_connection()

    assert set(caught.value.field_errors) == {"client_secret"}


def test_special_characters_are_encoded_completely(walmart, adapter):
    walmart.on("PUT", "/v3/inventory", {"sku": "x", "quantity": {"unit": "EACH", "amount": 1}})
    walmart.on("GET", "/v3/feeds/14066B66@AVMBAgA", feed("RECEIVED"))

    adapter.submit(Kind.QUANTITY, [offer("A B/C&D+E?")], key="k")
    adapter.poll(Kind.QUANTITY, "14066B66@AVMBAgA")

    put, get = walmart.calls
    assert put.url.raw_path == b"/v3/inventory?sku=A%20B%2FC%26D%2BE%3F"
    assert get.url.raw_path.startswith(b"/v3/feeds/14066B66%40AVMBAgA?")


def offer(sku: str, quantity: int = 1) -> OfferLine:
    return OfferLine(sku=sku, price=Decimal("10.00"), currency="USD", quantity=quantity)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(400, "INVALID_REQUEST_CONTENT.GMP_ORDER_API", "Bad"), RejectedByChannel),
        (refusal(404, "NOT_FOUND.GMP_ORDER_API"), RejectedByChannel),
        (refusal(403, "FORBIDDEN"), SettingsError),
        (refusal(429, "REQUEST_THRESHOLD_VIOLATED", **{"Retry-After": "7"}), TemporaryError),
        (httpx.Response(503), TemporaryError),
        (httpx.Response(200, html="<h1>Sorry</h1>"), TemporaryError),
        (httpx.Response(200, json=[1]), TemporaryError),
        (httpx.Response(200, json={"errors": [{"code": "X", "severity": "ERROR"}]}), TemporaryError),
        (httpx.ReadTimeout("silence"), TemporaryError),
        (httpx.ConnectError("refused"), TemporaryError),
    ],
)
def test_what_an_answer_to_a_read_means(walmart, adapter, answer, error):
    walmart.on("GET", "/v3/orders", answer)

    with pytest.raises(error) as caught:
        adapter.fetch_orders(adapter.first_cursor(clock.now() - timedelta(hours=1)))

    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(429, "X", **{"X-Next-Replenishment-Time": "1795165230000"}), TemporaryError),
        (httpx.Response(503), OutcomeUnknown),
        (httpx.Response(200, content=b'{"order": '), OutcomeUnknown),
        (httpx.Response(200, json={"errors": [{"code": "X"}]}), OutcomeUnknown),
        (httpx.ReadTimeout("silence"), OutcomeUnknown),
        (httpx.ConnectError("refused"), TemporaryError),
    ],
)
def test_what_an_answer_to_a_write_means(walmart, adapter, answer, error):
    walmart.on("GET", "/v3/orders/1796277083022", {"order": order()})
    walmart.on("POST", "/v3/orders/1796277083022/shipping", answer)

    with pytest.raises(error) as caught:
        adapter.ship(PARCEL, key="k")

    assert type(caught.value) is error
    if error is TemporaryError and isinstance(answer, httpx.Response):
        assert caught.value.retry_after == 30


def test_a_list_without_rows_may_be_a_404(walmart, adapter):
    walmart.on("GET", "/v3/orders", refusal(404, "CONTENT_NOT_FOUND.GMP_ORDER_API"))

    page = adapter.fetch_orders(adapter.first_cursor(clock.now() - timedelta(hours=1)))

    assert (page.raws, page.has_more) == ((), False)
    assert page.known_until is not None


def test_no_secret_is_in_a_log_or_an_error(walmart, adapter, caplog):
    caplog.set_level(logging.DEBUG)
    said = []
    walmart.on("GET", "/v3/orders", refusal(400, "BAD", f"client secret {SECRET} is odd"), order_list())
    for _ in range(2):
        try:
            adapter.fetch_orders(adapter.first_cursor(clock.now() - timedelta(hours=1)))
        except RejectedByChannel as error:
            said.append(repr(error))

    assert said
    assert SECRET not in "\n".join([*said, caplog.text, *(repr(record.__dict__) for record in caplog.records)])


def test_the_account_form_takes_what_a_seller_finds_and_refuses_the_rest():
    values = {"client_id": "c", "client_secret": "s", "default_weight": "1"}

    assert WalmartAccountForm(values).is_valid()
    assert "item_spec_version" in WalmartAccountForm({**values, "item_spec_version": "5"}).errors
    assert "base_url" in WalmartAccountForm({**values, "base_url": "http://me:pw@x.test"}).errors
    form = WalmartAccountForm(
        {**values, "item_spec_version": " 5.0.20260826-17_15_31-api ", "base_url": "http://x.test/"}
    )
    assert form.is_valid()
    assert form.cleaned_data["item_spec_version"] == "5.0.20260826-17_15_31-api"
    assert form.cleaned_data["base_url"] == "http://x.test"


def test_jobs_of_one_simulator_count_against_one_host():
    assert WalmartAdapter.host({"base_url": "http://127.0.0.1:9100"}) == "127.0.0.1:9100"
    assert WalmartAdapter.host({"base_url": ""}) == "walmart"

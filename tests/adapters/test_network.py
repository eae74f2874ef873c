"""How the one way out behaves when the network does not: no socket is opened here but to Valkey."""

import contextlib
import time
from collections.abc import Callable

import httpx
import pytest
import redis

from channels_app.adapters import http as http_module
from channels_app.adapters.errors import (
    ChannelError,
    OutcomeUnknown,
    RejectedByChannel,
    SettingsError,
    TemporaryError,
)
from channels_app.adapters.http import Answer, HttpClient
from channels_app.adapters.limiter import BREAKER_SECONDS, Limiter
from channels_app.adapters.network import AddressRefused, GuardedTransport, is_public
from channels_app.adapters.redis_client import shared_redis
from channels_app.adapters.sandbox.adapter import SandboxAdapter
from channels_app.adapters.tokens import TokenStore
from channels_app.adapters.types import Account, Limit

ACCOUNT = Account(settings={"client_id": "c"}, secrets={"client_secret": "sesame-open-up"}, scope="sandbox:7")


@pytest.fixture(autouse=True)
def _empty_valkey(request: pytest.FixtureRequest) -> None:
    if "valkey" in request.fixturenames:
        request.getfixturevalue("valkey")
        shared_redis().flushdb()


def client_that(
    answer: Callable[[httpx.Request], httpx.Response], *, deadline: Callable[[], float] | None = None
) -> HttpClient:
    transport = httpx.MockTransport(answer)
    return HttpClient(ACCOUNT, SandboxAdapter, deadline=deadline, client=httpx.Client(transport=transport))


def raising(error: type[httpx.TransportError]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("trouble", request=request)

    return answer


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "::1",
        "fd00::1",
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_private_addresses_are_private_however_they_are_written(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_public_addresses_are_public(address):
    assert is_public(address)


def guarded(
    addresses: list[str], *, allowed: tuple[str, ...] = (), refusing: str = ""
) -> tuple[httpx.Client, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == refusing:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200)

    inner = httpx.MockTransport(answer)
    transport = GuardedTransport(lambda host: inner, allowed_hosts=allowed, resolver=lambda host, port: addresses)
    return httpx.Client(transport=transport), seen


def test_the_very_address_that_was_checked_is_called_under_the_hosts_name():
    client, seen = guarded(["93.184.216.34"])

    client.get("https://shop.example/x?y=1")

    (request,) = seen
    assert str(request.url) == "https://93.184.216.34/x?y=1"
    assert request.headers["host"] == "shop.example"
    assert request.extensions["sni_hostname"] == "shop.example"


def test_one_private_address_among_public_ones_refuses_the_host():
    client, seen = guarded(["93.184.216.34", "10.0.0.1"])

    with pytest.raises(AddressRefused):
        client.get("https://shop.example/")

    assert seen == []


def test_a_host_allowed_by_name_and_port_may_be_private_and_without_tls():
    client, seen = guarded(["127.0.0.1"], allowed=("sandbox:9000",))

    client.get("http://sandbox:9000/")
    with pytest.raises(AddressRefused):
        client.get("http://sandbox:9001/")

    assert len(seen) == 1


def test_a_public_host_is_not_called_without_tls():
    client, _ = guarded(["93.184.216.34"])

    with pytest.raises(AddressRefused):
        client.get("http://shop.example/")


def test_the_next_address_is_tried_when_the_first_refuses():
    client, seen = guarded(["93.184.216.34", "93.184.216.35"], refusing="93.184.216.34")

    assert client.get("https://shop.example/").status_code == 200
    assert [request.url.host for request in seen] == ["93.184.216.34", "93.184.216.35"]


def test_a_private_address_is_a_matter_for_the_settings(valkey, settings):
    settings.OUTBOUND_ALLOWED_HOSTS = []
    client = HttpClient(ACCOUNT, SandboxAdapter)

    with pytest.raises(SettingsError) as caught:
        client.call("GET", "https://127.0.0.1:9/", operation="orders")

    assert "OUTBOUND_ALLOWED_HOSTS" in str(caught.value)


# Failures, by remedy


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_what_was_never_sent_did_nothing_even_if_it_was_a_write(valkey, error):
    with pytest.raises(TemporaryError):
        client_that(raising(error)).call("POST", "http://s/", operation="submit", write=True)


@pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError])
def test_a_lost_answer_is_unknown_for_a_write_and_temporary_for_a_read(valkey, error):
    client = client_that(raising(error))

    with pytest.raises(OutcomeUnknown):
        client.call("POST", "http://s/", operation="submit", write=True)
    with pytest.raises(TemporaryError):
        client.call("GET", "http://s/", operation="orders")


@pytest.mark.parametrize(
    ("status", "write", "expected"),
    [
        (400, True, RejectedByChannel),
        (401, False, SettingsError),
        (403, False, SettingsError),
        (404, False, RejectedByChannel),
        (408, True, OutcomeUnknown),
        (429, True, TemporaryError),
        (500, False, TemporaryError),
        (503, True, OutcomeUnknown),
    ],
)
def test_a_refusing_answer_is_sorted_by_its_remedy(valkey, status, write, expected):
    client = client_that(
        lambda request: httpx.Response(status, json={"reason": "no sesame-open-up"}, headers={"x-request-id": "r-1"})
    )

    with pytest.raises(ChannelError) as caught:
        client.read(client.call("POST", "http://s/", operation="submit", write=write), write=write)

    assert type(caught.value) is expected
    assert (caught.value.http_status, caught.value.request_id) == (status, "r-1")
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "999999999"}, 86_400),
        ({"retry-after": "Mon, 05 Jan 2026 08:01:00 GMT", "date": "Mon, 05 Jan 2026 08:00:00 GMT"}, 60),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Mon, 05 Jan 2026 08:01:00 GMT"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_in_every_form(headers, seconds):
    assert Answer(status=429, headers=headers, body=b"").retry_after == seconds


def test_no_call_begins_when_the_deadline_is_near(valkey):
    soon = time.monotonic() + 0.5
    client = client_that(lambda request: pytest.fail("sent"), deadline=lambda: soon)

    with pytest.raises(TemporaryError):
        client.call("POST", "http://s/", operation="submit", write=True)


def test_an_answer_that_drips_in_is_cut_off_at_the_total_time(valkey, monkeypatch):
    class Dripping(httpx.SyncByteStream):
        def __iter__(self):
            while True:
                time.sleep(0.02)
                yield b"x"

    monkeypatch.setattr(http_module, "TOTAL_SECONDS", 0.2)
    monkeypatch.setattr(http_module, "SHORTEST_SECONDS", 0.1)
    client = client_that(lambda request: httpx.Response(200, stream=Dripping()))
    began = time.monotonic()

    with pytest.raises(OutcomeUnknown):
        client.call("POST", "http://s/", operation="submit", write=True)

    assert time.monotonic() - began < 2


def test_a_redirect_is_not_followed(valkey):
    calls = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.url)
        return httpx.Response(302, headers={"location": "http://169.254.169.254/"})

    assert client_that(answer).call("GET", "http://s/", operation="orders").status == 302
    assert len(calls) == 1


# Rate limits


def test_the_burst_goes_at_once_and_then_a_long_wait_gives_the_worker_back(valkey):
    limiter = Limiter("a", {"orders": Limit(per_second=0.1, burst=2)})

    limiter.take("orders")
    limiter.take("orders")
    with pytest.raises(TemporaryError) as caught:
        limiter.take("orders")

    assert 8 < (caught.value.retry_after or 0) <= 10


def test_a_short_wait_is_waited(valkey):
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time.sleep(seconds)

    limiter = Limiter("a", {"orders": Limit(per_second=10, burst=1)}, sleep=sleep)
    limiter.take("orders")
    limiter.take("orders")

    assert 0 < sum(slept) <= 0.25


def test_workers_share_a_bucket_and_accounts_do_not(valkey):
    limits = {"orders": Limit(per_second=0.1, burst=1)}
    Limiter("a", limits).take("orders")

    with pytest.raises(TemporaryError):
        Limiter("a", limits).take("orders")
    Limiter("b", limits).take("orders")


def test_a_channel_that_says_slow_down_is_left_alone_for_that_operation_only(valkey):
    client = client_that(lambda request: httpx.Response(429, headers={"retry-after": "30"}))
    client.call("GET", "http://s/", operation="orders")

    with pytest.raises(TemporaryError) as caught:
        client.call("GET", "http://s/", operation="orders")

    assert 28 < (caught.value.retry_after or 0) <= 30
    assert client.call("GET", "http://s/", operation="account").status == 429


def test_three_time_outs_in_a_row_rest_the_account_and_an_answer_in_between_does_not(valkey):
    silent = client_that(raising(httpx.ReadTimeout))
    speaking = client_that(lambda request: httpx.Response(200, json={}))

    for client in (silent, silent, speaking, silent, silent, silent):
        with contextlib.suppress(TemporaryError):
            client.call("GET", "http://s/", operation="orders")
    with pytest.raises(TemporaryError) as caught:
        speaking.call("GET", "http://s/", operation="account")

    assert caught.value.code == "resting"
    assert 0 < (caught.value.retry_after or 0) <= BREAKER_SECONDS


def test_without_valkey_nothing_is_sent(monkeypatch):
    monkeypatch.setattr("channels_app.adapters.limiter.shared_redis", _redis_that_is_away)

    with pytest.raises(TemporaryError):
        client_that(lambda request: pytest.fail("sent")).call("POST", "http://s/", operation="submit", write=True)


def _redis_that_is_away():
    class Away:
        def __getattr__(self, name):
            raise redis.ConnectionError("away")

    return Away()


# Tokens


def test_a_token_is_fetched_once_and_kept(valkey):
    fetched: list[int] = []

    def fetch() -> tuple[str, float]:
        fetched.append(1)
        return "token-1", 900.0

    assert [TokenStore(ACCOUNT).get(fetch) for _ in range(3)] == ["token-1"] * 3
    assert len(fetched) == 1


def test_a_refused_token_is_forgotten_but_a_newer_one_is_not(valkey):
    store = TokenStore(ACCOUNT)
    store.get(lambda: ("old", 900.0))

    store.forget("another")
    assert store.get(lambda: ("new", 900.0)) == "old"
    store.forget("old")
    assert store.get(lambda: ("new", 900.0)) == "new"


def test_other_credentials_never_meet_the_token_of_earlier_ones(valkey):
    TokenStore(ACCOUNT).get(lambda: ("first", 900.0))
    changed = Account(settings=ACCOUNT.settings, secrets={"client_secret": "other"}, scope=ACCOUNT.scope)

    assert TokenStore(changed).get(lambda: ("second", 900.0)) == "second"


def test_a_token_close_to_its_end_is_not_kept(valkey):
    store = TokenStore(ACCOUNT)
    store.get(lambda: ("brief", 1.0))

    assert store.get(lambda: ("next", 900.0)) == "next"

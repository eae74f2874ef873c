"""The proxy between the product and a simulator."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from contracts.checking import Contract
from contracts.proxy import CheckingProxy
from contracts.record import Record

pytestmark = pytest.mark.local_servers
KEY = {"authorization": "4f2b-key", "accept": "application/json"}


@contextmanager
def upstream(answer: Callable[[bytes], bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """A server of one connection at a time: what `answer` returns goes back, and then it hangs up."""
    seen: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                seen.append(connection.recv(65_536))
                connection.sendall(answer(seen[-1]))

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture
def proxy() -> Iterator[CheckingProxy]:
    proxy = CheckingProxy(Record(Contract.load("mirakl")))
    proxy.start()
    yield proxy
    proxy.stop()


def an_answer(body: object) -> bytes:
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Own: yes\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def test_calls_and_answers_pass_unchanged_and_are_judged(proxy):
    with upstream(lambda _: an_answer({"shop_id": "one"})) as (url, seen):
        proxy.target = url
        answer = httpx.get(f"{proxy.url}/api/account?shop_id=7", headers=KEY, trust_env=False)

    assert (answer.json(), answer.headers["x-own"]) == ({"shop_id": "one"}, "yes")
    assert seen[0].startswith(b"GET /api/account?shop_id=7 HTTP/1.1\r\n")
    assert b"authorization: 4f2b-key\r\n" in seen[0]
    assert f"host: {proxy.host}\r\n".encode() in seen[0]
    record = proxy.record
    assert (record.requests_validated, record.responses_validated, record.operations["A01"]) == (1, 1, 1)
    assert "A01 200: $.shop_id: 'one' is not of type 'integer'" in record.violations


def test_a_dropped_connection_is_dropped_and_no_answer_is_judged(proxy):
    with upstream(lambda _: b"") as (url, seen):
        proxy.target = url
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{proxy.url}/api/account", headers=KEY, trust_env=False)

    assert len(seen) == 1
    assert (proxy.record.requests_validated, proxy.record.responses_validated) == (1, 0)


def test_a_body_that_breaks_off_is_not_made_whole(proxy):
    with upstream(lambda _: an_answer({"shop_id": 1})[:-4]) as (url, _):
        proxy.target = url
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{proxy.url}/api/account", headers=KEY, trust_env=False)

    assert proxy.record.responses_validated == 0

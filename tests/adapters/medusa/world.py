"""The world of the adapter contract over a Mercur or Medusa, the real one or the little one in memory.

Trouble is made on the way to it, and never by it.
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Protocol

import httpx

from channels_app.adapters.http import Answer, HttpClient
from channels_app.adapters.medusa.adapter import MedusaAdapter
from channels_app.adapters.redis_client import shared_redis
from channels_app.adapters.tokens import TokenStore
from channels_app.adapters.types import Account, ContentLine, Limit
from marketplace_integration import clock
from tests.adapters.contract import Trouble
from tests.adapters.contract.world import plain_content
from tests.adapters.simulated_world import gtin_of

Send = Callable[[httpx.Request], httpx.Response]


class Office(Protocol):
    """What a test can do at the server by itself."""

    def clear(self) -> None:
        """No product and no reservation is left of earlier tests."""

    def occupy(self, sku: str) -> None:
        """Something else on the server has this SKU."""

    def place(self, sku: str, quantity: int) -> str:
        """A buyer has bought and paid. Returns the order."""

    def shipped(self, number: str) -> int:
        """Return how many units of the order have left."""

    def refunded(self, number: str) -> Decimal:
        """Return what the buyer of the order got back."""


class MedusaWorld:
    """One account of a server. Each test finds it empty. Times are real: they cannot be put forward."""

    prices = ("0.01", "0.99", "10.00", "1234.56", "9999.99")
    quantities = (0, 1, 999)
    tells_ship_by = False

    def __init__(
        self, office: Office, *, settings: Mapping[str, str], secret: str, server: httpx.BaseTransport
    ) -> None:
        self.office = office
        office.clear()
        self.secrets = [secret]
        self.remote_ids: dict[str, str] = {}
        self.operations: set[str] = set()
        self.began_at = clock.now()
        self._settings = settings
        self._fails_at = ""
        self._way = _Way(server)
        self._client = httpx.Client(transport=httpx.MockTransport(self._way), trust_env=False)

    def close(self) -> None:
        self._client.close()
        self._way.close()

    # The adapter

    def open(self, secret: str = "") -> MedusaAdapter:
        account = Account(
            settings=self._settings,
            secrets={"secret": secret or self.secrets[0]},
            scope="medusa:contract",
            limits=dict.fromkeys(MedusaAdapter.limits, Limit(per_second=10_000, burst=10_000)),
        )
        http = _Observed(account, MedusaAdapter, client=self._client, world=self)
        return MedusaAdapter(account, http=http, tokens=TokenStore(account))

    def with_bad_credentials(self) -> MedusaAdapter:
        return self.open("not-the-secret")

    def before_call(self, operation: str, *, write: bool) -> None:
        self.operations.add(operation)
        for key in shared_redis().scan_iter("limit:*"):
            shared_redis().delete(key)
        if operation == self._fails_at:
            self._fails_at = ""
            self._way.trouble = "refused"
        self._way.comes(write=write)

    # The marketplace

    def now(self) -> datetime:
        return clock.now()

    def settle(self) -> None:
        """All is settled when it is answered."""

    def passes(self, seconds: float) -> None:
        """A real clock cannot be put forward: what happens next happens a moment later."""
        time.sleep(0.01)

    def content(self, sku: str, *, price: str, quantity: int) -> ContentLine:
        """Return an item. Of one that is to be refused, somebody else has the SKU already."""
        if sku.endswith("-REJECT"):
            self.office.occupy(sku)
        return plain_content(sku, price=price, quantity=quantity, currency="EUR", gtin=gtin_of(sku))

    def content_that_lacks_something(self, sku: str) -> ContentLine | None:
        return None

    def has_order(self, sku: str, quantity: int) -> str:
        return self.office.place(sku, quantity)

    def asks_to_cancel(self, order: str) -> None:
        raise NotImplementedError("Buyers cannot ask for it here.")

    def sends_back(self, order: str, sku: str, quantity: int) -> None:
        raise NotImplementedError("Returns are not read here.")

    def shipped(self, order: str) -> int:
        return self.office.shipped(order)

    def refunded(self, order: str) -> Decimal:
        return self.office.refunded(order)

    def has(self, trouble: Trouble, *, on_write: int = 0) -> None:
        self._way.armed = (trouble, on_write)

    def calm(self) -> None:
        self._way.armed = self._way.trouble = None

    def fails_at(self, operation: str) -> None:
        """The next such call finds nobody listening."""
        self._fails_at = operation

    def serve(self, server: Send) -> None:
        """From now on somebody else answers."""
        self._way.inner = httpx.MockTransport(server)

    def invents(self) -> None:
        self._way.rewrites.append(_new_words)

    def repeats_pages(self) -> None:
        self._way.repeats_pages = True

    def clock_is_off(self, seconds: float) -> None:
        self._way.clock_off = seconds


class _Way:
    """The way to the server, on which things happen."""

    def __init__(self, server: httpx.BaseTransport) -> None:
        self.inner = server
        self.armed: tuple[Trouble, int] | None = None
        self.trouble: Trouble | None = None
        self.rewrites: list[Callable[[Any], Any]] = []
        self.repeats_pages = False
        self.clock_off = 0.0

    def close(self) -> None:
        self.inner.close()

    def comes(self, *, write: bool) -> None:
        """A call is about to leave: trouble that was ordered for it will strike it."""
        if self.armed is None:
            return
        trouble, on_write = self.armed
        if on_write and not write:
            return
        self.armed = (trouble, on_write - 1) if on_write > 1 else None
        if on_write <= 1:
            self.trouble = trouble

    def __call__(self, request: httpx.Request) -> httpx.Response:
        trouble, self.trouble = self.trouble, None
        if trouble is not None:
            return _TROUBLES[trouble](request, self._send)
        return self._send(request)

    def _send(self, request: httpx.Request) -> httpx.Response:
        if self.repeats_pages and "offset" in request.url.params:
            request = httpx.Request(request.method, request.url.copy_set_param("offset", 0), headers=request.headers)
        answer = self.inner.handle_request(request)
        content = answer.read()
        for rewrite in self.rewrites:
            content = json.dumps(rewrite(json.loads(content))).encode()
        headers = {"content-type": answer.headers.get("content-type", ""), **self._date(answer)}
        return httpx.Response(answer.status_code, headers=headers, content=content)

    def _date(self, answer: httpx.Response) -> dict[str, str]:
        if "date" not in answer.headers:
            return {}
        told = parsedate_to_datetime(answer.headers["date"])
        shifted = datetime.fromtimestamp(told.timestamp() + self.clock_off, UTC)
        return {"date": format_datetime(shifted, usegmt=True)}


def _refused(request: httpx.Request, send: Send) -> httpx.Response:
    raise httpx.ConnectError("Connection refused")


def _dropped(request: httpx.Request, send: Send) -> httpx.Response:
    raise httpx.RemoteProtocolError("Server disconnected")


def _lost(request: httpx.Request, send: Send) -> httpx.Response:
    send(request)
    raise httpx.ReadTimeout("The answer is lost")


def _busy(request: httpx.Request, send: Send) -> httpx.Response:
    return httpx.Response(429, headers={"retry-after": "7"}, json={"message": "Too many requests"})


def _busy_without_end(request: httpx.Request, send: Send) -> httpx.Response:
    return httpx.Response(429, json={"message": "Too many requests"})


def _signed_out(request: httpx.Request, send: Send) -> httpx.Response:
    """A token that has run out; a key never does."""
    if request.headers.get("authorization", "").startswith("Bearer"):
        request.headers["authorization"] = "Bearer of.nothing.good"
    return send(request)


def _errors_inside(request: httpx.Request, send: Send) -> httpx.Response:
    return httpx.Response(200, json={"errors": [{"code": "no", "message": "Something went wrong"}]})


def _truncated(request: httpx.Request, send: Send) -> httpx.Response:
    answer = send(request)
    return httpx.Response(
        answer.status_code, headers=answer.headers, content=answer.content[: len(answer.content) // 2]
    )


def _html(request: httpx.Request, send: Send) -> httpx.Response:
    return httpx.Response(200, html="<html><body>Please wait</body></html>")


def _other_type(request: httpx.Request, send: Send) -> httpx.Response:
    answer = send(request)
    return httpx.Response(
        answer.status_code, headers={**answer.headers, "content-type": "text/plain"}, content=answer.content
    )


def _refusal(status: int) -> Callable[[httpx.Request, Send], httpx.Response]:
    return lambda request, send: httpx.Response(status, json={"type": "not_allowed", "message": "Not now"})


_TROUBLES: Mapping[Trouble, Callable[[httpx.Request, Send], httpx.Response]] = {
    "refused": _refused,
    "dropped": _dropped,
    "lost": _lost,
    "busy": _busy,
    "busy_for_who_knows_how_long": _busy_without_end,
    "signed_out": _signed_out,
    "errors_inside": _errors_inside,
    "truncated": _truncated,
    "html": _html,
    "other_type": _other_type,
    "broken": _refusal(503),
    "forbidden": _refusal(403),
    "gone": _refusal(404),
    "conflict": _refusal(409),
}


def _new_words(body: Any) -> Any:
    """Return the body with statuses that nobody has heard of."""
    if isinstance(body, list):
        return [_new_words(one) for one in body]
    if isinstance(body, dict):
        return {name: "teleported" if name.endswith("status") else _new_words(value) for name, value in body.items()}
    return body


class _Observed(HttpClient):
    """Tells the world of every call before it goes out."""

    def __init__(self, *args: Any, world: MedusaWorld, **more: Any) -> None:
        super().__init__(*args, **more)
        self._world = world

    def call(self, method: str, url: str, *, operation: str, write: bool = False, **more: Any) -> Answer:
        self._world.before_call(operation, write=write)
        return super().call(method, url, operation=operation, write=write, **more)

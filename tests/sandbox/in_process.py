"""The sandbox without a process and without a socket: HTTP requests go straight into the application."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from sandbox import worker
from sandbox.app import create_app
from sandbox.clock import MICROSECONDS
from sandbox.engine.market import Market
from sandbox.protocols.gate import ConnectionDropped

#: 2026-01-05 08:00 UTC
MORNING = 1_767_600_000 * MICROSECONDS


class AppTransport(httpx.BaseTransport):
    """Answers requests by an ASGI application. A connection the application drops is one the server closed."""

    def __init__(self, app: Any) -> None:
        self._app = httpx.ASGITransport(app=app)
        self._portal_context: AbstractContextManager[BlockingPortal] = start_blocking_portal()
        self._portal = self._portal_context.__enter__()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        try:
            return self._portal.call(self._answer, request)
        except ConnectionDropped:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.") from None

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        response = await self._app.handle_async_request(request)
        return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())

    def close(self) -> None:
        self._portal_context.__exit__(None, None, None)


class InProcessSandbox:
    """A marketplace whose clock stands still until it is told to move."""

    def __init__(self, path: Path, *, protocol: str = "native") -> None:
        self.clock = MORNING
        self.market = Market(path, read_clock=lambda: self.clock)
        self.transport = AppTransport(create_app(self.market, protocol=protocol, in_background=False))
        self.http = httpx.Client(transport=self.transport, base_url="http://sandbox")

    def close(self) -> None:
        self.http.close()
        self.market.close()

    def pass_seconds(self, seconds: float) -> None:
        self.clock += int(seconds * MICROSECONDS)

    def settle(self) -> None:
        """Time passes until everything sent so far was worked on."""
        self.pass_seconds(1)
        worker.settle(self.market)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The control API's answer; refusals raise."""
        response = self.http.request(method, f"/control{path}", json=body)
        response.raise_for_status()
        return response.json()

    def switch_on(self, name: str, **rule: Any) -> None:
        self.control("POST", "/faults", {"name": name, **rule})

    def buy(self, account_id: str, *lines: tuple[str, int], **more: Any) -> dict[str, Any]:
        wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
        answer: dict[str, Any] = self.control("POST", "/buy", {"account_id": account_id, "lines": wanted, **more})
        return answer


class Seller:
    """Speaks the native protocol by hand."""

    def __init__(self, sandbox: InProcessSandbox, client_id: str = "demo", secret: str = "any") -> None:  # noqa: S107
        self.sandbox = sandbox
        self.client_id, self.secret = client_id, secret
        self.account_id = f"acct-{client_id}"
        self.sign_in()

    def sign_in(self) -> None:
        body = {"client_id": self.client_id, "client_secret": self.secret}
        self.token = self.sandbox.http.post("/v1/token", json=body).json()["access_token"]

    def call(self, method: str, path: str, body: Any = None, *, key: str = "", **params: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": key} if key else {})
        return self.sandbox.http.request(method, f"/v1{path}", json=body, headers=headers, params=params)

    def get(self, path: str, **params: Any) -> Any:
        return self.call("GET", path, **params).json()

    def submit(self, kind: str, *lines: dict[str, Any], key: str) -> httpx.Response:
        return self.call("POST", "/submissions", {"kind": kind, "lines": list(lines)}, key=key)

    def list_item(self, sku: str, *, quantity: int = 5, price: str = "10.00") -> None:
        """The item is on sale."""
        line = {"sku": sku, "title": f"Title of {sku}", "price": price, "quantity": quantity}
        self.submit("content", line, key=f"list-{sku}-{quantity}-{price}")
        self.sandbox.settle()

    def results(self, submission_id: str) -> dict[str, tuple[str, str | None]]:
        rows = self.get(f"/submissions/{submission_id}/results")["results"]
        return {row["sku"]: (row["status"], row["code"]) for row in rows}

    def send(self, kind: str, *lines: dict[str, Any], key: str) -> dict[str, tuple[str, str | None]]:
        """What became of the lines, once they were worked on."""
        submission_id = self.submit(kind, *lines, key=key).json()["submission_id"]
        self.sandbox.settle()
        return self.results(submission_id)

    def listing(self, sku: str) -> Any:
        return self.get(f"/listings/{sku}")

    def do(self, order_id: str, what: str, body: Any = None, *, key: str) -> httpx.Response:
        return self.call("POST", f"/orders/{order_id}/{what}", body, key=key)

"""What stands before and behind every call of every protocol: rate limits, and faults that look like the network's."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from sandbox.engine import accounts
from sandbox.engine.market import Market
from sandbox.faults import Fault
from sandbox.protocols.protocol import Protocol, Quota, Refusal


class ConnectionDropped(Exception):
    """The connection is to be closed without an answer."""


class Refused(Exception):
    """The call is refused before its work; the protocol words it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class OtherAnswer(Exception):
    """Something else is answered in place of the work, with status 200."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(content)
        self.content = content


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimits:
    """Token buckets per account and operation, in memory: a restarted marketplace starts with full ones."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, account_id: str, operation: str, *, rate: float, burst: float) -> float:
        """Takes one token. Returns 0, or the seconds until there is one."""
        now = time.monotonic()
        with self._lock:
            bucket = self._buckets.setdefault((account_id, operation), _Bucket(burst, now))
            bucket.tokens = min(burst, bucket.tokens + (now - bucket.at) * rate)
            bucket.at = now
            if bucket.tokens >= 1:
                bucket.tokens -= 1
                return 0.0
            return (1 - bucket.tokens) / rate if rate > 0 else 60.0

    def left(self, account_id: str, operation: str, *, burst: float) -> float:
        """How many tokens there were after the last one was taken."""
        with self._lock:
            bucket = self._buckets.get((account_id, operation))
            return bucket.tokens if bucket else burst


def market_of(request: Request) -> Market:
    """The marketplace that this application serves."""
    market: Market = request.app.state.market
    return market


def operation_of(request: Request) -> str:
    """The name of the route: the operation, as limits and faults call it."""
    return str(request.scope["route"].name)


async def admit(request: Request, find_account: Callable[[], str]) -> str:
    """The account that calls, once its credentials are good and neither limit nor fault stands in the way.

    ``find_account`` reads the credentials in the protocol's own way. Raises: Unauthorized.
    """
    market = market_of(request)

    def account() -> str:
        if market.faults.draw("expired_token", operation=operation_of(request)):
            accounts.expire_tokens(market)
        return find_account()

    account_id = await run_in_threadpool(account)
    await enter(request, account_id)
    return account_id


async def enter(request: Request, account_id: str | None) -> None:
    """The call may go on to its work. Raises Refused, OtherAnswer or ConnectionDropped if a limit or fault says no."""
    request.state.account_id = account_id
    waits = await run_in_threadpool(_check, request, account_id)
    if waits:
        await asyncio.sleep(waits)


#: Faults that refuse a call -> its usual status, code and reason.
_REFUSALS = {
    "http_5xx": (503, "fault", "A fault is switched on."),
    "forbidden": (403, "forbidden", "This account may not do that."),
    "not_found": (404, "not_found", "There is nothing here."),
    "conflict": (409, "conflict", "This does not go together with what is there."),
}


def _check(request: Request, account_id: str | None) -> float:
    """Seconds to wait before the work."""
    market, operation = market_of(request), operation_of(request)
    if account_id is not None:
        _take(request, account_id, operation, quota_of(request, operation))
    where = {"operation": operation, "account_id": account_id}
    if market.faults.draw("drop_connection", **where):
        raise ConnectionDropped
    if fault := market.faults.draw("rate_limited", **where):
        raise _too_many(fault.params.get("retry_after", 1))
    for name, (status, code, reason) in _REFUSALS.items():
        if fault := market.faults.draw(name, **where):
            raise Refused(Refusal(status=int(fault.number("status", status)), code=code, reason=reason))
    if market.faults.draw("ok_with_errors_inside", **where):
        error = {"code": "internal_error", "message": "Something went wrong, though the status says otherwise."}
        raise OtherAnswer({"errors": [error]})
    slow = market.faults.draw("slow", **where)
    return slow.number("seconds", 2) if slow else 0.0


def _take(request: Request, account_id: str, operation: str, quota: Quota) -> None:
    limits: RateLimits = request.app.state.rate_limits
    wait = limits.take(account_id, operation, rate=quota.rate_per_s, burst=quota.burst)
    if wait:
        raise _too_many(wait)


def check_quota(request: Request, account_id: str, name: str, quota: Quota) -> None:
    """Some operations have quotas by what is sent to them. Raises Refused once this one is used up."""
    if market_of(request).settings.quotas:
        _take(request, account_id, name, quota)


def quota_of(request: Request, operation: str) -> Quota:
    """How often the account may call the operation: as the control API set it, else as the protocol says."""
    settings = market_of(request).settings
    if operation in settings.limits:
        return Quota(**settings.limits[operation])
    protocol: Protocol = request.app.state.protocol
    if settings.quotas and operation in protocol.quotas:
        return protocol.quotas[operation]
    return Quota(**settings.limits.get("*", {"rate_per_s": 500, "burst": 1000}))


def _too_many(wait: float | None) -> Refused:
    told = "" if wait is None else f" in {wait:.3f} seconds"
    reason = f"Too many calls; try again{told or ' later'}."
    return Refused(Refusal(status=429, code="rate_limited", reason=reason, retry_after=wait))


def says_unheard_of(request: Request) -> bool:
    """Whether answers hold words that no document knows, where a protocol has words of a fixed list."""
    return market_of(request).faults.standing("unknown_enum") is not None


_PAGE = "<!DOCTYPE html><html><body><h1>Welcome</h1><p>This is a page for people.</p></body></html>"
#: Faults that spoil an answer once its work was done.
_SPOILS = ("timeout_after_work", "truncated_body", "html_instead_of_json", "wrong_content_type")


def _spoils(market: Market, where: dict[str, Any]) -> Fault | None:
    return next((fault for name in _SPOILS if (fault := market.faults.draw(name, **where))), None)


async def _spoiled(response: Response, fault: Fault) -> Response:
    """The answer as the fault leaves it. Raises ConnectionDropped when nothing of it arrives."""
    body = bytes(response.body)
    match fault.name:
        case "truncated_body":
            return Response(body[: len(body) // 2], response.status_code, media_type="application/json")
        case "html_instead_of_json":
            return HTMLResponse(_PAGE)
        case "wrong_content_type":
            return Response(body, response.status_code, media_type="text/plain")
    await asyncio.sleep(fault.number("seconds", 0))
    raise ConnectionDropped


class GatedRoute(APIRoute):
    """A route whose answer may get lost, or come out wrong, after its work was done."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            response = await handler(request)
            where = {"operation": self.name, "account_id": getattr(request.state, "account_id", None)}
            fault = await run_in_threadpool(_spoils, market_of(request), where)
            return await _spoiled(response, fault) if fault else response

        return answer

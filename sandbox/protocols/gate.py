"""What stands before and behind every call of every protocol: rate limits, and faults that look like the network's."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from sandbox.engine import accounts
from sandbox.engine.market import Market


class ConnectionDropped(Exception):
    """The connection is to be closed without an answer."""


class OtherAnswer(Exception):
    """Something else is answered in place of the work."""

    def __init__(self, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(content)
        self.status = status
        self.content = content
        self.headers = headers or {}


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


def market_of(request: Request) -> Market:
    """The marketplace that this application serves."""
    market: Market = request.app.state.market
    return market


def operation_of(request: Request) -> str:
    """The name of the route: the operation, as limits and faults call it."""
    return str(request.scope["route"].name)


async def enter(request: Request, account_id: str | None) -> None:
    """The call may go on to its work. Raises OtherAnswer or ConnectionDropped when a limit or a fault says no."""
    request.state.account_id = account_id
    waits = await run_in_threadpool(_check, request, account_id)
    if waits:
        await asyncio.sleep(waits)


def _check(request: Request, account_id: str | None) -> float:
    """Seconds to wait before the work."""
    market, operation = market_of(request), operation_of(request)
    if account_id is not None:
        limit = accounts.limits_of(market)[operation]
        limits: RateLimits = request.app.state.rate_limits
        wait = limits.take(account_id, operation, rate=limit["rate_per_s"], burst=limit["burst"])
        if wait:
            raise _too_many(wait)
    where = {"operation": operation, "account_id": account_id}
    if market.faults.draw("drop_connection", **where):
        raise ConnectionDropped
    if fault := market.faults.draw("rate_limited", **where):
        raise _too_many(fault.number("retry_after", 1))
    if fault := market.faults.draw("http_5xx", **where):
        raise OtherAnswer(int(fault.number("status", 503)), {"code": "fault", "reason": "A fault is switched on."})
    if market.faults.draw("ok_with_errors_inside", **where):
        error = {"code": "internal_error", "message": "Something went wrong, though the status says otherwise."}
        raise OtherAnswer(200, {"errors": [error]})
    slow = market.faults.draw("slow", **where)
    return slow.number("seconds", 2) if slow else 0.0


def _too_many(wait: float) -> OtherAnswer:
    reason = f"Too many calls; try again in {wait:.3f} seconds."
    return OtherAnswer(429, {"code": "rate_limited", "reason": reason}, {"Retry-After": f"{wait:.3f}"})


class GatedRoute(APIRoute):
    """A route whose answer may get lost after its work was done."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            response = await handler(request)
            where = {"operation": self.name, "account_id": getattr(request.state, "account_id", None)}
            fault = await run_in_threadpool(market_of(request).faults.draw, "timeout_after_work", **where)
            if fault:
                await asyncio.sleep(fault.number("seconds", 0))
                raise ConnectionDropped
            return response

        return answer

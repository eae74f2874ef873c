"""A route whose answers say how often it may still be called, and bol.com's public table of limits."""

import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from sandbox.clock import MICROSECONDS
from sandbox.protocols.bol.words import LIMITS
from sandbox.protocols.gate import GatedRoute, RateLimits, market_of, quota_of

router = APIRouter(prefix="/retailer/public")


class BolRoute(GatedRoute):
    """Good answers carry the state of the caller's window."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            response = await handler(request)
            account_id = getattr(request.state, "account_id", None)
            if account_id:
                response.headers.update(await run_in_threadpool(_window, request, account_id, self.name))
            return response

        return answer


def _window(request: Request, account_id: str, operation: str) -> dict[str, str]:
    """Limit, what is left of it, and when it is whole again: the seconds to go, or the moment, as bol.com once did."""
    market = market_of(request)
    quota = quota_of(request, operation)
    limits: RateLimits = request.app.state.rate_limits
    left = limits.left(account_id, operation, burst=quota.burst)
    reset = math.ceil((quota.burst - left) / quota.rate_per_s) if quota.rate_per_s else 60
    if market.faults.standing("old_reset_header"):
        reset += market.now() // MICROSECONDS
    return {
        "X-RateLimit-Limit": f"{quota.burst:.0f}",
        "X-RateLimit-Remaining": f"{int(left)}",
        "X-RateLimit-Reset": f"{reset}",
    }


@router.get("/ratelimits", name="ratelimits")
def ratelimits() -> JSONResponse:
    """What each endpoint allows; everyone may read it."""
    return JSONResponse(
        [
            {"path": path, "methods": [method], "maxCapacity": calls, "timeToLive": 1, "timeUnit": unit}
            for path, method, calls, unit in LIMITS.values()
        ]
    )

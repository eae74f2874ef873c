"""A route whose answers say how many calls are left, and when there is one more.

A refusal for haste says so too. Source: "Rate limiting" of developer.walmart.com, read 2026-11. Walmart's own documents
have `Retry-After` as well where orders and inventory are concerned.
"""

import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from sandbox.clock import MICROSECONDS
from sandbox.protocols.gate import GatedRoute, RateLimits, Refused, check_quota, market_of, quota_of
from sandbox.protocols.protocol import Quota, Refusal
from sandbox.protocols.walmart.words import milliseconds, word

_TOO_MANY = 429
_TELL_SECONDS = ("/v3/orders", "/v3/inventor")


class WalmartRoute(GatedRoute):
    """Tells the caller of its bucket."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handler(request)
            except Refused as refused:
                if refused.refusal.status != _TOO_MANY:
                    raise
                return _hasty(request, refused.refusal)
            if account_id := getattr(request.state, "account_id", None):
                response.headers.update(await run_in_threadpool(_bucket, request, account_id, self.name))
            return response

        return answer


def _hasty(request: Request, refusal: Refusal) -> Response:
    """The refusal of a call that came too soon; when it may be made again is told only if that is known."""
    response = word(refusal, request.url.path)
    if refusal.retry_after is not None:
        response.headers.update({"x-current-token-count": "0", **_replenished(request, refusal.retry_after)})
    if not request.url.path.startswith(_TELL_SECONDS):
        del response.headers["Retry-After"]
    return response


def take(request: Request, account_id: str, name: str, quota: Quota) -> None:
    """One call of a bucket of its own, which the answer tells of. Raises Refused once it is empty."""
    check_quota(request, account_id, name, quota)
    if market_of(request).settings.quotas:
        request.state.bucket = (name, quota)


def _bucket(request: Request, account_id: str, operation: str) -> dict[str, str]:
    """How many tokens are left, and the moment of the next one."""
    name, quota = getattr(request.state, "bucket", None) or (operation, quota_of(request, operation))
    limits: RateLimits = request.app.state.rate_limits
    left = limits.left(account_id, name, burst=quota.burst)
    lacks = 0 if left >= quota.burst else 1 - left % 1
    wait = lacks / quota.rate_per_s if quota.rate_per_s else 60
    return {"x-current-token-count": f"{int(left)}", **_replenished(request, wait)}


def _replenished(request: Request, wait: float) -> dict[str, str]:
    at = market_of(request).now() + math.ceil(wait * MICROSECONDS)
    return {"X-Next-Replenishment-Time": str(milliseconds(at))}

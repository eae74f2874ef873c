"""Token buckets per account and operation, in Valkey, shared by all workers. Valkey away: nothing is sent."""

import time
from collections.abc import Callable, Mapping

import redis

from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.redis_client import shared_redis
from channels_app.adapters.types import Limit

#: A longer wait gives the worker back instead.
LONGEST_SLEEP_SECONDS = 1.0

# Takes one token or says how long to wait. The server's clock, so that workers need not agree on theirs.
# KEYS: bucket, parked-until. ARGV: tokens per second, burst. Returns seconds to wait as text; "0" = taken.
_TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local parked = tonumber(redis.call('GET', KEYS[2]) or '0')
if parked > now then return tostring(parked - now) end
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(burst, (tonumber(bucket[1]) or burst) + (now - (tonumber(bucket[2]) or now)) * rate)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = (1 - tokens) / rate end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], math.ceil(burst / rate) + 60)
return tostring(wait)
"""

_PARK = """
local time = redis.call('TIME')
local until_ = tonumber(time[1]) + tonumber(ARGV[1])
if until_ > tonumber(redis.call('GET', KEYS[1]) or '0') then
    redis.call('SET', KEYS[1], tostring(until_), 'EX', math.ceil(tonumber(ARGV[1])) + 1)
end
return 1
"""


class Limiter:
    """Keeps the declared rates of one account."""

    def __init__(self, scope: str, limits: Mapping[str, Limit], *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._scope = scope
        self._limits = limits
        self._sleep = sleep

    def take(self, operation: str) -> None:
        """Return once a call is allowed. Raises TemporaryError when the wait would be long, or Valkey is away."""
        limit = self._limits.get(operation)
        if limit is None:
            return
        for _ in range(3):
            wait = self._try(operation, limit)
            if wait <= 0:
                return
            if wait > LONGEST_SLEEP_SECONDS:
                break
            self._sleep(wait)
        raise TemporaryError(
            "The marketplace's rate limit is used up for the moment; this goes on by itself.",
            retry_after=wait,
            code="rate_limited",
        )

    def park(self, operation: str, seconds: float) -> None:
        """Let no worker call `operation` for so long: the channel said so (429)."""
        try:
            shared_redis().eval(_PARK, 1, self._key("parked", operation), str(max(seconds, 0.1)))
        except redis.RedisError:
            # The job's own row waits as long; only the other workers do not know.
            return

    def _try(self, operation: str, limit: Limit) -> float:
        keys = [self._key("bucket", operation), self._key("parked", operation)]
        try:
            answer = shared_redis().eval(_TAKE, 2, *keys, str(limit.per_second), str(limit.burst))
        except redis.RedisError as error:
            raise TemporaryError(
                "The rate limiter is away, so nothing is sent; this goes on by itself.", code="limiter_away"
            ) from error
        return float(answer)  # type: ignore[arg-type]  # EVAL returns the script's text

    def _key(self, what: str, operation: str) -> str:
        return f"limit:{what}:{self._scope}:{operation}"

"""Token buckets per account and operation, in Valkey, shared by all workers, and a breaker for accounts that hang.

Valkey may lose all of it: buckets are then full again, and the channel's 429 puts us right. Valkey away: nothing is
sent.
"""

import contextlib
import time
from collections.abc import Callable, Mapping

import redis

from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.redis_client import shared_redis
from channels_app.adapters.types import Limit

#: What a job says that keeps to the marketplace's rate.
RATE_LIMITED = "The marketplace's rate limit is used up for the moment; this goes on by itself."
#: A longer wait gives the worker back instead.
LONGEST_SLEEP_SECONDS = 1.0
#: After so many time-outs in a row no call of the account goes out for so long.
BREAKER_TIMEOUTS = 3
BREAKER_SECONDS = 60
_TIMEOUTS_KEPT_SECONDS = 600
#: For operations without a declared rate: a bound for our own mistakes, and the breaker still counts.
_UNDECLARED = Limit(per_second=500, burst=500)

# Takes one token or says how long to wait. The server's clock, so that workers need not agree on theirs.
# KEYS: bucket, operation parked until, account parked until, time-outs in a row. ARGV: tokens per second, burst.
# Returns {seconds to wait as text ("0" = taken), time-outs in a row, 1 if the account rests because of them}.
_TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local timeouts = redis.call('GET', KEYS[4]) or '0'
local resting = tonumber(redis.call('GET', KEYS[3]) or '0')
if resting > now then return {tostring(resting - now), timeouts, 1} end
local parked = tonumber(redis.call('GET', KEYS[2]) or '0')
if parked > now then return {tostring(parked - now), timeouts, 0} end
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(burst, (tonumber(bucket[1]) or burst) + math.max(0, now - (tonumber(bucket[2]) or now)) * rate)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = (1 - tokens) / rate end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(burst / rate) + 60)
return {tostring(wait), timeouts, 0}
"""

_PARK = """
local time = redis.call('TIME')
local until_ = tonumber(time[1]) + tonumber(ARGV[1])
if until_ > tonumber(redis.call('GET', KEYS[1]) or '0') then
    redis.call('SET', KEYS[1], string.format('%.6f', until_), 'EX', math.ceil(tonumber(ARGV[1])) + 1)
end
return 1
"""


class Limiter:
    """Keeps the declared rates of one account."""

    def __init__(self, scope: str, limits: Mapping[str, Limit], *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._scope = scope
        self._limits = limits
        self._sleep = sleep
        self._had_timeouts = False

    def take(self, operation: str) -> None:
        """Return once a call is allowed. Raises TemporaryError when the wait would be long, or Valkey is away."""
        limit = self._limits.get(operation, _UNDECLARED)
        for _ in range(3):
            wait, rests = self._try(operation, limit)
            if wait <= 0:
                return
            if wait > LONGEST_SLEEP_SECONDS:
                break
            self._sleep(wait)
        if rests:
            raise TemporaryError(
                f"The marketplace did not answer {BREAKER_TIMEOUTS} times in a row; it is asked again in a minute.",
                retry_after=wait,
                code="resting",
            )
        raise TemporaryError(
            RATE_LIMITED,
            retry_after=wait,
            code="rate_limited",
        )

    def park(self, operation: str, seconds: float) -> None:
        """Let no worker call `operation` for so long: the channel said so (429)."""
        self._park(self._key("parked", operation), seconds)

    def note_timeout(self) -> None:
        """Count a call that timed out. After three in a row the account rests, and after that one more is enough."""
        key = self._key("timeouts")
        with contextlib.suppress(redis.RedisError):
            count = int(shared_redis().incr(key))
            if count >= BREAKER_TIMEOUTS:
                self._park(self._key("resting"), BREAKER_SECONDS)
                shared_redis().set(key, BREAKER_TIMEOUTS - 1)
            shared_redis().expire(key, _TIMEOUTS_KEPT_SECONDS)

    def note_answer(self) -> None:
        """The channel answers: time-outs count from 0 again."""
        if self._had_timeouts:
            self._had_timeouts = False
            with contextlib.suppress(redis.RedisError):
                shared_redis().delete(self._key("timeouts"))

    @staticmethod
    def _park(key: str, seconds: float) -> None:
        # Without Valkey only the other workers do not know: the job's own row waits as long.
        with contextlib.suppress(redis.RedisError):
            shared_redis().eval(_PARK, 1, key, str(max(seconds, 0.1)))

    def _try(self, operation: str, limit: Limit) -> tuple[float, bool]:
        """Return the seconds to wait, 0 if a token was taken, and whether that is because the account rests."""
        keys = [self._key("bucket", operation), self._key("parked", operation)]
        keys += [self._key("resting"), self._key("timeouts")]
        try:
            answer = shared_redis().eval(_TAKE, 4, *keys, str(limit.per_second), str(limit.burst))
        except redis.RedisError as error:
            raise TemporaryError(
                "The rate limiter is away, so nothing is sent; this goes on by itself.", code="limiter_away"
            ) from error
        wait, timeouts, rests = answer
        self._had_timeouts = int(timeouts) > 0
        return float(wait), bool(rests)

    def _key(self, what: str, operation: str = "") -> str:
        # The braces keep an account's keys on one node of a cluster, as scripts need.
        return f"limit:{{{self._scope}}}:{what}:{operation}"

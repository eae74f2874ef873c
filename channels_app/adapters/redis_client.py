"""The one connection pool to Valkey. What stands there may vanish at any time."""

from functools import cache

import redis
from django.conf import settings


@cache
def shared_redis() -> "redis.Redis":
    """Return this process's client. A server that is away costs a second, not a hanging worker."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=2)

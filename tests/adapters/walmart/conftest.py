"""A scripted Walmart, its limiter's buckets full."""

import pytest

from channels_app.adapters.redis_client import shared_redis
from channels_app.adapters.walmart.adapter import WalmartAdapter
from tests.adapters.walmart.script import Script


@pytest.fixture
def walmart(valkey: str) -> Script:
    shared_redis().flushdb()
    return Script()


@pytest.fixture
def adapter(walmart: Script) -> WalmartAdapter:
    return walmart.open()

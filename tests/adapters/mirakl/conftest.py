import pytest

from channels_app.adapters.redis_client import shared_redis
from tests.adapters.mirakl.operator import Operator


@pytest.fixture
def operator(valkey: str) -> Operator:
    """An operator with nothing to say yet; no call was made to it today."""
    shared_redis().flushdb()
    return Operator()

import pytest

from channels_app.adapters.redis_client import shared_redis
from tests.adapters.bol.script import Script


@pytest.fixture
def bol(valkey: str) -> Script:
    """bol.com with nothing to say yet; no call was made to it today."""
    shared_redis().flushdb()
    return Script()

"""The adapter's promises, kept against a real Mercur or Medusa."""

import os

import pytest

from tests.adapters.contract import AdapterContract
from tests.adapters.contract.world import listed

pytestmark = pytest.mark.skipif(
    not os.environ.get("LIVE_SERVER"), reason="LIVE_SERVER names no running server: `make live-test` starts one"
)


class TestMedusa(AdapterContract):
    credential_fields = {"secret", "email"}

    def test_orders_from_before_the_first_cursor_are_not_seen(self, adapter, world):
        """The same as everywhere, but for a moment: a real clock cannot be put forward by a week."""
        listed(adapter, world, "A")
        world.has_order("A", 1)

        assert adapter.fetch_orders(adapter.first_cursor(world.now())).raws == ()

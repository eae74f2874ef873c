"""The adapter contract as it is kept on a clock that cannot be put forward."""

from tests.adapters.contract import AdapterContract
from tests.adapters.contract.world import listed


class MedusaPromises(AdapterContract):
    credential_fields = {"secret", "email"}

    def test_orders_from_before_the_first_cursor_are_not_seen(self, adapter, world):
        """The same as everywhere, but for a moment instead of a week."""
        listed(adapter, world, "A")
        world.has_order("A", 1)
        world.passes(1)

        assert adapter.fetch_orders(adapter.first_cursor(world.now())).raws == ()

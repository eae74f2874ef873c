"""What the proof demands of each channel follows what its adapter says it can do."""

import pytest

from channels_app.adapters.registry import get_adapter_class
from channels_app.adapters.types import Capability
from contracts.checking import HERE, Contract
from smoke.channels import KINDS

#: What changes how operations are used, and has none of its own.
WITHOUT_OPERATIONS = {
    Capability.TRACKING_REQUIRED,
    Capability.ORDERED_SUBMISSIONS,
    Capability.QUANTITY_NETS_ORDERS,
    Capability.FULFILLMENTS_REQUIRED,
    Capability.TELLS_SHIPPED,
}
WATCHED = [name for name, kind in KINDS.items() if not kind.is_native]


@pytest.mark.parametrize("name", WATCHED)
def test_every_capability_of_the_adapter_is_used(name):
    assert set(KINDS[name].uses) == {"", *(get_adapter_class(name).capabilities - WITHOUT_OPERATIONS)}


@pytest.mark.parametrize("name", WATCHED)
def test_every_operation_that_is_demanded_is_stated(name):
    assert KINDS[name].operations <= Contract.load(name).operations
    assert (HERE / f"{name}.json").exists()

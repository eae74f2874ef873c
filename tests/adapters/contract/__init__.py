"""What every adapter promises, ours and others'.

A channel's own tests subclass `AdapterContract` and bring two fixtures: `adapter`, opened for an account of a
marketplace where everything works, and `world` (see `world.py`), which makes things happen there. What a marketplace
does not do, by its declared capabilities, is skipped; nothing here knows a marketplace by name.
"""

from tests.adapters.contract.commands import CommandPromises
from tests.adapters.contract.connection import ConnectionPromises
from tests.adapters.contract.declarations import DeclarationPromises
from tests.adapters.contract.listings import ListingPromises
from tests.adapters.contract.lost import LostAnswerPromises
from tests.adapters.contract.orders import OrderPromises
from tests.adapters.contract.products import ProductPromises
from tests.adapters.contract.returns import ReturnPromises
from tests.adapters.contract.trouble import TroublePromises
from tests.adapters.contract.world import Trouble, World

__all__ = ["AdapterContract", "Trouble", "World"]


class AdapterContract(
    DeclarationPromises,
    ConnectionPromises,
    ListingPromises,
    ProductPromises,
    OrderPromises,
    CommandPromises,
    ReturnPromises,
    LostAnswerPromises,
    TroublePromises,
):
    """All of it."""

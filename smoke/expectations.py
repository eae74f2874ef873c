"""What must be true on the marketplace, by the input files and by what was done: computed here, asked of nobody."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from smoke.files import Item, Sale

#: The channel's rules, as the seller enters them; chosen so that each of them matters for some item.
BUFFER, FLOOR = 2, 3
PERCENT, ENDING = 10, 99


def expected_quantity(available: int) -> int:
    """Two are kept back, and three or fewer are shown as none."""
    shown = available - BUFFER
    return shown if shown > FLOOR else 0


def expected_price(price: Decimal) -> Decimal:
    """Ten percent more, to the cent, then up to the next amount that ends on 99 cents."""
    cents = int((price * (100 + PERCENT)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    ending = cents - cents % 100 + ENDING
    return Decimal(ending if ending >= cents else ending + 100).scaleb(-2)


@dataclass
class Expectations:
    """The seller's stock and the marketplace's orders, moved along with everything that is done."""

    items: dict[str, Item]
    #: How much of the marketplace's currency one of the seller's is.
    rate: int = 1
    on_label: set[str] = field(default_factory=set)
    #: Units that orders hold or have taken, by SKU.
    taken: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    lines: int = 0
    units: int = 0
    third_party: int = 0
    shipments: int = 0
    refunds: int = 0
    cancellations: int = 0
    removed: set[str] = field(default_factory=set)
    strays: set[str] = field(default_factory=set)

    def bought(self, sale: Sale, *, third_party: bool = False) -> None:
        self.orders += 1
        self.third_party += third_party
        for line in sale.lines:
            self.lines += 1
            self.units += line.quantity
            self.taken[line.sku] += line.quantity

    def cancelled(self, sale: Sale) -> None:
        """All of it was stopped before it left, by whomever: its units are free again."""
        for line in sale.lines:
            self.units -= line.quantity
            self.taken[line.sku] -= line.quantity

    def put_back(self, sku: str, quantity: int) -> None:
        """Came back with a refund and stands on the shelf again."""
        self.taken[sku] -= quantity

    @property
    def listed(self) -> dict[str, tuple[int, Decimal]]:
        """SKU -> quantity and price that the marketplace must show; no other listing may be active."""
        return {
            sku: (
                expected_quantity(self.items[sku].quantity - self.taken[sku]),
                expected_price(self.items[sku].price * self.rate),
            )
            for sku in self.on_label
        }

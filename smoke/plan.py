"""Which orders meet which fate: fixed shares of the input, so that every run on it tells the same story."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Self

from smoke.files import Input, Sale


@dataclass(frozen=True)
class Plan:
    """Every sale is in exactly one group."""

    #: Bought while Fulfillments is off.
    third_party: list[Sale]
    #: The buyer cancels, the buyer asks and the seller agrees, the buyer asks and the seller refuses.
    buyer_cancels: list[Sale]
    approved: list[Sale]
    refused: list[Sale]
    seller_cancels: list[Sale]
    #: Shipped in one parcel; the first of them are paid back in part, the next ones come back in part.
    shipped: list[Sale]
    refunded: list[Sale]
    returned: list[Sale]
    #: Shipped in two parcels.
    split: list[Sale]
    #: Left open.
    rest: list[Sale]
    #: Items that leave the label, strays that the reconciler ends, listings that vanish and must come back.
    unlabelled: list[str]
    strays: list[str]
    vanished: list[str]
    #: The seller's category whose items are described as new products.
    described: str

    @property
    def ours(self) -> list[Sale]:
        """Bought while Fulfillments is on, in the order of the file."""
        stopped = [*self.buyer_cancels, *self.approved, *self.refused, *self.seller_cancels]
        return [*stopped, *self.shipped, *self.split, *self.rest]

    def without(self, *, asking: bool, third_party: bool) -> Self:
        """Return the plan for a marketplace where buyers cannot ask, or where others may not fulfil.

        A buyer who cannot ask cancels, or keeps what was ordered; what others cannot handle, the seller does.
        """
        plan = self
        if asking:
            cancels = [*plan.buyer_cancels, *plan.approved]
            plan = replace(plan, buyer_cancels=cancels, approved=[], rest=[*plan.rest, *plan.refused], refused=[])
        if third_party:
            plan = replace(plan, rest=[*plan.rest, *plan.third_party], third_party=[])
        return plan

    @classmethod
    def of(cls, given: Input) -> Self:
        """Share the input out. Raises ValueError if there is too little of it to prove anything."""
        if len(given.sales) < 20 or len(given.items) < 20:
            raise ValueError("The input needs at least 20 items and 20 orders with known SKUs.")
        count = len(given.sales)
        several = [sale for sale in given.sales if any(line.quantity > 1 for line in sale.lines)]
        splittable = several[: max(1, count // 200)]
        left = [sale for sale in given.sales if sale not in splittable]

        def take(share: int) -> list[Sale]:
            taken, left[:] = left[: max(1, count // share)], left[max(1, count // share) :]
            return taken

        third_party, buyer_cancels, approved, refused = take(50), take(100), take(100), take(200)
        seller_cancels, shipped = take(40), take(8)
        categories = Counter(item.category for item in given.items.values())
        paid_back = max(1, len(shipped) // 5)
        sold = {line.sku for sale in given.sales for line in sale.lines}
        unsold = sorted(sku for sku in given.items if sku not in sold)
        share = max(2, len(given.items) // 50)
        return cls(
            third_party=third_party,
            buyer_cancels=buyer_cancels,
            approved=approved,
            refused=refused,
            seller_cancels=seller_cancels,
            shipped=shipped,
            refunded=shipped[:paid_back],
            returned=shipped[paid_back : 2 * paid_back],
            split=splittable,
            rest=list(left),
            unlabelled=unsold[:share],
            strays=[f"STRAY-{number:03d}" for number in range(1, min(share, 30) + 1)],
            vanished=unsold[share : share + max(1, share // 10)],
            described=min(categories, key=lambda name: (categories[name], name)),
        )

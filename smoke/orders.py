"""The seller's order pages: parcels, cancellations, refunds, and answers to buyers."""

from smoke.expectations import Expectations
from smoke.files import Sale
from smoke.marketplace import Marketplace
from smoke.plan import Plan
from smoke.seller import Seller


class OrderDesk:
    """Serves orders through our pages; what it did moves the expectations."""

    def __init__(
        self, seller: Seller, marketplace: Marketplace, expected: Expectations, order_ids: dict[str, str]
    ) -> None:
        self.seller = seller
        self.marketplace = marketplace
        self.expected = expected
        self.order_ids = order_ids

    def buyers_change_their_minds(self, plan: Plan) -> None:
        for sale in plan.buyer_cancels:
            self.marketplace.cancel_by_buyer(self.order_ids[sale.ref])
            self.expected.cancelled(sale)

    def serve(self, plan: Plan) -> None: ...

    def refund(self, sales: list[Sale]) -> None: ...

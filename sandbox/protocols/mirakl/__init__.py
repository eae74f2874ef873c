"""A marketplace that runs on Mirakl, as sellers' software sees it: Mirakl's seller API, simulated.

What is here, and what it answers, follows developer.mirakl.com (read 2026-08). Where Mirakl does not say, it is the
plainest thing that fits: an offer hangs on a product; all that have a GTIN are known, others a shop brings along.
"""

from fastapi import APIRouter

from sandbox.protocols.mirakl import (
    account,
    exports,
    offers,
    order_list,
    orders,
    products,
    returns,
    shipments,
    stock_and_prices,
)
from sandbox.protocols.mirakl.words import QUOTAS, word
from sandbox.protocols.protocol import Protocol

router = APIRouter()
for part in (account, exports, stock_and_prices, offers, products, order_list, orders, shipments, returns):
    router.include_router(part.router)

PROTOCOL = Protocol(
    name="mirakl",
    about=(__doc__ or "").strip(),
    router=router,
    word=word,
    quotas=QUOTAS,
    not_understood=400,
    currency="EUR",
    tax_included=True,
    # Submissions are worked on in any order; a buyer cannot ask, only cancel.
    capabilities={"cancellation_requests": False, "refund_before_shipment": False},
)

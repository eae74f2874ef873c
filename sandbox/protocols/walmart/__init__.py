"""Walmart Marketplace (United States), as sellers' software sees it: its API, version 3, simulated.

What is here, and what it answers, follows developer.walmart.com (read 2026-08 and 2026-11). Where Walmart does not say,
it is the plainest thing that fits: any product with a number is known, an item is set up as soon as its feed is worked
on, and what is sold goes off the quantity at once. What a buyer sends back is there after three days; for the reason
`KEEP_IT` Walmart lets the buyer keep it and pays itself. A client ID that begins with `no-returns` has a key without
access to returns. Product types are two, `Mugs` and `T-Shirts`.
"""

from fastapi import APIRouter

from sandbox.protocols.protocol import Protocol
from sandbox.protocols.walmart import account, feeds, items, order_list, orders, refunds, reports, returns, specs
from sandbox.protocols.walmart.words import QUOTAS, word

router = APIRouter()
for part in (account, feeds, specs, items, reports, order_list, orders, refunds, returns):
    router.include_router(part.router)

PROTOCOL = Protocol(
    name="walmart",
    about=(__doc__ or "").strip(),
    router=router,
    word=word,
    quotas=QUOTAS,
    not_understood=400,
    currency="USD",
    tax_included=False,
    capabilities={"tracking_required": True, "refund_before_shipment": False, "returns": True},
)

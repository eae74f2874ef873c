"""A marketplace that runs on Mirakl, as sellers' software sees it: Mirakl's seller API, simulated.

What is here, and what it answers, follows developer.mirakl.com (read 2026-08). Where Mirakl does not say, it is the
plainest thing that fits: any product with a GTIN is known, and an offer hangs on it.
"""

from fastapi import APIRouter

from sandbox.protocols.mirakl import account, offers, order_list, orders, returns, shipments
from sandbox.protocols.mirakl.words import QUOTAS, word
from sandbox.protocols.protocol import Protocol

router = APIRouter()
for part in (account, offers, order_list, orders, shipments, returns):
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

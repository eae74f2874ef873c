"""bol.com, as sellers' software sees it: its Retailer API, versions 10 and 11, simulated.

What is here, and what it answers, follows bol.com's documents (read 2026-05). Where they do not say, it is the plainest
thing that fits: any EAN is known, an item of which a part has left is not cancelled, and where many processes are asked
for, those that were forgotten are left out.
"""

from fastapi import APIRouter

from sandbox.protocols.bol import account, offers, orders, processes, returns, route, shipments
from sandbox.protocols.bol.words import QUOTAS, word
from sandbox.protocols.protocol import Protocol

router = APIRouter()
for part in (account, route, offers, orders, shipments, processes, returns):
    router.include_router(part.router)

PROTOCOL = Protocol(
    name="bol",
    about=(__doc__ or "").strip(),
    router=router,
    word=word,
    quotas=QUOTAS,
    not_understood=400,
    currency="EUR",
    tax_included=True,
    capabilities={"accept_required": False, "partial_cancellation": False, "refunds": False, "returns": True},
    runners={
        "CREATE_SHIPMENT": shipments.run_ship,
        "CHANGE_TRANSPORT": shipments.run_change,
        "CANCEL_ORDER": orders.run_cancel,
        "HANDLE_RETURN_ITEM": returns.run_handle,
        "CREATE_RETURN_ITEM": returns.run_create,
    },
)

"""Carriers and reasons: fixed lists, the same for every seller in the United States.

Source: Walmart's OpenAPI document of its orders (shipping, cancel and refund operations), read 2026-11-23. The texts
must be equal to the letter.
"""

from collections.abc import Iterable

from channels_app.adapters.types import Choice

#: Without one of these a parcel travels as "other carrier", which needs a tracking address.
CARRIER_NAMES = (
    "UPS", "USPS", "FedEx", "OnTrac", "DHL", "DHL Ecommerce - US", "USPS First Class Mail", "UPSMI", "FEDEXSP", "FDX",
    "4PX", "AAA Cooper", "ABF Freight System", "AIT Worldwide Logistics", "AM Trucking", "Airborne", "Asendia",
    "AxleHire", "Better Trucks", "CEVA", "CNE", "Canada Post", "China Post", "Chukou1", "Correos de Mexico", "DTDC",
    "Deutsche Post", "ESTES", "Equick", "Estes Express", "FDS Express", "FIRST MILE", "Flyt", "GLS", "HIT Delivery",
    "India Post", "JCEX", "JD Logistics", "Japan Post", "LS", "LSO", "Landmark Global",
    "Metropolitan Warehouse & Delivery", "Meyer Distribution", "OSM Worldwide", "PILOT", "PITT OHIO", "PTS",
    "PostNord Sweden", "RL Carriers", "RXO", "Roadrunner Freight", "Royal Mail", "SAIA", "SF Express", "SFC",
    "Seko Worldwide", "Sendle", "Shiprocket", "Shypmax", "Southeastern Freight Lines", "Sunyou", "TForce Freight",
    "Tusou", "UBI", "UDS", "WIN.IT America", "WanB", "Whistl", "XPO Logistics", "YDH", "YF Logistics", "Yanwen",
    "Yellow Freight Sys", "YunExpress", "ePost Global",
)  # fmt: skip

CUSTOMER_REQUESTED = "CUSTOMER_REQUESTED_SELLER_TO_CANCEL"
CANCEL_REASONS = (
    Choice(code="SELLER_CANCEL_OUT_OF_STOCK", name="Out of stock"),
    Choice(code="SELLER_CANCEL_PRICING_ERROR", name="The price was wrong"),
    Choice(code="SELLER_CANCEL_ADDRESS_NOT_SERVICEABLE", name="The address cannot be served"),
    Choice(code="SELLER_CANCEL_FRAUD_STOP_SHIPMENT", name="Confirmed fraud"),
)

_REFUND_REASONS = {
    "DamagedItem": "Damaged item",
    "DefectiveItem": "Defective item",
    "ItemNotAsAdvertised": "Item not as advertised",
    "IncorrectItemReceived": "Wrong item received",
    "ItemNotReceivedByCustomer": "Item not received",
    "CustomerReceivedItemLate": "Item received late",
    "CustomerChangedMind": "Buyer changed their mind",
    "CancelledYetShipped": "Cancelled, yet shipped",
    "IncorrectShippingPrice": "Wrong shipping price",
    "BillingError": "Billing error",
    "TaxExemptCustomer": "Tax-exempt buyer",
}
#: Reasons whose text is their name.
_PLAIN_REFUND_REASONS = (
    "Missing Parts / Instructions", "Quality -> Missing Parts / Instructions", "Shipping & Delivery -> Damaged",
    "Shipping & Delivery -> Shipping Price Discrepancy", "Merchandise not received", "Customer returned item",
    "Buyer canceled", "General adjustment", "Finance -> Goodwill", "Finance -> Rollback", "Others",
)  # fmt: skip


def _named_like_their_code(codes: Iterable[str]) -> tuple[Choice, ...]:
    return tuple(Choice(code=code, name=code) for code in codes)


CARRIERS = _named_like_their_code(CARRIER_NAMES)
REFUND_REASONS = (
    *(Choice(code=code, name=name) for code, name in _REFUND_REASONS.items()),
    *_named_like_their_code(_PLAIN_REFUND_REASONS),
)

#: What was decided about a return: by the seller, or by Walmart before the seller came to it.
REFUND_RETURN = "refund"
WALMART_DECIDED = "walmart"
RETURN_DECISIONS = (Choice(code=REFUND_RETURN, name="Refund the buyer"),)

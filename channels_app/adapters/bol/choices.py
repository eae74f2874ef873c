"""What a seller chooses from: bol.com has no call that lists these.

Source: OpenAPI documents of version 10 (reasons, decisions); the codes of carriers are those of a client library of
2024 (the official list is to be confirmed live).
"""

from collections.abc import Mapping

from channels_app.adapters.types import Choice

#: The reason given where the buyer asked for it.
BUYER_ASKED = "REQUESTED_BY_CUSTOMER"


def _choices(names: Mapping[str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(code=code, name=name) for code, name in names.items())


CARRIERS = _choices(
    {
        "TNT": "PostNL",
        "TNT-EXTRA": "PostNL extra",
        "TNT_BRIEF": "PostNL letter",
        "TNT-EXPRESS": "TNT Express",
        "BRIEFPOST": "Letter post",
        "DHLFORYOU": "DHL For You",
        "DHL": "DHL",
        "DHL_DE": "DHL Germany",
        "DHL-GLOBAL-MAIL": "DHL Global Mail",
        "DPD-NL": "DPD Netherlands",
        "DPD-BE": "DPD Belgium",
        "BPOST_BE": "bpost",
        "BPOST_BRIEF": "bpost letter",
        "GLS": "GLS",
        "UPS": "UPS",
        "FEDEX_NL": "FedEx Netherlands",
        "FEDEX_BE": "FedEx Belgium",
        "DYL": "Dynalogic",
        "TSN": "TSN Thuiservice",
        "FIEGE": "Fiege",
        "TRANSMISSION": "TransMission",
        "PARCEL-NL": "Parcel.nl",
        "LOGOIX": "Logoix",
        "PACKS": "Packs",
        "COURIER": "Courier",
        "RJP": "Red Je Pakketje",
        "OTHER": "Another carrier",
    }
)
CANCEL_REASONS = _choices(
    {
        "OUT_OF_STOCK": "Out of stock",
        BUYER_ASKED: "Requested by customer",
        "BAD_CONDITION": "In bad condition",
        "HIGHER_SHIPCOST": "Higher shipping costs",
        "INCORRECT_PRICE": "Incorrect price",
        "NOT_AVAIL_IN_TIME": "Not available in time",
        "NO_BOL_GUARANTEE": "No bol.com guarantee",
        "ORDERED_TWICE": "Ordered twice",
        "RETAIN_ITEM": "The item is kept back",
        "TECH_ISSUE": "Technical problem",
        "UNFINDABLE_ITEM": "The item cannot be found",
        "OTHER": "Another reason",
    }
)
RETURN_DECISIONS = _choices(
    {
        "RETURN_RECEIVED": "Received: bol.com refunds the buyer",
        "RETURN_DOES_NOT_MEET_CONDITIONS": "Does not meet the conditions: no refund",
        "EXCHANGE_PRODUCT": "Exchanged",
        "REPAIR_PRODUCT": "Repaired",
        "CUSTOMER_KEEPS_PRODUCT_PAID": "The buyer keeps it and has paid",
        "STILL_APPROVED": "Approved after all",
    }
)

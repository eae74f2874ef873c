"""The carriers that Walmart knows, to the letter. Source: Walmart's OpenAPI document of its orders, read 2026-11."""

from sandbox.engine.market import CARRIERS

NAMES = frozenset(
    (
        "UPS", "USPS", "FedEx", "Airborne", "OnTrac", "DHL Ecommerce - US", "DHL", "LS", "UDS", "UPSMI", "FDX",
        "PILOT", "ESTES", "SAIA", "FDS Express", "Seko Worldwide", "HIT Delivery", "FEDEXSP", "RL Carriers",
        "Metropolitan Warehouse & Delivery", "China Post", "YunExpress", "Yellow Freight Sys",
        "AIT Worldwide Logistics", "Chukou1", "Sendle", "Landmark Global", "Sunyou", "Yanwen", "4PX", "GLS",
        "OSM Worldwide", "FIRST MILE", "AM Trucking", "CEVA", "India Post", "SF Express", "CNE", "TForce Freight",
        "AxleHire", "LSO", "Royal Mail", "ABF Freight System", "WanB", "Roadrunner Freight", "Meyer Distribution",
        "AAA Cooper", "Canada Post", "Southeastern Freight Lines", "Japan Post", "Correos de Mexico",
        "XPO Logistics", "JD Logistics", "YDH", "JCEX", "Flyt", "Deutsche Post", "Better Trucks", "Asendia", "SFC",
        "UBI", "ePost Global", "YF Logistics", "RXO", "Estes Express", "Shypmax", "WIN.IT America", "PITT OHIO",
        "PostNord Sweden", "Equick", "Whistl", "Tusou", "Shiprocket", "USPS First Class Mail", "DTDC", "PTS",
    )
)  # fmt: skip
_KNOWN = {str(one["code"]) for one in CARRIERS}


def engine_carrier(name: str) -> dict[str, str]:
    """The carrier as the engine knows it, under the name that Walmart has for it."""
    return {"carrier_code": name.upper() if name.upper() in _KNOWN else "OTHER", "carrier_name": name}

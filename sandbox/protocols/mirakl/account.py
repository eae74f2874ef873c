"""Who calls, and what the instance says of itself: A01, V01, PC01, OF61, RE01, SH21, SH12, H11, PM11, VL11."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse

from sandbox.engine import accounts
from sandbox.engine.errors import Unauthorized
from sandbox.engine.market import CARRIERS, Market
from sandbox.protocols.gate import GatedRoute, admit, market_of

router = APIRouter(route_class=GatedRoute)

#: The operator's numbers of reasons -> the engine's.
CANCEL_REASONS = {"15": "OUT_OF_STOCK", "16": "PRICE_ERROR", "33": "UNDELIVERABLE", "34": "BUYER_REQUEST"}
REFUND_REASONS = {"21": "DAMAGED", "22": "NOT_AS_DESCRIBED", "23": "RETURNED", "24": "LATE", "25": "GOODWILL"}
_LABELS = {
    "15": "Out of stock",
    "16": "Pricing error",
    "33": "Address cannot be delivered to",
    "34": "Cancelled by client",
    "21": "Arrived damaged",
    "22": "Not as described",
    "23": "Returned by client",
    "24": "Arrived too late",
    "25": "Commercial gesture",
}
COLOURS = [{"code": code, "label": code.title()} for code in ("blue", "red", "white")]
OFFER_STATES = {"11": "New", "10": "Refurbished"}


async def caller(request: Request, authorization: Annotated[str | None, Header()] = None) -> str:
    """The shop that the API key opens. The key stands in the header as it is."""
    market = market_of(request)
    return await admit(request, lambda: account_of_key(market, authorization or ""))


def account_of_key(market: Market, key: str) -> str:
    """The account of an API key; one never seen opens its own. Raises Unauthorized."""
    if not key.strip() or " " in key.strip():
        raise Unauthorized("unauthorized", "Send the API key in the header Authorization, as it is.")
    return accounts.account_of_secret(market, shop_of(key), key)


def shop_of(key: str) -> str:
    """The name under which the shop of a key stands in the sandbox."""
    return f"shop-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


MarketDep = Annotated[Market, Depends(market_of)]
Account = Annotated[str, Depends(caller)]


def shop_number(account_id: str) -> int:
    """The shop's number at this operator."""
    return 2000 + int(hashlib.sha256(account_id.encode()).hexdigest()[:6], 16)


@router.get("/api/version", name="V01")
def version() -> JSONResponse:
    """The instance is there."""
    return JSONResponse({"version": "simulated"})


@router.get("/api/platform/configuration", name="PC01")
def platform_configuration(account_id: Account) -> JSONResponse:
    """What the operator has switched on."""
    features = {
        "returns": {"marketplace": True, "drop_ship": False, "one_creditor": False},
        "shipment": {"multi_shipment": True, "multi_part_item_shipment": False},
    }
    return JSONResponse({"features": features, "platform_name": "Simulated", "timezone": "UTC"})


@router.get("/api/account", name="A01")
def account(market: MarketDep, account_id: Account) -> JSONResponse:
    """The shop."""
    told = accounts.get_account(market, account_id)
    return JSONResponse(
        {
            "shop_id": shop_number(account_id),
            "shop_name": told["name"],
            "shop_state": "OPEN",
            "currency_iso_code": told["currency"],
            "channels": [],
            "kyc": {"status": "APPROVED"},
            "model": "MARKETPLACE",
        }
    )


@router.get("/api/offers/states", name="OF61")
def offer_states(account_id: Account) -> JSONResponse:
    """The conditions in which goods may be."""
    states = [{"code": code, "label": label, "active": True} for code, label in OFFER_STATES.items()]
    return JSONResponse({"offer_states": states})


@router.get("/api/reasons", name="RE01")
def reasons(account_id: Account) -> JSONResponse:
    """Why something may be cancelled or refunded, and who may say so."""
    rows: list[dict[str, Any]] = [
        {"code": code, "label": _LABELS[code], "type": kind, "is_shop_right": True, "is_customer_right": False}
        for kind, codes in (("CANCELATION", CANCEL_REASONS), ("REFUND", REFUND_REASONS))
        for code in codes
    ]
    rows.append({"code": "1", "label": "Item not received", "type": "INCIDENT_OPEN", "is_shop_right": False})
    return JSONResponse({"reasons": rows})


@router.get("/api/shipping/carriers", name="SH21")
def carriers(account_id: Account) -> JSONResponse:
    """The carriers that the operator has registered."""
    return JSONResponse(
        {
            "carriers": [
                {
                    "code": carrier["code"],
                    "label": carrier["name"],
                    "standard_code": carrier["code"].lower(),
                    "tracking_url": f"https://track.example/{carrier['code'].lower()}/{{trackingId}}",
                }
                for carrier in CARRIERS
                if carrier["code"] != "OTHER"
            ]
        }
    )


@router.get("/api/shipping/types", name="SH12")
def shipping_types(market: MarketDep, account_id: Account) -> JSONResponse:
    """The ways to ship."""
    tracked = bool(accounts.get_account(market, account_id)["capabilities"]["tracking_required"])
    return JSONResponse({"shipping_types": [{"code": "STD", "label": "Standard", "mandatory_tracking": tracked}]})


@router.get("/api/hierarchies", name="H11")
def hierarchies(account_id: Account) -> JSONResponse:
    """The categories."""
    return JSONResponse(
        {
            "hierarchies": [
                {"code": "HOME", "label": "Home", "level": 1, "parent_code": ""},
                {"code": "MUGS", "label": "Mugs", "level": 2, "parent_code": "HOME"},
            ]
        }
    )


@router.get("/api/products/attributes", name="PM11")
def attributes(account_id: Account) -> JSONResponse:
    """What is to be said of a product, by category."""
    common = {"hierarchy_code": "", "type_parameter": None, "values": None}
    return JSONResponse(
        {
            "attributes": [
                {
                    **common,
                    "code": "category",
                    "label": "Category",
                    "type": "TEXT",
                    "required": True,
                    "roles": [{"type": "CATEGORY"}],
                },
                {
                    **common,
                    "code": "title",
                    "label": "Title",
                    "type": "TEXT",
                    "required": True,
                    "roles": [{"type": "TITLE"}],
                },
                {
                    **common,
                    "code": "shop_sku",
                    "label": "SKU",
                    "type": "TEXT",
                    "required": True,
                    "roles": [{"type": "SHOP_SKU"}],
                },
                {
                    **common,
                    "code": "ean",
                    "label": "EAN",
                    "type": "TEXT",
                    "required": False,
                    "roles": [{"type": "UNIQUE_IDENTIFIERS"}],
                },
                {**common, "code": "brand", "label": "Brand", "type": "TEXT", "required": False, "roles": []},
                {
                    **common,
                    "code": "description",
                    "label": "Description",
                    "type": "LONG_TEXT",
                    "required": False,
                    "roles": [{"type": "DESCRIPTION"}],
                },
                {
                    **common,
                    "code": "colour",
                    "label": "Colour",
                    "type": "LIST",
                    "values": COLOURS,
                    "required": True,
                    "hierarchy_code": "MUGS",
                    "roles": [],
                },
            ]
        }
    )


@router.get("/api/values_lists", name="VL11")
def values_lists(account_id: Account) -> JSONResponse:
    """Words to choose from."""
    return JSONResponse({"values_lists": [{"code": "COLOURS", "label": "Colours", "values": COLOURS}]})

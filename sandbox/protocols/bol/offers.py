"""Offers: create, change, end, list, and why one is not for sale."""

import base64
import threading
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from sandbox.engine import listings, orders, submissions
from sandbox.engine.errors import Conflict, Invalid
from sandbox.engine.market import Market
from sandbox.protocols.bol import catalogue
from sandbox.protocols.bol.account import Account, MarketDep
from sandbox.protocols.bol.bodies import Strict
from sandbox.protocols.bol.catalogue import Offer
from sandbox.protocols.bol.route import BolRoute
from sandbox.protocols.bol.words import moment, number, said
from sandbox.protocols.gate import says_unheard_of

router = APIRouter(prefix="/retailer/offers", route_class=BolRoute)

_PATH = "/retailer/offers"
#: Two calls about one offer, or one EAN, do not cross.
_ONE_AT_A_TIME = threading.Lock()
_LOWEST, _HIGHEST = Decimal(1), Decimal(9999)


class Condition(Strict):
    category: Literal["NEW", "SECONDHAND", "REFURBISHED"]
    state: Literal["AS_NEW", "GOOD", "REASONABLE", "MODERATE"] | None = None
    grade: Literal["A", "B", "C"] | None = None
    comment: str | None = None
    margin: bool | None = None


class BundlePrice(Strict):
    quantity: int
    unit_price: Annotated[Decimal, Field(ge=_LOWEST, le=_HIGHEST, decimal_places=2)]


class Pricing(Strict):
    bundle_prices: Annotated[list[BundlePrice], Field(min_length=1)]


class Stock(Strict):
    amount: Annotated[int, Field(ge=0)]
    managed_by_retailer: bool


class StockChange(Strict):
    amount: Annotated[int | None, Field(ge=0)] = None
    managed_by_retailer: bool | None = None


class DeliveryPromise(Strict):
    minimum_days_to_customer: int
    maximum_days_to_customer: int
    ultimate_order_time: str | None = None


class Fulfilment(Strict):
    method: Literal["FBR", "FBB"]
    schedule: Literal["BOL_DELIVERY_PROMISE", "MY_DELIVERY_PROMISE", "SHIPPING_VIA_BOL"]
    delivery_promise: DeliveryPromise | None = None


class Country(Strict):
    country_code: Literal["NL", "BE"]


class Told(Strict):
    """What a new offer and a change of one have in common."""

    reference: str | None = None
    on_hold_by_retailer: bool | None = None
    economic_operator_id: str | None = None
    pricing: Pricing | None = None
    fulfilment: Fulfilment | None = None
    country_availabilities: list[Country] | None = None


class Change(Told):
    stock: StockChange | None = None


class NewOffer(Told):
    ean: str
    condition: Condition
    pricing: Pricing
    fulfilment: Fulfilment
    stock: Stock | None = None


@router.post("", name="create_offer", status_code=201)
def create_offer(market: MarketDep, account_id: Account, body: NewOffer) -> JSONResponse:
    """Takes an offer in, to be checked; an EAN takes one in each condition."""
    if not body.ean.isdigit() or len(body.ean) not in (8, 12, 13, 14):
        raise Invalid("ean", "Request contains an invalid EAN.")
    with _ONE_AT_A_TIME:
        if catalogue.find_by(market, account_id, ean=catalogue.taken(body.ean, body.condition.category)):
            raise Conflict("ean", "Request contains a duplicate: there is an offer on this EAN in this condition.")
        offer = Offer(offer_id=str(uuid.uuid4()), sku=body.reference or body.ean, ean=body.ean, told=_told(body))
        _check(market, account_id, offer)
    return said({"offerId": offer.offer_id}, _PATH, 201)


def _told(body: Told) -> dict[str, Any]:
    told = body.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"ean", "reference"})
    if body.pricing:
        rows = [{"quantity": one.quantity, "unitPrice": float(one.unit_price)} for one in body.pricing.bundle_prices]
        told["pricing"] = {"bundlePrices": rows}
    return told


def _check(market: Market, account_id: str, offer: Offer) -> None:
    """The offer is handed to the check, and kept whatever comes of it."""
    line = {
        "sku": offer.sku,
        "title": f"Product {offer.ean}",
        "gtin": offer.ean,
        "price": str(_price(offer)),
        "quantity": _sold(market, account_id, offer),
    }
    stored = submissions.receive(market, account_id, key=str(uuid.uuid4()), kind="content", lines=[line])
    offer.submission_id = stored["submission_id"]
    catalogue.keep(market, account_id, offer)


def _sold(market: Market, account_id: str, offer: Offer) -> int:
    """How many are sold from now on: all, or what open orders leave if bol.com is to mind them."""
    stock = {"amount": 0, "managedByRetailer": True, **offer.told.get("stock", {})}
    waited_for = 0 if stock["managedByRetailer"] else orders.open_units_of(market, account_id, offer.sku)
    return max(0, int(stock["amount"]) - waited_for)


def _price(offer: Offer) -> Decimal:
    return Decimal(str(offer.told["pricing"]["bundlePrices"][0]["unitPrice"])).quantize(Decimal("0.01"))


@router.patch("/{offer_id}", name="change_offer", status_code=204)
def change_offer(market: MarketDep, account_id: Account, offer_id: str, body: Change) -> Response:
    """What is named changes. An offer that is not on sale is checked anew, unless it is only put on hold."""
    with _ONE_AT_A_TIME:
        offer = catalogue.find(market, account_id, offer_id)
        changes = _told(body)
        renamed = body.reference not in (None, offer.sku)
        if renamed:
            _rename(market, account_id, offer, str(body.reference))
        stock = {**offer.told.get("stock", {}), **changes.pop("stock", {})}
        offer.told |= {**changes, **({"stock": stock} if stock else {})}
        if not renamed and catalogue.listing_of(market, account_id, offer.sku):
            _apply(market, account_id, offer, body)
        elif renamed or body.stock or changes.keys() - {"onHoldByRetailer"}:
            _check(market, account_id, offer)
        catalogue.keep(market, account_id, offer)
    return Response(status_code=204)


def _rename(market: Market, account_id: str, offer: Offer, reference: str) -> None:
    """The offer is called so; under its old name nothing is on sale."""
    if catalogue.listing_of(market, account_id, offer.sku):
        _at_once(market, account_id, "withdraw", {"sku": offer.sku})
    catalogue.forget(market, account_id, offer)
    offer.sku = reference


def _apply(market: Market, account_id: str, offer: Offer, body: Change) -> None:
    """What is on sale has the price and the stock of the change."""
    line: dict[str, Any] = {"sku": offer.sku}
    if body.pricing:
        line["price"] = str(_price(offer))
    if body.stock:
        line["quantity"] = _sold(market, account_id, offer)
    kind = {("price",): "price", ("quantity",): "quantity", ("price", "quantity"): "offer"}.get(tuple(line)[1:])
    if kind:
        _at_once(market, account_id, kind, line)


def _at_once(market: Market, account_id: str, kind: str, line: dict[str, Any]) -> None:
    """The line is worked on before the call is answered. Raises Conflict if it is refused."""
    result = submissions.work_at_once(market, account_id, kind=kind, line=line)
    if result["status"] != "accepted":
        raise Conflict(result["code"], result["reason"])


@router.delete("/{offer_id}", name="end_offer", status_code=204)
def end_offer(market: MarketDep, account_id: Account, offer_id: str) -> Response:
    """The offer is gone."""
    with _ONE_AT_A_TIME:
        offer = catalogue.find(market, account_id, offer_id)
        if catalogue.listing_of(market, account_id, offer.sku):
            _at_once(market, account_id, "withdraw", {"sku": offer.sku})
        catalogue.forget(market, account_id, offer)
    return Response(status_code=204)


@router.get("", name="offers")
def list_offers(
    market: MarketDep,
    account_id: Account,
    offer_ids: Annotated[list[str] | None, Query(alias="offer-ids")] = None,
    eans: Annotated[list[str] | None, Query()] = None,
    reference: str | None = None,
    page_size: Annotated[int, Query(alias="page-size", ge=25, le=100)] = 50,
    cursor: str = "",
) -> JSONResponse:
    """A page of offers, or those that are named."""
    if offer_ids is not None or eans is not None or reference is not None:
        found = _named(market, account_id, offer_ids or [], eans or [], reference or "")
        return said(_page(market, account_id, found, page_size, None), _PATH)
    after = base64.urlsafe_b64decode(cursor).decode() if cursor else ""
    rows = listings.list_listings(market, account_id, after_sku=after, limit=page_size + 1, status="active")
    found = [catalogue.of_listing(market, account_id, row) for row in rows[:page_size]]
    following = (
        base64.urlsafe_b64encode(rows[page_size - 1]["sku"].encode()).decode() if len(rows) > page_size else None
    )
    if following is None:
        # What is no listing comes last, however much it is.
        found += catalogue.not_on_sale(market, account_id)
    elif cursor and market.faults.draw("repeated_page", operation="offers", account_id=account_id):
        following = cursor
    return said(_page(market, account_id, found, page_size, following), _PATH)


def _named(market: Market, account_id: str, ids: list[str], eans: list[str], reference: str) -> list[Offer]:
    found: list[Offer | None] = [catalogue.find_if_there(market, account_id, one) for one in ids]
    found += [
        catalogue.find_by(market, account_id, ean=catalogue.taken(ean, category))
        for ean in eans
        for category in catalogue.CATEGORIES
    ]
    if reference:
        found.append(catalogue.find_by(market, account_id, reference=reference))
    return [offer for offer in found if offer is not None]


def _page(market: Market, account_id: str, found: list[Offer], size: int, following: str | None) -> dict[str, Any]:
    page: dict[str, Any] = {"pageSize": size}
    if following:
        page["nextCursor"] = following
    return {"offers": [_shown(market, account_id, offer) for offer in found], "page": page}


def _shown(market: Market, account_id: str, offer: Offer) -> dict[str, Any]:
    listing = catalogue.listing_of(market, account_id, offer.sku)
    held = bool(offer.told.get("onHoldByRetailer"))
    for_sale = bool(listing and listing["quantity"]) and not held
    stock = {"amount": 0, "managedByRetailer": True, **(offer.told.get("stock") or {})}
    shown = {
        **offer.told,
        "offerId": offer.offer_id,
        "reference": offer.sku,
        "lastModifiedDateTime": moment(offer.changed_at),
        "onHoldByRetailer": held,
        "stock": {**stock, "correctedStock": listing["quantity"] if listing else 0},
        "condition": offer.told.get("condition", {"category": "NEW"}),
        "countryAvailabilities": [
            {**one, "forSale": for_sale} for one in offer.told.get("countryAvailabilities") or [{"countryCode": "NL"}]
        ],
    }
    if listing:
        price = number(listing["price"] or _price(offer))
        shown["pricing"] = {"bundlePrices": [{"quantity": 1, "unitPrice": price}]}
    return {**shown, "ean": offer.ean} if offer.ean else shown


@router.get("/{offer_id}", name="offer")
def get_offer(market: MarketDep, account_id: Account, offer_id: str) -> JSONResponse:
    """One offer; whether it is for sale stands with each country."""
    return said(_shown(market, account_id, catalogue.find(market, account_id, offer_id)), _PATH)


@router.get("/{offer_id}/not-for-sale-reasons", name="not_for_sale_reasons")
def not_for_sale_reasons(request: Request, market: MarketDep, account_id: Account, offer_id: str) -> Response:
    """Why the offer is not for sale; nothing to say (204) of one that is, or that is still checked."""
    offer = catalogue.find(market, account_id, offer_id)
    reasons = _reasons(market, account_id, offer)
    if not reasons:
        return Response(status_code=204)
    if says_unheard_of(request):
        reasons = [{**reason, "category": "TELEPORTED"} for reason in reasons]
    countries = [
        {"countryCode": one["countryCode"], "reasons": reasons}
        for one in offer.told.get("countryAvailabilities") or [{"countryCode": "NL"}]
    ]
    return said({"offerId": offer_id, "countries": countries}, _PATH)


def _reasons(market: Market, account_id: str, offer: Offer) -> list[dict[str, Any]]:
    verdict = catalogue.verdict_of(market, account_id, offer)
    listing = catalogue.listing_of(market, account_id, offer.sku)
    found = []
    if verdict["status"] in ("rejected", "try_again"):
        found.append(_reason("OFFER", verdict["code"], verdict["reason"]))
    if listing and not listing["quantity"]:
        found.append(_reason("STOCK", "4003-1", "There is no stock."))
    if offer.told.get("onHoldByRetailer"):
        found.append(_reason("ON_HOLD", "4006-1", "The offer is on hold."))
    return found


def _reason(category: str, code: str, description: str) -> dict[str, Any]:
    return {"category": category, "code": code, "description": description, "missingAttributes": []}

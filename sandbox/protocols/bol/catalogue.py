"""The offers of an account: which number and EAN each has, and what became of it.

An offer that was taken is checked afterwards: the engine works on it as on any submission. One that it took is a
listing; one that it refused stays, and is not for sale. A listing that was set up by hand gets its number when it is
first seen.
"""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.engine import listings, notes, submissions
from sandbox.engine.errors import NotFound
from sandbox.engine.market import Market

CATEGORIES = ("NEW", "SECONDHAND", "REFURBISHED")
#: What stands in a listing of the engine.
_ON_SALE = "active"


@dataclass(slots=True)
class Offer:
    """What the seller said of an offer, and the submission that it became (empty: it was set up by hand)."""

    offer_id: str
    sku: str
    ean: str
    #: As bol.com shows them: pricing, stock, fulfilment, countries.
    told: dict[str, Any] = field(default_factory=dict)
    submission_id: str = ""
    changed_at: int = 0


def _note(account_id: str, offer_id: str) -> str:
    return f"bol offer {account_id} {offer_id}"


def keep(market: Market, account_id: str, offer: Offer) -> None:
    """The offer is found from now on by its number, its reference and its EAN."""
    offer.changed_at = market.now()
    notes.save(market, _note(account_id, offer.offer_id), asdict(offer))
    notes.save(market, f"bol reference {account_id} {offer.sku}", offer.offer_id)
    if offer.ean:
        notes.save(market, f"bol ean {account_id} {_taken_by(offer)}", offer.offer_id)


def forget(market: Market, account_id: str, offer: Offer) -> None:
    """The offer is there no more."""
    for name in (f"reference {account_id} {offer.sku}", f"ean {account_id} {_taken_by(offer)}"):
        notes.save(market, f"bol {name}", None)
    notes.save(market, _note(account_id, offer.offer_id), None)


def taken(ean: str, category: str) -> str:
    """What one offer alone can take."""
    return f"{ean} {category}"


def _taken_by(offer: Offer) -> str:
    return taken(offer.ean, offer.told.get("condition", {}).get("category", CATEGORIES[0]))


def find(market: Market, account_id: str, offer_id: str) -> Offer:
    """The offer of this number. Raises NotFound."""
    note = notes.load(market, _note(account_id, offer_id))
    offer = Offer(**note) if note else None
    if offer is None or is_gone(market, account_id, offer):
        raise NotFound("offer_not_found", f"There is no offer {offer_id}.")
    return offer


def find_by(market: Market, account_id: str, *, reference: str = "", ean: str = "") -> Offer | None:
    """The offer of this reference, or on this EAN in its condition (see `taken`)."""
    name = f"bol reference {account_id} {reference}" if reference else f"bol ean {account_id} {ean}"
    offer_id = notes.load(market, name)
    if offer_id is not None:
        try:
            return find(market, account_id, offer_id)
        except NotFound:
            return None
    listing = listing_of(market, account_id, reference) if reference else None
    return of_listing(market, account_id, listing) if listing else None


def of_listing(market: Market, account_id: str, listing: Mapping[str, Any]) -> Offer:
    """The offer that a listing is; one that was set up by hand has its number from now on."""
    offer_id = notes.load(market, f"bol reference {account_id} {listing['sku']}")
    note = notes.load(market, _note(account_id, offer_id)) if offer_id else None
    if note:
        return Offer(**note)
    offer = Offer(
        offer_id=str(uuid.uuid4()),
        sku=listing["sku"],
        ean=listing.get("gtin") or "",
        told={
            "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": float(listing["price"] or 1)}]},
            "stock": {"amount": listing["quantity"], "managedByRetailer": True},
            "fulfilment": {"method": "FBR", "schedule": "BOL_DELIVERY_PROMISE"},
            "countryAvailabilities": [{"countryCode": "NL"}],
        },
    )
    keep(market, account_id, offer)
    return offer


def listing_of(market: Market, account_id: str, sku: str) -> dict[str, Any] | None:
    """What is on sale under this SKU."""
    try:
        listing = listings.get_listing(market, account_id, sku)
    except NotFound:
        return None
    return listing if listing["status"] == _ON_SALE else None


def verdict_of(market: Market, account_id: str, offer: Offer) -> dict[str, Any]:
    """What the check made of the offer: `status` as the engine's results have it, with code and reason."""
    if not offer.submission_id:
        return {"status": "accepted"}
    told = submissions.get_submission(market, account_id, offer.submission_id)
    if told["phase"] == "failed":
        return {"status": "rejected", "code": told["code"], "reason": told["reason"]}
    rows, _ = submissions.get_results(market, account_id, offer.submission_id, after=-1, limit=1)
    return rows[0] if rows else {"status": "pending"}


def is_gone(market: Market, account_id: str, offer: Offer) -> bool:
    """Whether it was on sale once, and is not there any more."""
    if listing_of(market, account_id, offer.sku):
        return False
    return bool(verdict_of(market, account_id, offer)["status"] == "accepted")


def not_on_sale(market: Market, account_id: str) -> list[Offer]:
    """The offers that are no listings: still checked, or refused."""
    found = [Offer(**note) for note in notes.load_all(market, f"bol offer {account_id} ") if note]
    return [
        offer
        for offer in found
        if offer.submission_id
        and not listing_of(market, account_id, offer.sku)
        and verdict_of(market, account_id, offer)["status"] != "accepted"
    ]


def find_if_there(market: Market, account_id: str, offer_id: str) -> Offer | None:
    """The offer of this number, or None."""
    try:
        return find(market, account_id, offer_id)
    except NotFound:
        return None

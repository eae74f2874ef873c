"""What one line of a submission does to one listing. Pure: no storage, no clock."""

import json
import re
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

KINDS = ("content", "offer", "quantity", "price", "withdraw")
_CONTENT_FIELDS = ("description", "brand", "gtin", "images", "attributes")
_MAX_TEXT = {"sku": 100, "title": 255}
_MAX_PRICE = Decimal(1_000_000)
_MAX_QUANTITY = 1_000_000
#: Decimals of the currencies that do not have two.
_EXPONENTS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
_GTIN = re.compile(r"\d{8}|\d{12,14}")


@dataclass(frozen=True, slots=True)
class Listing:
    """A listing as it is stored; the order of the fields is the order of the columns."""

    account_id: str
    sku: str
    title: str
    content: str
    price: str | None
    currency: str
    quantity: int
    status: str
    created_at: int
    updated_at: int
    #: The newest submission that set each part; an older one no longer touches it.
    content_seq: int = 0
    price_seq: int = 0
    quantity_seq: int = 0
    status_seq: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a line came from and when it is applied."""

    account_id: str
    currency: str
    seq: int
    at: int
    #: Whether an older submission leaves alone what a newer one has set.
    in_order: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of the line, and the listing afterwards when it changed."""

    status: str
    code: str | None = None
    reason: str | None = None
    listing: Listing | None = None
    #: The kind of event to record, or None when the seller would see no difference.
    event: str | None = None


def rejected(code: str, reason: str) -> Outcome:
    """The line is refused and changes nothing."""
    return Outcome("rejected", code, reason)


def apply_line(kind: str, line: dict[str, Any], current: Listing | None, receipt: Receipt) -> Outcome:
    """The outcome of a line on the listing as it is now (None: there is none)."""
    problem = _problem_with(kind, line, current, receipt)
    if problem is not None:
        return problem
    if kind == "withdraw":
        return _withdraw(current, receipt)
    if kind == "content" and (current is None or current.status == "ended"):
        return _create(line, current, receipt)
    assert current is not None
    return _change(kind, line, current, receipt)


def _problem_with(kind: str, line: dict[str, Any], current: Listing | None, receipt: Receipt) -> Outcome | None:
    sku = line["sku"]
    if sku.endswith("-REJECT"):
        return rejected("refused_by_catalogue", "The catalogue team refuses this product.")
    if kind == "withdraw":
        return None
    if kind == "content":
        return _problem_with_content(line) or _problem_with_offer(line, receipt, needed=())
    if current is None:
        return rejected("unknown_sku", f"There is no listing with the SKU {sku}.")
    if current.status == "ended":
        return rejected("listing_ended", f"The listing {sku} has ended; send its content to list it again.")
    needed = {"offer": ("price", "quantity"), "price": ("price",), "quantity": ("quantity",)}[kind]
    return _problem_with_offer(line, receipt, needed=needed)


def _problem_with_content(line: dict[str, Any]) -> Outcome | None:
    title = line.get("title")
    if not isinstance(title, str) or not title.strip():
        return rejected("title_missing", "A listing needs a title.")
    if len(title) > _MAX_TEXT["title"]:
        return rejected("title_too_long", f"A title has at most {_MAX_TEXT['title']} characters.")
    gtin = line.get("gtin")
    if gtin and not (isinstance(gtin, str) and _GTIN.fullmatch(gtin)):
        return rejected("gtin_invalid", "A GTIN has 8, 12, 13 or 14 digits.")
    return None


def _problem_with_offer(line: dict[str, Any], receipt: Receipt, needed: tuple[str, ...]) -> Outcome | None:
    for name in needed:
        if line.get(name) is None:
            return rejected(f"{name}_missing", f"The line has no {name}.")
    if line.get("price") is not None:
        if price_of(line["price"], receipt.currency) is None:
            return rejected("price_invalid", f"The price {line['price']!r} is not a price in {receipt.currency}.")
        if line.get("currency", receipt.currency) != receipt.currency:
            return rejected("currency_mismatch", f"This account sells in {receipt.currency}.")
    quantity = line.get("quantity")
    if quantity is not None and not (type(quantity) is int and 0 <= quantity < _MAX_QUANTITY):
        return rejected("quantity_invalid", f"The quantity {quantity!r} is not a whole number from 0 on.")
    return None


def price_of(value: Any, currency: str) -> str | None:
    """The price with the currency's decimals, or None when it is no price."""
    try:
        price = Decimal(str(value))
        exact = price.quantize(Decimal(1).scaleb(-_EXPONENTS.get(currency, 2)))
    except InvalidOperation:
        return None
    return str(exact) if exact == price and 0 < price < _MAX_PRICE else None


def _withdraw(current: Listing | None, receipt: Receipt) -> Outcome:
    if current is None or current.status == "ended":
        return Outcome("accepted", "already_ended", "There is no active listing with this SKU.")
    if receipt.in_order and current.status_seq > receipt.seq:
        return _superseded()
    ended = replace(current, status="ended", updated_at=receipt.at, status_seq=receipt.seq)
    return Outcome("accepted", listing=ended, event="ended")


def _create(line: dict[str, Any], current: Listing | None, receipt: Receipt) -> Outcome:
    if current is not None and receipt.in_order and current.status_seq > receipt.seq:
        return _superseded()
    price = line.get("price")
    listing = Listing(
        account_id=receipt.account_id,
        sku=line["sku"],
        title=line["title"],
        content=_content_of(line),
        price=None if price is None else price_of(price, receipt.currency),
        currency=receipt.currency,
        quantity=line.get("quantity") or 0,
        status="active",
        created_at=current.created_at if current else receipt.at,
        updated_at=receipt.at,
        content_seq=receipt.seq,
        price_seq=receipt.seq,
        quantity_seq=receipt.seq,
        status_seq=receipt.seq,
    )
    return Outcome("accepted", listing=listing, event="relisted" if current else "created")


def _change(kind: str, line: dict[str, Any], current: Listing, receipt: Receipt) -> Outcome:
    after = current
    stale = False
    if kind == "content":
        if receipt.in_order and current.content_seq > receipt.seq:
            stale = True
        else:
            after = replace(after, title=line["title"], content=_content_of(line), content_seq=receipt.seq)
    if line.get("price") is not None and kind != "quantity":
        if receipt.in_order and current.price_seq > receipt.seq:
            stale = True
        else:
            after = replace(after, price=price_of(line["price"], receipt.currency), price_seq=receipt.seq)
    if line.get("quantity") is not None and kind != "price":
        if receipt.in_order and current.quantity_seq > receipt.seq:
            stale = True
        else:
            after = replace(after, quantity=line["quantity"], quantity_seq=receipt.seq)
    if after is current:
        return _superseded() if stale else Outcome("accepted")
    if _shown(after) == _shown(current):
        return Outcome("accepted", listing=after)
    return Outcome("accepted", listing=replace(after, updated_at=receipt.at), event="changed")


def _shown(listing: Listing) -> tuple[object, ...]:
    return listing.title, listing.content, listing.price, listing.quantity


def _superseded() -> Outcome:
    return Outcome("accepted", "superseded", "A newer submission has set this already.")


def _content_of(line: dict[str, Any]) -> str:
    return json.dumps({name: line[name] for name in _CONTENT_FIELDS if line.get(name)}, sort_keys=True)

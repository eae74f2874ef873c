"""What stands on an offer beside the engine's listing: its condition, its discount, its prices by sales channel.

Price and quantity are the engine's and wait for their import; these terms are seen as soon as the file is in.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.clock import parse
from sandbox.engine import notes
from sandbox.engine.market import Market
from sandbox.protocols.mirakl.files import Row
from sandbox.protocols.mirakl.words import moment, number

#: An offer has no more prices.
_MOST_PRICES = 50
_CHANNEL = re.compile(r"price\[channel=(\w+)\]")

Terms = dict[str, Any]


def _name(account_id: str, sku: str) -> str:
    return f"mirakl offer {account_id} {sku}"


def of_offer(market: Market, account_id: str, sku: str) -> Terms:
    known: Terms = notes.load(market, _name(account_id, sku), {})
    return known


def of_all(market: Market, account_id: str) -> dict[str, Terms]:
    """The terms by SKU."""
    return {terms["sku"]: terms for terms in notes.load_all(market, _name(account_id, ""))}


def set_all(market: Market, account_id: str, rows: Iterable[Row]) -> None:
    """The offers of these lines of an offer file have the terms that stand there, and no others."""
    notes.save_all(
        market,
        {
            _name(account_id, row["sku"]): {
                "sku": row["sku"],
                "state": row["state"],
                "product_id": row["product-id"],
                "discount": _discount(row),
                "channels": {
                    m[1]: row[name].replace(",", ".") for name in row if (m := _CHANNEL.fullmatch(name)) and row[name]
                },
            }
            for row in rows
        },
    )


def _discount(row: Row) -> dict[str, Any] | None:
    price = row.get("discount-price")
    if not price:
        return None
    moments = {name: row.get(f"discount-{name.replace('_', '-')}") for name in ("start_date", "end_date")}
    return {"price": price.replace(",", "."), **{name: parse(text) if text else None for name, text in moments.items()}}


def by_offer(rows: Sequence[Row]) -> dict[str, list[tuple[int, Row]]]:
    """The lines of a price file by their offer, each with its number: one line is one price."""
    found = defaultdict(list)
    for line, row in enumerate(rows, start=2):
        found[row["offer-sku"]].append((line, row))
    return found


def problem_with_prices(rows: Sequence[Row]) -> str:
    """Why the prices of one offer are refused as a whole, or ""."""
    if len(rows) > _MOST_PRICES:
        return f"An offer has at most {_MOST_PRICES} prices"
    if sum(not row.get("channels") for row in rows) != 1:
        return "The offer needs one default price"
    try:
        for row in rows:
            _discount(row)
            number(row["price"].replace(",", "."))
    except (ValueError, ArithmeticError):
        return "The price or a date is not valid"
    return ""


def default_price(rows: Iterable[tuple[int, Row]]) -> tuple[int, Row]:
    """The line that holds for every channel that has none of its own."""
    return next((line, row) for line, row in rows if not row.get("channels"))


def set_prices(market: Market, account_id: str, offers: Mapping[str, Sequence[Row]]) -> None:
    """These are all prices that the offers have: others are gone."""
    changed = {}
    for sku, rows in offers.items():
        channels = {
            code: row["price"].replace(",", ".") for row in rows for code in row.get("channels", "").split("|") if code
        }
        (plain,) = (row for row in rows if not row.get("channels"))
        kept = of_offer(market, account_id, sku)
        changed[_name(account_id, sku)] = {"sku": sku, **kept, "discount": _discount(plain), "channels": channels}
    notes.save_all(market, changed)


def offer_number(sku: str) -> int:
    """The operator's number of an offer."""
    return int(hashlib.sha256(sku.encode()).hexdigest()[:8], 16)


def _holds(discount: Mapping[str, Any], now: int) -> bool:
    return bool((discount["start_date"] or 0) <= now < (discount["end_date"] or now + 1))


def shown(listing: Mapping[str, Any], terms: Terms, now: int) -> dict[str, Any]:
    """The offer as Mirakl shows it. `price` is the one of the moment, `origin_price` the one without discount."""
    origin = Decimal(listing["price"] or 0)
    discount = terms.get("discount")
    has_some = listing["quantity"] > 0
    offer = {
        "offer_id": offer_number(listing["sku"]),
        "shop_sku": listing["sku"],
        "product_sku": f"P-{terms.get('product_id') or listing['sku']}",
        "product_title": listing["title"],
        "price": number(discount["price"] if discount and _holds(discount, now) else origin),
        "origin_price": number(origin),
        "quantity": listing["quantity"],
        "active": has_some,
        "inactivity_reasons": [] if has_some else ["ZERO_QUANTITY"],
        "state_code": terms.get("state") or "11",
        "currency_iso_code": listing["currency"],
        "all_prices": [
            {"channel_code": code, "unit_origin_price": number(price)}
            for code, price in [(None, origin), *terms.get("channels", {}).items()]
        ],
    }
    if discount:
        dates = {name: moment(discount[name]) for name in ("start_date", "end_date")}
        offer["discount"] = {"discount_price": number(discount["price"]), "origin_price": number(origin), **dates}
    return offer

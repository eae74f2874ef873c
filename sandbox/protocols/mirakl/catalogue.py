"""The operator's catalogue: files of products that shops bring along, checked, then made after a while.

A product is identified by the shop's SKU; its offers may say `SHOP_SKU` then. Anything with a GTIN is known anyway.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sandbox.clock import MICROSECONDS
from sandbox.engine import notes
from sandbox.engine.errors import NotFound
from sandbox.engine.market import Market
from sandbox.protocols.mirakl.files import Row, Said

#: Category -> what the operator wants of its products.
REQUIRED = {"HOME": ("title",), "MUGS": ("title", "colour")}
_FIRST_LINE = 2


@dataclass(slots=True)
class Products:
    """One file of products."""

    number: str
    account_id: str
    created_at: int
    rows: list[Row]


def sku_of(row: Row) -> str:
    return row.get("shop_sku") or row.get("sku") or ""


def receive(market: Market, account_id: str, rows: list[Row]) -> Products:
    """The file has a number, and what is well described in it will be known to the operator."""
    number = str(notes.next_number(market, "mirakl import", first=2001))
    one = Products(number=number, account_id=account_id, created_at=market.now(), rows=rows)
    made = [row for row in rows if not (unreadable(row) or incomplete(row))]
    known_at = one.created_at + 2 * _delay(market)
    notes.save_all(
        market,
        {
            f"mirakl import {account_id} products {number}": asdict(one),
            **{
                f"mirakl product {account_id} {sku_of(row)}": {"known_at": known_at, "title": row["title"]}
                | {"category": row["category"]}
                for row in made
            },
        },
    )
    return one


def _delay(market: Market) -> int:
    return int(market.settings.processing_delay_seconds * MICROSECONDS)


def find(market: Market, account_id: str, number: str) -> Products:
    """The file of this number. Raises NotFound."""
    note = notes.load(market, f"mirakl import {account_id} products {number}")
    if note is None:
        raise NotFound("import_not_found", f"There is no import {number}.")
    return Products(**note)


def since(market: Market, account_id: str, moment: int) -> list[Products]:
    """The files that came in at or after a moment, newest first."""
    found = [Products(**note) for note in notes.load_all(market, f"mirakl import {account_id} products ")]
    return sorted((one for one in found if one.created_at >= moment), key=lambda one: int(one.number), reverse=True)


def status_of(market: Market, one: Products) -> str:
    """How far the file is: read, then with the operator, then done."""
    if len(lines_unreadable(one)) == len(one.rows):
        return "TRANSFORMATION_FAILED"
    waited = market.now() - one.created_at
    if waited < _delay(market):
        return "TRANSFORMATION_WAITING"
    return "SENT" if waited < 2 * _delay(market) else "COMPLETE"


def unreadable(row: Row) -> str:
    """Why the line could not be brought into the operator's form, or ""."""
    if not sku_of(row):
        return "1000|The attribute shop_sku is required"
    category = row.get("category", "")
    return "" if category in REQUIRED else f"1001|Category {category} is unknown"


def incomplete(row: Row) -> str:
    """Why the operator refuses the product, or ""."""
    missing = [name for name in REQUIRED[row["category"]] if not row.get(name)]
    return f"{', '.join(missing)} is required" if missing else ""


def lines_unreadable(one: Products) -> list[Said]:
    said = [(line, row, unreadable(row)) for line, row in enumerate(one.rows, start=_FIRST_LINE)]
    return [line for line in said if line[2]]


def lines_refused(one: Products) -> list[Said]:
    """What was read, and refused by the operator."""
    read = [(line, row) for line, row in enumerate(one.rows, start=_FIRST_LINE) if not unreadable(row)]
    return [(line, row, why) for line, row in read if (why := incomplete(row))]


def rows_made(one: Products) -> list[Row]:
    return [row for row in one.rows if not (unreadable(row) or incomplete(row))]


def known(market: Market, account_id: str, skus: Iterable[str]) -> dict[str, dict[str, str]]:
    """Of these SKUs of the shop, those whose products the operator has by now: title and category."""
    found = {sku: notes.load(market, f"mirakl product {account_id} {sku}") for sku in skus}
    return {sku: note for sku, note in found.items() if note and note["known_at"] <= market.now()}

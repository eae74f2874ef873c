"""The input: items and sales, in the formats of a retailer's export."""

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).parent

#: Every item that is sold gets this many more than its sales, so that no buyer is turned away.
SPARE_UNITS = 25


#: What the simulated marketplaces ask of products that are new to them, and what all items answer.
_ABOUT = {
    "category": "",
    "description": "",
    "images": "https://images.example/one.jpg",
    "colour": "Blue",
    "material": "Ceramic",
    "count per pack": "1",
}


@dataclass(frozen=True, slots=True)
class Item:
    """A row of the items file; `quantity` is what we say is in stock: the file's, and enough for all sales."""

    sku: str
    price: Decimal
    quantity: int
    row: Mapping[str, str]

    @property
    def category(self) -> str:
        return self.row.get("category") or "Goods"


@dataclass(frozen=True, slots=True)
class SaleLine:
    sku: str
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Sale:
    """One order of the sales file."""

    ref: str
    lines: tuple[SaleLine, ...]


@dataclass(frozen=True, slots=True)
class Input:
    items: dict[str, Item]
    sales: list[Sale]
    #: Lines of the sales file whose SKU no item has.
    skipped_lines: int

    def prices(self) -> list[Decimal]:
        return [item.price for item in self.items.values()]


def read_input(items: Path, sales: Path) -> Input:
    """Read both files; lines of unknown SKUs are skipped and counted, orders without any line left are not placed."""
    rows = {row["sku"]: row for row in _rows(items)}
    orders: dict[str, list[SaleLine]] = {}
    skipped = 0
    for row in _rows(sales):
        if row["sku"] not in rows:
            skipped += 1
            continue
        line = SaleLine(sku=row["sku"], quantity=int(row["quantity"]), amount=Decimal(row["amount"]))
        orders.setdefault(row["order_id"], []).append(line)
    sold: Counter[str] = Counter()
    for lines in orders.values():
        for line in lines:
            sold[line.sku] += line.quantity
    stocked = {
        sku: Item(sku=sku, price=Decimal(row["price"]), quantity=_stock(row, sold[sku]), row=row)
        for sku, row in rows.items()
    }
    return Input(
        items=stocked,
        sales=[Sale(ref=ref, lines=tuple(lines)) for ref, lines in orders.items()],
        skipped_lines=skipped,
    )


def items_csv(items: dict[str, Item]) -> bytes:
    """Return the file to import: the given one, with the quantities that `Item` says, a GTIN for every item, and what
    marketplaces want to know of products that are new to them.
    """
    text = io.StringIO()
    columns = dict.fromkeys([*next(iter(items.values())).row, "gtin", *_ABOUT])
    writer = csv.DictWriter(text, fieldnames=list(columns))
    writer.writeheader()
    for number, item in enumerate(items.values()):
        about = {**_ABOUT, "description": f"About {item.row['title']}.", **item.row}
        told = {"price": str(item.price), "quantity": str(item.quantity), "category": item.category}
        writer.writerow({**about, **told, "gtin": item.row.get("gtin") or gtin_of(number)})
    return text.getvalue().encode()


def gtin_of(number: int) -> str:
    """Return a GTIN of 13 digits with a right last one, from the range that shops use within their walls."""
    digits = f"29{number:010}"
    return f"{digits}{-sum(int(one) * (3 if place % 2 else 1) for place, one in enumerate(digits)) % 10}"


def _stock(row: Mapping[str, str], sold: int) -> int:
    return int(row["quantity"]) + (sold + SPARE_UNITS if sold else 0)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))

"""What a seller of the live test has in stock: single items, and items that come in sizes and colours."""

import csv
import io
from dataclasses import dataclass, replace
from decimal import Decimal

_SIZES, _COLOURS = ("S", "L"), ("red", "blue")


@dataclass(frozen=True)
class Good:
    sku: str
    title: str
    price: Decimal
    quantity: int
    parent: str = ""
    size: str = ""
    colour: str = ""


def make_goods(prefix: str, *, singles: int, groups: int) -> dict[str, Good]:
    """Return so many single items and so many groups of four variations, by SKU."""
    goods = [
        Good(f"{prefix}-{number:03}", f"Mug {prefix} {number}", _price(number), 10 + number % 7)
        for number in range(singles)
    ]
    for number in range(groups):
        parent = f"{prefix}-SHIRT-{number:03}"
        for place, (size, colour) in enumerate((size, colour) for size in _SIZES for colour in _COLOURS):
            title = f"Shirt {prefix} {number} {colour} {size}"
            goods.append(
                Good(f"{parent}-{size}-{colour}", title, _price(100 + number), 8 + place, parent, size, colour)
            )
    return {good.sku: good for good in goods}


def changed(good: Good) -> Good:
    """Return the same at another price, and one more of it."""
    return replace(good, price=good.price + Decimal("0.35"), quantity=good.quantity + 1)


def as_csv(goods: dict[str, Good]) -> bytes:
    """Return the file that the seller imports."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["sku", "title", "brand", "description", "price", "currency", "quantity"])
    for good in goods.values():
        about = f"All about {good.title}."
        writer.writerow([good.sku, good.title, "Acme", about, str(good.price), "EUR", good.quantity])
    return text.getvalue().encode()


def _price(number: int) -> Decimal:
    return Decimal(595 + 37 * number).scaleb(-2)

"""What is traded: made from the seed, or read from the files that `make smoke` takes."""

import random
from decimal import Decimal
from pathlib import Path

from smoke.files import HERE, Item, Sale, SaleLine, read_input

#: How many different baskets buyers choose from.
BASKETS = 400


def items_of(text: str, seed: int) -> dict[str, Item]:
    """Return the items: so many, or those of a file."""
    return make_items(seed, int(text)) if text.isdigit() else read_input(Path(text), HERE / "data" / "sales.csv").items


def baskets_of(text: str, seed: int, items: dict[str, Item]) -> list[Sale]:
    """Return what buyers put together: made up, or the orders of a file as far as we have what they name."""
    if not text or text.isdigit():
        return make_baskets(seed, items)
    sales = read_input(HERE / "data" / "items.csv", Path(text)).sales
    return [sale for sale in sales if all(line.sku in items for line in sale.lines)]


def make_items(seed: int, count: int) -> dict[str, Item]:
    """Return the stock to begin with: some items have plenty, some so little that two marketplaces fight for it."""
    drawn = random.Random(f"items {seed}")
    made = {}
    for number in range(1, count + 1):
        sku = f"CHAOS-{number:04d}"
        price = Decimal(drawn.randrange(500, 9_999)).scaleb(-2)
        quantity = drawn.choice((2, 4, 8, 15, 30))
        row = {"sku": sku, "title": f"Thing {number}", "price": str(price), "quantity": str(quantity)}
        made[sku] = Item(sku=sku, price=price, quantity=quantity, row=row)
    return made


def make_baskets(seed: int, items: dict[str, Item]) -> list[Sale]:
    """Return baskets of one or two items, mostly one unit of each."""
    drawn = random.Random(f"baskets {seed}")
    skus = sorted(items)
    baskets = []
    for number in range(BASKETS):
        chosen = drawn.sample(skus, k=min(len(skus), drawn.choice((1, 1, 1, 2))))
        units = [drawn.choice((1, 1, 1, 2, 3)) for _ in chosen]
        lines = [SaleLine(sku=sku, quantity=n, amount=Decimal(10 * n)) for sku, n in zip(chosen, units, strict=True)]
        baskets.append(Sale(ref=str(number), lines=tuple(lines)))
    return baskets

"""Looks up what is there already, by our names and by the server's numbers."""

from collections.abc import Iterable, Sequence
from typing import Any

from channels_app.adapters.medusa.batches import chunks
from channels_app.adapters.medusa.client import MedusaClient
from channels_app.adapters.medusa.products import FIELDS, split_remote_id, variants_of
from channels_app.adapters.types import Line

#: Names or numbers in one question: addresses have their limit at 16 KB.
_AT_ONCE = 50

Product = dict[str, Any]


class Shelf:
    """The products of one account, as far as they were asked for."""

    def __init__(self, client: MedusaClient) -> None:
        self._client = client

    def by_external_id(self, names: Iterable[str]) -> list[Product]:
        return self._products("external_id[]", names)

    def by_id(self, numbers: Iterable[str]) -> list[Product]:
        return self._products("id[]", numbers)

    def by_sku(self, skus: Sequence[str]) -> list[Product]:
        """Return the products that have a variant with one of these SKUs: only its stock can be asked for by SKU."""
        numbers: dict[str, None] = {}
        for some in chunks(skus, _AT_ONCE):
            asked = {"sku[]": some, "limit": 2 * _AT_ONCE, "fields": "id,sku,variants.id,variants.product_id"}
            for item in self._client.get("find_sku", "/inventory-items", asked)["inventory_items"]:
                numbers |= {str(one["product_id"]): None for one in item.get("variants") or () if one.get("product_id")}
        return self.by_id(numbers)

    def holding(self, lines: Sequence[Line]) -> dict[str, Product]:
        """Return the products of these lines by SKU: by the numbers that came with them, or else looked up."""
        numbers = dict.fromkeys(number for line in lines if (number := split_remote_id(line.remote_id)[0]))
        found = by_variant(self.by_id(numbers))
        missing = [line.sku for line in lines if line.sku not in found]
        return found | by_variant(self.by_sku(missing)) if missing else found

    def _products(self, name: str, values: Iterable[str]) -> list[Product]:
        found: list[Product] = []
        for some in chunks(list(dict.fromkeys(values)), _AT_ONCE):
            asked = {name: some, "limit": 2 * _AT_ONCE, "fields": FIELDS}
            found += self._client.get("find_products", "/products", asked)["products"]
        return found


def by_variant(products: Iterable[Product]) -> dict[str, Product]:
    """Return the products by the SKUs of their variants."""
    return {str(one["sku"]): product for product in products for one in variants_of(product) if one.get("sku")}

"""Prices, quantities and the end of listings, each line by itself or in calls that refuse as a whole."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.medusa import products
from channels_app.adapters.medusa.batches import Outcomes
from channels_app.adapters.medusa.client import MedusaClient, quoted
from channels_app.adapters.medusa.shelf import Product, Shelf
from channels_app.adapters.medusa.stock import StockDesk
from channels_app.adapters.types import OfferLine, Report, WithdrawLine

#: A variant with open orders cannot be deleted: tried again once some of them may have left.
_AGAIN_SECONDS = 3600.0

Part = tuple[Sequence[str], Callable[[], None]]


class OfferDesk:
    """Changes listings that are there."""

    def __init__(self, client: MedusaClient, shelf: Shelf, stock: StockDesk) -> None:
        self._client = client
        self._shelf = shelf
        self._stock = stock

    # --- prices -------------------------------------------------------------------------------------------------------

    def price(self, lines: Sequence[OfferLine]) -> Report:
        """The variants have these prices, one call each. They are looked up first: of a product that is gone Medusa
        says only that something went wrong, of a variant that is gone that all is well."""
        outcomes = Outcomes()
        there = self._shelf.holding(lines)
        return outcomes.work_off(
            [((line.sku,), partial(self._price, line, there.get(line.sku), outcomes)) for line in lines]
        )

    def _price(self, line: OfferLine, product: Product | None, outcomes: Outcomes) -> None:
        if product is None:
            raise _gone()
        variant = _variant(product, line.sku)
        path = f"/products/{quoted(product['id'])}/variants/{quoted(variant['id'])}"
        self._client.write("price", path, {"prices": products.build_prices(line)}, fields="id")
        outcomes.accept(line.sku, products.build_remote_id(product, variant))

    # --- quantities ---------------------------------------------------------------------------------------------------

    def quantity(self, lines: Sequence[OfferLine]) -> Report:
        """So many of each are free to be sold. Numbers that do not hold any more are looked up by SKU, once."""
        outcomes = Outcomes()
        known = {line.sku: products.split_remote_id(line.remote_id)[2] for line in lines}
        without = [line for line in lines if not known[line.sku]]
        remote_ids = {line.sku: line.remote_id for line in lines}
        remote_ids |= self._look_up(without)
        parts: list[Part] = [(_skus(lines), partial(self._count, lines, remote_ids, outcomes))]
        return outcomes.work_off(parts)

    def _count(self, lines: Sequence[OfferLine], remote_ids: Mapping[str, str], outcomes: Outcomes) -> None:
        refused = self._try_count(lines, remote_ids, outcomes)
        if refused:
            refused = self._try_count(list(refused), self._look_up(list(refused)), outcomes)
        for line, error in refused.items():
            outcomes.reject(line.sku, error)

    def _try_count(
        self, lines: Sequence[OfferLine], remote_ids: Mapping[str, str], outcomes: Outcomes
    ) -> dict[OfferLine, RejectedByChannel]:
        """Count what has a number. Returns the lines that were refused; the others are accepted."""
        refused: dict[OfferLine, RejectedByChannel] = {}
        by_item: dict[str, OfferLine] = {}
        for line in lines:
            if item := products.split_remote_id(remote_ids.get(line.sku, ""))[2]:
                by_item[item] = line
            else:
                refused[line] = _gone()

        def blame(item: str, error: RejectedByChannel) -> None:
            refused[by_item[item]] = error

        self._stock.count({item: line.quantity for item, line in by_item.items()}, blame)
        for line in lines:
            if line not in refused:
                outcomes.accept(line.sku, remote_ids[line.sku])
        return refused

    def _look_up(self, lines: Sequence[OfferLine]) -> dict[str, str]:
        """Return the present numbers of these listings by SKU; those that are not there are left out."""
        if not lines:
            return {}
        there = self._shelf.holding([_without_number(line) for line in lines])
        return {sku: products.build_remote_id(product, _variant(product, sku)) for sku, product in there.items()}

    # --- the end ------------------------------------------------------------------------------------------------------

    def withdraw(self, lines: Sequence[WithdrawLine]) -> Report:
        """Buyers see the listings no more. A product of which all variants go becomes a draft, which keeps its page;
        of others the variant is deleted. Its stock is set to 0 first: a draft may be published again one day."""
        outcomes = Outcomes()
        there = self._shelf.holding(lines)
        groups: dict[str, tuple[Product, list[str]]] = {}
        for line in lines:
            if (product := there.get(line.sku)) is None:
                outcomes.accept(line.sku)
            else:
                groups.setdefault(product["id"], (product, []))[1].append(line.sku)
        return outcomes.work_off(
            [(skus, partial(self._withdraw, product, skus, outcomes)) for product, skus in groups.values()]
        )

    def _withdraw(self, product: Product, skus: Sequence[str], outcomes: Outcomes) -> None:
        variants = {sku: _variant(product, sku) for sku in skus}
        items = {item: 0 for one in variants.values() if (item := products.stock_id_of(one))}
        self._stock.count(items, lambda _item, _error: None)  # what cannot be counted cannot be sold either
        path = f"/products/{quoted(product['id'])}"
        if len(variants) == len(products.variants_of(product)):
            self._client.write("change_product", path, {"status": "draft"}, fields="id")
            for sku in skus:
                outcomes.accept(sku)
            return
        for sku, variant in variants.items():
            try:
                self._client.delete("delete_variant", f"{path}/variants/{quoted(variant['id'])}")
                outcomes.accept(sku)
            except RejectedByChannel as error:
                outcomes.try_again(sku, reason=str(error), after=_AGAIN_SECONDS)


def _variant(product: Product, sku: str) -> Product:
    variant = products.find_variant(product, sku)
    assert variant is not None  # the product was found by it
    return variant


def _without_number(line: OfferLine) -> OfferLine:
    return OfferLine(sku=line.sku, price=line.price, currency=line.currency, quantity=line.quantity)


def _gone() -> RejectedByChannel:
    return RejectedByChannel(
        "The marketplace does not have this listing (any more), or keeps no stock of it.", code="gone"
    )


def _skus(lines: Sequence[OfferLine]) -> list[str]:
    return [line.sku for line in lines]

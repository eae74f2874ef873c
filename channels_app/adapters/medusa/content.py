"""Items become products with variants, new ones and changed ones. What a call refuses is said of its own lines."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.medusa import products
from channels_app.adapters.medusa.batches import Outcomes
from channels_app.adapters.medusa.client import MedusaClient, quoted
from channels_app.adapters.medusa.places import Places
from channels_app.adapters.medusa.shelf import Product, Shelf, by_variant
from channels_app.adapters.types import ContentLine, Report

#: Mercur, and Medusa behind most proxies, fails at bodies of 100 KB.
_BODY_BYTES = 90_000

Lines = Sequence[ContentLine]
Part = tuple[Sequence[str], Callable[[], None]]


class ContentDesk:
    """Lists items at one account."""

    def __init__(self, client: MedusaClient, places: Places, shelf: Shelf) -> None:
        self._client = client
        self._places = places
        self._shelf = shelf

    def submit(self, lines: Lines) -> Report:
        outcomes = Outcomes()
        there, new = self._sorted(lines)
        parts: list[Part] = [
            (_skus(its_lines), partial(self._change, product, its_lines, outcomes)) for product, its_lines in there
        ]
        if self._client.flavour.takes_batches:
            parts += [
                ([sku for group in some for sku in _skus(group)], partial(self._create_many, some, outcomes))
                for some in self._batches(new)
            ]
        else:
            parts += [(_skus(group), partial(self._create, group, outcomes)) for group in new]
        return outcomes.work_off(parts)

    def _sorted(self, lines: Lines) -> tuple[list[tuple[Product, list[ContentLine]]], list[list[ContentLine]]]:
        """Return the lines by the product that they belong to, and those of products that are yet to be made.

        A variant stays in the product that holds its SKU, whoever made that; others join the product of their parent.
        """
        by_name = {str(one["external_id"]): one for one in self._shelf.by_external_id(map(_name, lines))}
        by_sku = by_variant(by_name.values())
        if missing := [line.sku for line in lines if line.sku not in by_sku]:
            by_sku |= by_variant(self._shelf.by_sku(missing))
        there: dict[str, tuple[Product, list[ContentLine]]] = {}
        new: dict[str, list[ContentLine]] = {}
        for line in lines:
            product = by_sku.get(line.sku) or by_name.get(_name(line))
            if product is None:
                new.setdefault(_name(line), []).append(line)
            else:
                there.setdefault(str(product["id"]), (product, []))[1].append(line)
        return list(there.values()), list(new.values())

    # --- new products -------------------------------------------------------------------------------------------------

    def _create(self, lines: Lines, outcomes: Outcomes) -> None:
        """The product is there with all of its variants. Refused, it is made of those that can be had."""
        try:
            self._note(self._create_product(lines), lines, outcomes)
        except RejectedByChannel:
            if len(lines) == 1:
                raise
            self._create_piecemeal(lines, outcomes)

    def _create_piecemeal(self, lines: Lines, outcomes: Outcomes) -> None:
        """The first variant that is not refused makes the product; the others join it, each with its own outcome."""
        product: Product | None = None
        for line in lines:
            try:
                product = self._create_product([line]) if product is None else self._join(product, line)
                self._note(product, [line], outcomes)
            except RejectedByChannel as error:
                outcomes.reject(line.sku, error)

    def _join(self, product: Product, line: ContentLine) -> Product:
        self._add_values(product, [line])
        return self._write_variant(product, line)

    def _create_product(self, lines: Lines) -> Product:
        def create(*, with_gtin: bool) -> Product:
            body = self._new_product(lines, with_gtin=with_gtin)
            answer = self._client.write("create_product", "/products", body, fields=products.FIELDS)
            return dict(answer["product"])

        return _without_gtin_if_taken(create)

    def _new_product(self, lines: Lines, *, with_gtin: bool) -> dict[str, Any]:
        return products.build_new_product(
            lines,
            sales_channel_id=self._places.sales_channel_id,
            shipping_profile_id=self._places.shipping_profile_id,
            account=self._client.seller_id if self._client.flavour.has_sellers else "",
            with_gtin=with_gtin,
        )

    def _create_many(self, groups: Sequence[Lines], outcomes: Outcomes) -> None:
        """The products are there, all in one call. Refused, each is made by itself."""
        if len(groups) == 1:
            self._create(groups[0], outcomes)
            return
        good: list[Lines] = []
        bodies: list[dict[str, Any]] = []
        for lines in groups:
            try:
                bodies.append(self._new_product(lines, with_gtin=True))
                good.append(lines)
            except RejectedByChannel:
                self._create_alone(lines, outcomes)
        if not bodies:
            return
        try:
            answer = self._client.write(
                "create_products", "/products/batch", {"create": bodies}, fields=products.FIELDS
            )
        except RejectedByChannel:
            for lines in good:
                self._create_alone(lines, outcomes)
            return
        made = by_variant(answer.get("created") or ())
        for lines in good:
            self._note(made.get(lines[0].sku, {}), lines, outcomes)

    def _create_alone(self, lines: Lines, outcomes: Outcomes) -> None:
        try:
            self._create(lines, outcomes)
        except RejectedByChannel as error:
            for line in lines:
                outcomes.reject(line.sku, error)

    def _batches(self, groups: Sequence[Lines]) -> Iterator[list[Lines]]:
        """Yield the groups in calls of a size that the server takes."""
        batch: list[Lines] = []
        size = 0
        for lines in groups:
            weight = sum(_weight(line) for line in lines)
            if batch and size + weight > _BODY_BYTES:
                yield batch
                batch, size = [], 0
            batch.append(lines)
            size += weight
        if batch:
            yield batch

    # --- products that are there --------------------------------------------------------------------------------------

    def _change(self, product: Product, lines: Lines, outcomes: Outcomes) -> None:
        """The product and these of its variants say what the lines say; variants that are missing have joined it."""
        title = products.merged_title(product, {line.sku: line for line in lines})
        self._client.write(
            "change_product", _path(product), products.build_product(lines[-1], title=title), fields="id"
        )
        self._add_values(product, lines)
        for line in lines:
            try:
                self._note(self._write_variant(product, line), [line], outcomes)
            except RejectedByChannel as error:
                outcomes.reject(line.sku, error)

    def _add_values(self, product: Product, lines: Lines) -> None:
        """The options of the product have every value that the lines need.

        Medusa takes them together since 2.16, before that (and Mercur) one option after the other.
        """
        missing = products.missing_values(product, lines)
        if missing and self._client.flavour.takes_batches:
            body = {
                "update": [
                    {"product_option_id": number, "add": [{"value": value} for value in values]}
                    for number, values in missing.items()
                ]
            }
            self._client.write("options", f"{_path(product)}/options/batch", body, fields="id")
        elif missing:
            for option in product["options"]:
                if new := missing.get(str(option["id"])):
                    path = f"{_path(product)}/options/{quoted(option['id'])}"
                    all_values = {"title": option["title"], "values": [*products.values_of(option), *new]}
                    self._client.write("options", path, all_values, fields="id")
        for option in product["options"]:
            option["values"] = [*option["values"], *({"value": value} for value in missing.get(str(option["id"]), ()))]

    def _write_variant(self, product: Product, line: ContentLine) -> Product:
        """Return the product with the variant as the line says."""
        variant = products.find_variant(product, line.sku)
        products.check_options(line, [option["title"] for option in product["options"]])

        def write(*, with_gtin: bool) -> Product:
            body = products.build_variant(line, with_gtin=with_gtin)
            if variant is None:
                path, operation, body = f"{_path(product)}/variants", "add_variant", body | {"sku": line.sku}
            else:
                path, operation = f"{_path(product)}/variants/{quoted(variant['id'])}", "change_variant"
                if products.options_there(variant) == body["options"]:
                    del body["options"]
            return dict(self._client.write(operation, path, body, fields=products.FIELDS)["product"])

        return _without_gtin_if_taken(write)

    @staticmethod
    def _note(product: Product, lines: Lines, outcomes: Outcomes) -> None:
        """The lines are accepted if the server's answer shows their variants; if not, they are looked for again."""
        for line in lines:
            if variant := products.find_variant(product, line.sku):
                outcomes.accept(line.sku, products.build_remote_id(product, variant))
            else:
                outcomes.try_again(line.sku, reason="The server did not say that it took this variant.")


def _without_gtin_if_taken(write: Callable[..., Product]) -> Product:
    """Return what `write` does with the GTIN, or without it where another product of the server has it."""
    try:
        return write(with_gtin=True)
    except RejectedByChannel as error:
        if "already exists" not in str(error) or not any(f" {field}: " in str(error) for field in products.GTIN_FIELDS):
            raise
        return write(with_gtin=False)


def _name(line: ContentLine) -> str:
    return products.external_id_of(line)


def _skus(lines: Lines) -> list[str]:
    return [line.sku for line in lines]


def _path(product: Product) -> str:
    return f"/products/{quoted(str(product['id']))}"


def _weight(line: ContentLine) -> int:
    """Return the bytes that a line takes in a body, a little rounded up."""
    words = json.dumps([line.title, line.title, line.description, *line.images, dict(line.attributes)])
    return 600 + len(words) + 2 * len(json.dumps(dict(line.variation)))

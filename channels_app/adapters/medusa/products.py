"""Items as products with variants. Pure.

Items with one parent are variants of one product, which carries the parent's SKU as its external id; an item without a
parent is a product with one variant.
"""

import hashlib
import os.path
import re
from collections.abc import Mapping, Sequence
from typing import Any

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.medusa.values import Body, build_amount
from channels_app.adapters.types import ContentLine, OfferLine

#: The option of a product whose variants have nothing else to be told apart by.
ONLY_OPTION = "Variant"
#: What is asked of products that are about to be changed.
FIELDS = (
    "id,status,external_id,title,options.id,options.title,options.values.value,variants.id,variants.sku,"
    "variants.title,variants.options.value,variants.options.option.title,variants.inventory_items.inventory_item_id"
)
#: Digits of a GTIN -> the field that holds it.
_GTIN_FIELD = {8: "ean", 12: "upc", 13: "ean", 14: "barcode"}
GTIN_FIELDS = frozenset(_GTIN_FIELD.values())


def external_id_of(line: ContentLine) -> str:
    """Return what its product is called on our side."""
    return line.parent_sku or line.sku


def options_of(line: ContentLine) -> dict[str, str]:
    """Return what tells the variant from the others of its product, by the name of the option."""
    return dict(line.variation) if line.variation else {ONLY_OPTION: line.sku if line.parent_sku else "Standard"}


def build_new_product(
    lines: Sequence[ContentLine], *, sales_channel_id: str, shipping_profile_id: str, account: str, with_gtin: bool
) -> dict[str, Any]:
    """Return the product with all of its variants. Handles are unique on the whole server, so ours say whose it is."""
    external_id = external_id_of(lines[0])
    return {
        **build_product(lines[-1], title=common_title([line.title for line in lines])),
        "external_id": external_id,
        "handle": build_handle(external_id, account),
        "sales_channels": [{"id": sales_channel_id}],
        "shipping_profile_id": shipping_profile_id,
        "options": build_options(lines),
        "variants": [build_variant(line, with_gtin=with_gtin) | {"sku": line.sku} for line in lines],
    }


def build_product(line: ContentLine, *, title: str) -> dict[str, Any]:
    """Return what a product says of all its variants.

    It never names them: Medusa deletes the variants that a change of the product leaves out. What the item does not
    have (a description, pictures) stays as the operator made it.
    """
    pictures = {"images": [{"url": url} for url in line.images], "thumbnail": line.images[0]} if line.images else {}
    words = {"description": line.description} if line.description else {}
    return {"title": title, "status": "published", **words, **pictures, "metadata": {"brand": line.brand}}


def build_variant(line: ContentLine, *, with_gtin: bool) -> dict[str, Any]:
    """Return one variant without its SKU. A GTIN is unique on the whole server: another seller may have it already."""
    field = _GTIN_FIELD.get(len(line.gtin)) if with_gtin and line.gtin.isdigit() else None
    return {
        "title": line.title,
        "options": options_of(line),
        "prices": build_prices(line),
        "metadata": {**line.attributes, "gtin": line.gtin},
        **({field: line.gtin} if field else {}),
    }


def build_prices(line: ContentLine | OfferLine) -> list[dict[str, Any]]:
    """Return the prices of a variant: this list takes the place of all that it had."""
    return [{"currency_code": line.currency.lower(), "amount": build_amount(line.price)}]


def build_options(lines: Sequence[ContentLine]) -> list[dict[str, Any]]:
    """Return the options of a new product. Raises RejectedByChannel if they do not tell its variants apart."""
    values: dict[str, dict[str, None]] = {name: {} for name in options_of(lines[0])}
    told_apart: list[dict[str, str]] = []
    for line in lines:
        check_options(line, list(values))
        if options_of(line) in told_apart:
            raise RejectedByChannel(f"Another item of this parent varies in the same as {line.sku}.", code="variation")
        told_apart.append(options_of(line))
        for name, value in options_of(line).items():
            values[name][value] = None
    return [{"title": name, "values": list(known)} for name, known in values.items()]


def check_options(line: ContentLine, names: Sequence[str]) -> None:
    """Raise RejectedByChannel unless the line says exactly these options."""
    if set(options_of(line)) != set(names):
        reason = (
            f"Items of one parent must vary in the same things: {line.sku} varies in "
            f"{', '.join(options_of(line))}, its product in {', '.join(names)}."
        )
        raise RejectedByChannel(reason, code="variation")


def missing_values(product: Body, lines: Sequence[ContentLine]) -> dict[str, tuple[str, ...]]:
    """Return the option values that the lines need and the product does not have, by the option's number."""
    missing: dict[str, tuple[str, ...]] = {}
    for option in product.get("options") or ():
        has = values_of(option)
        wanted = dict.fromkeys(options_of(line).get(option["title"]) for line in lines)
        if new := tuple(value for value in wanted if value is not None and value not in has):
            missing[str(option["id"])] = new
    return missing


def values_of(option: Body) -> list[str]:
    return [str(one["value"]) for one in option.get("values") or ()]


def options_there(variant: Body) -> dict[str, str]:
    """Return what tells a variant that is there from the others."""
    return {str(one["option"]["title"]): str(one["value"]) for one in variant.get("options") or () if one.get("option")}


def variants_of(product: Body) -> list[dict[str, Any]]:
    return list(product.get("variants") or ())


def find_variant(product: Body, sku: str) -> dict[str, Any] | None:
    return next((one for one in variants_of(product) if one.get("sku") == sku), None)


def build_remote_id(product: Body, variant: Body) -> str:
    """Return the numbers by which a variant is spoken of: the product's, its own, and that of its stock."""
    return f"{product['id']}:{variant['id']}:{stock_id_of(variant)}"


def stock_id_of(variant: Body) -> str:
    """Return the number of the variant's inventory item; empty if it has none, or is a kit of several."""
    items = list(variant.get("inventory_items") or ())
    return str(items[0]["inventory_item_id"]) if len(items) == 1 else ""


def split_remote_id(remote_id: str) -> tuple[str, str, str]:
    """Return the numbers of product, variant and stock; all empty for anything else."""
    parts = remote_id.split(":")
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else ("", "", "")


def common_title(titles: Sequence[str]) -> str:
    """Return the words with which all titles begin; the first title if they have none in common."""
    words = os.path.commonprefix([title.split() for title in titles])
    return " ".join(words).rstrip(" -,|/(") or titles[0]


def merged_title(product: Body, lines: Mapping[str, ContentLine]) -> str:
    """Return the product's title once the lines are on it: what all of its variants are called."""
    others = [str(one.get("title") or "") for one in variants_of(product) if one.get("sku") not in lines]
    return common_title([*(line.title for line in lines.values()), *filter(None, others)])


def build_handle(external_id: str, account: str) -> str:
    """Return a name for the product's address that no other seller's product can have."""
    slug = re.sub(r"[^a-z0-9]+", "-", external_id.lower()).strip("-")[:80]
    mark = hashlib.sha256(f"{account}\n{external_id}".encode()).hexdigest()[:8]
    return f"{slug}-{mark}" if slug else mark

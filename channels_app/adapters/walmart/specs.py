"""Walmart's product types, and what it wants to know of items of each: its own lists, as categories and fields. Pure.

The code of a field says where its value goes and how it is written: `orderable:` before the name for the part about the
offer, and behind it `[]` for a list, `{}` for an object, `#` for a number, `?` for yes or no.

Source: https://developer.walmart.com/us-marketplace/docs/get-item-setup-requirements and the reference of
/v3/items/taxonomy, read 2026-11-27.
UNVERIFIED: where in the specification the required names stand. If they are not found, Walmart has the last word.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from channels_app.adapters.types import Category, Choice, Part, ProductField

ORDERABLE = "orderable:"
_WRITTEN = {"array": "[]", "object": "{}", "number": "#", "integer": "#", "boolean": "?"}
_HELP = {
    "[]": "Several are separated by |.",
    "{}": 'As Walmart writes it, for example {"measure": 12, "unit": "oz"}.',
    "#": "A number.",
    "?": "Yes or no.",
}
#: What an item says of itself, by Walmart's name.
_USUAL = {
    "productName": Part.TITLE,
    "brand": Part.BRAND,
    "shortDescription": Part.DESCRIPTION,
    "mainImageUrl": Part.IMAGE,
}
#: What the adapter fills in from the rest of the item and the settings.
_OURS = frozenset(
    (
        *("sku", "productIdentifiers", "price", "ShippingWeight"),
        *("productSecondaryImageURL", "variantGroupId", "variantAttributeNames"),
    )
)
_TRUE = frozenset(("yes", "true", "1", "y"))


def read_categories(answer: Mapping[str, Any]) -> list[Category]:
    """Return every product type, with the group and the category that it is in."""
    taxonomy = answer.get("itemTaxonomy") or answer.get("payload") or ()
    return list(_iter_types([taxonomy] if isinstance(taxonomy, Mapping) else taxonomy))


def _iter_types(taxonomy: Any) -> Iterator[Category]:
    for category in taxonomy:
        for group in category.get("productTypeGroup") or ():
            for one in group.get("productType") or ():
                code = str(one.get("productTypeName") or "")
                way = (category.get("category"), group.get("productTypeGroupName"), code)
                if code:
                    yield Category(code=code, name=" > ".join(str(name) for name in way if name))


def read_fields(answer: Mapping[str, Any], product_type: str) -> list[ProductField]:
    """Return what the specification says of one product type; nothing if it cannot be read."""
    item = _at(answer.get("schema") or answer, "properties", "MPItem", "items", "properties")
    visible = _at(item, "Visible", "properties", product_type)
    return [*_fields(visible, ""), *_fields(_at(item, "Orderable"), ORDERABLE)]


def _fields(part: Mapping[str, Any], prefix: str) -> Iterator[ProductField]:
    required = [str(name) for name in part.get("required") or ()]
    known = _at(part, "properties")
    for name in dict.fromkeys([*required, *known]):
        if name not in _OURS:
            yield _field(name, _at(known, name), prefix=prefix, required=name in required)


def _field(name: str, schema: Mapping[str, Any], *, prefix: str, required: bool) -> ProductField:
    written = _WRITTEN.get(str(schema.get("type")), "")
    words = schema.get("enum") or _at(schema, "items").get("enum") or ()
    return ProductField(
        code=f"{prefix}{name}{written}",
        name=str(schema.get("title") or name),
        required=required,
        choices=tuple(Choice(code=str(word), name=str(word)) for word in words),
        usual=_USUAL.get(name),
        help=str(schema.get("description") or _HELP.get(written, ""))[:500],
    )


def _at(schema: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    for name in path:
        inner = schema.get(name)
        if not isinstance(inner, Mapping):
            return {}
        schema = inner
    return schema


def write_fields(product: Mapping[str, str], *, orderable: bool) -> dict[str, Any]:
    """Return the values of one of the two parts of an item, by Walmart's names."""
    chosen = {code: text for code, text in product.items() if code.startswith(ORDERABLE) is orderable}
    return dict(_write(code.removeprefix(ORDERABLE), text) for code, text in chosen.items())


def _write(code: str, text: str) -> tuple[str, Any]:
    name, written = code.rstrip("[]{}#?"), code[len(code.rstrip("[]{}#?")) :]
    if written == "?":
        return name, text.casefold() in _TRUE
    try:
        value = json.loads(text) if written else text
    except ValueError:
        value = text
    if written == "[]" and not isinstance(value, list):
        return name, [part.strip() for part in text.split("|") if part.strip()]
    return name, value

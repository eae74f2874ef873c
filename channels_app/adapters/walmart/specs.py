"""Walmart's product types, and what it wants to know of items of each: its own lists, as categories and fields. Pure.

The code of a field says where its value goes and how it is written: `orderable:` before the name for the part about the
offer, and behind it `[]` for a list, `{}` for an object, `#` for a number, `?` for yes or no.

Source: https://developer.walmart.com/us-marketplace/docs/get-item-setup-requirements and the reference of
/v3/items/taxonomy, read 2026-11-27.
UNVERIFIED: where in the specification the required names stand. If they are not found, Walmart has the last word.
"""

import json
from collections.abc import Iterator, Mapping
from math import isfinite
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
_YES_OR_NO = dict.fromkeys(("yes", "true", "1", "y"), True) | dict.fromkeys(("no", "false", "0", "n"), False)


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
    words = schema.get("enum") or _at(schema, "items").get("enum") or (("Yes", "No") if written == "?" else ())
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
    """Return the values of one of the two parts of an item, by Walmart's names. Unreadable ones are left out."""
    chosen = {code: text for code, text in product.items() if code.startswith(ORDERABLE) is orderable}
    written = {_split(code.removeprefix(ORDERABLE))[0]: _write(code, text) for code, text in chosen.items()}
    return {name: value for name, value in written.items() if value is not None}


def unreadable(product: Mapping[str, str]) -> list[str]:
    """Return the names of the fields whose texts are not what their kind asks for."""
    return [_split(code.removeprefix(ORDERABLE))[0] for code, text in product.items() if _write(code, text) is None]


def _split(code: str) -> tuple[str, str]:
    """Return the name of a field, and how its value is written."""
    name = code.rstrip("[]{}#?")
    return name, code[len(name) :]


def _write(code: str, text: str) -> Any:
    """Return the value, or None for a text that is not of its kind."""
    match _split(code)[1]:
        case "?":
            return _YES_OR_NO.get(text.casefold())
        case "#":
            return _number(text)
        case "[]":
            value = _json(text)
            return value if isinstance(value, list) else [part.strip() for part in text.split("|") if part.strip()]
        case "{}":
            value = _json(text)
            return value if isinstance(value, dict) else None
    return text


def _number(text: str) -> int | float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    if not isfinite(value):
        return None
    return int(value) if value.is_integer() else value


def _json(text: str) -> Any:
    """Return what the text says as JSON, or None; numbers that JSON does not know are none."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError:
        return None


def _refuse(constant: str) -> Any:
    raise ValueError(constant)

"""What Walmart wants to know of an item of a product type: read from its own specification, and kept.

Source: https://developer.walmart.com/us-marketplace/docs/get-item-setup-requirements ("Get item setup requirements"),
read 2026-11-27.
UNVERIFIED: where in the specification the required names stand. If they are not found, Walmart has the last word.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.walmart.client import WalmartClient
from channels_app.adapters.walmart.limits import MP_ITEM

#: Product types of one call: Walmart takes no more.
_TYPES_AT_ONCE = 20
#: Specifications kept in memory; each belongs to a version and never changes.
_KEPT_AT_MOST = 1_000
_kept: dict[tuple[str, str, str], "Spec"] = {}


class Spec(NamedTuple):
    """What is required of one product type, in the two parts of an item. `why_not`: Walmart does not know the type."""

    orderable: tuple[str, ...] = ()
    visible: tuple[str, ...] = ()
    why_not: str = ""

    def lacking(self, entry: Mapping[str, Any]) -> str:
        """Return what a built item lacks, in the seller's words, or ""."""
        if self.why_not:
            return self.why_not
        (visible,) = entry["Visible"].values()
        missing = [name for name in self.orderable if entry["Orderable"].get(name) in (None, "", [])]
        missing = [f"walmart:orderable:{name}" for name in missing]
        missing += [f"walmart:{name}" for name in self.visible if visible.get(name) in (None, "", [])]
        return f"Walmart requires of this product type: {', '.join(missing)}." if missing else ""


class Specs:
    """The specifications that one account asks for."""

    def __init__(self, client: WalmartClient, *, host: str, version: str) -> None:
        self._client = client
        self._host = host
        self._version = version

    def of(self, product_types: Iterable[str]) -> dict[str, Spec]:
        """Return the specification of each product type; those not known yet are asked for, as few times as can be."""
        wanted = list(dict.fromkeys(product_types))
        unknown = [name for name in wanted if self._key(name) not in _kept]
        found: dict[str, Spec] = {}
        for start in range(0, len(unknown), _TYPES_AT_ONCE):
            found |= self._ask(unknown[start : start + _TYPES_AT_ONCE])
        return {name: found[name] if name in found else _kept[self._key(name)] for name in wanted}

    def _key(self, product_type: str) -> tuple[str, str, str]:
        return self._host, self._version, product_type

    def _ask(self, product_types: list[str]) -> dict[str, Spec]:
        body = {"feedType": MP_ITEM, "version": self._version, "productTypes": product_types}
        try:
            answer = self._client.ask("item_spec", "/v3/items/spec", {}, body)
        except RejectedByChannel as error:
            # A wrong version or type can be mended by the seller, so it is not kept.
            why_not = f"Walmart has no specification for this: {error}" if error.http_status == 400 else ""
            return dict.fromkeys(product_types, Spec(why_not=why_not))
        found = {name: read_spec(answer, name) for name in product_types}
        if len(_kept) > _KEPT_AT_MOST:
            _kept.clear()
        _kept.update({self._key(name): spec for name, spec in found.items() if not spec.why_not})
        return found


def read_spec(answer: Mapping[str, Any], product_type: str) -> Spec:
    """Return what the specification requires of one product type."""
    schema = answer.get("schema") or answer
    item = _at(schema, "properties", "MPItem", "items", "properties")
    types = _at(item, "Visible", "properties")
    if types and product_type not in types:
        return Spec(why_not=f"Walmart knows no product type “{product_type}”.")
    return Spec(
        orderable=_required(_at(item, "Orderable")),
        visible=_required(_at(types, product_type)),
    )


def _at(schema: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    for name in path:
        inner = schema.get(name)
        if not isinstance(inner, Mapping):
            return {}
        schema = inner
    return schema


def _required(part: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(name) for name in part.get("required") or ())

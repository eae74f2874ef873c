"""Files of feeds: how each type is laid out, and what becomes of its entries. An entry may be wrong by itself."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import ValidationError

from sandbox.engine.errors import Invalid, TooLarge
from sandbox.engine.market import MAX_LINES
from sandbox.protocols.walmart import feed_entries as entries
from sandbox.protocols.walmart.feed_entries import Entry, Line
from sandbox.protocols.walmart.product_types import VERSIONS


class Wrong(NamedTuple):
    """Why an entry, or the whole file, is not taken: what is wrong, and where."""

    sku: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class File:
    """What was in a file: lines for the engine, and wrong entries by their place. `problem`: nothing of it is taken."""

    items: int
    lines: list[Line]
    wrong: dict[int, Wrong]
    problem: Wrong | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """How a feed's file is laid out, and what becomes of its entries."""

    header: str
    #: What stands in the header, as patterns.
    says: Mapping[str, str]
    rows: str
    kind: str
    read: Callable[[Entry], Line]
    most_bytes: int


_UNITED_STATES = {"businessUnit": "WALMART_US", "locale": "en"}
_ITEM = {**_UNITED_STATES, "version": "|".join(map(re.escape, VERSIONS))}
_PRICE = {**_UNITED_STATES, "version": r"2\.0\.\d{8}-\d\d_\d\d_\d\d-api"}
_MATCH = {
    "processMode": "REPLACE",
    "subset": "EXTERNAL",
    "locale": "en",
    "sellingChannel": "mpsetupbymatch",
    "version": r"4\.[12]",
}
_MEGABYTE = 1_000_000
LAYOUTS = {
    "MP_ITEM": Layout("MPItemFeedHeader", _ITEM, "MPItem", "content", entries.described, 25 * _MEGABYTE),
    "MP_ITEM_MATCH": Layout("MPItemFeedHeader", _MATCH, "MPItem", "content", entries.matched, 25 * _MEGABYTE),
    "PRICE_AND_PROMOTION": Layout("MPItemFeedHeader", _PRICE, "MPItem", "price", entries.priced, 10 * _MEGABYTE),
    "price": Layout("PriceHeader", {"version": r"1\.7"}, "Price", "price", entries.priced_of_old, 10 * _MEGABYTE),
    "inventory": Layout(
        "InventoryHeader", {"version": r"1\.4"}, "Inventory", "quantity", entries.stocked, 10 * _MEGABYTE
    ),
    "MP_INVENTORY": Layout(
        "inventoryHeader", {"version": r"1\.5"}, "inventory", "quantity", entries.stocked_at_nodes, _MEGABYTE
    ),
    "RETIRE_ITEM": Layout("RetireItemHeader", {"version": r"1\.0"}, "RetireItem", "withdraw", entries.retired, 400_000),
}


def read_file(content: bytes, layout: Layout) -> File:
    """What is in the file. Raises Invalid for one that has not its header and list, TooLarge for one that is."""
    if len(content) > layout.most_bytes:
        raise TooLarge("file_too_large", f"A file of this type has at most {layout.most_bytes} bytes.")
    header, rows = _opened(content, layout)
    if len(rows) > MAX_LINES:
        raise TooLarge("file_too_large", f"A file has at most {MAX_LINES} items.")
    if problem := _problem_with(header, layout):
        return File(len(rows), [], {}, problem)
    read = [_read(entry, layout) for entry in rows]
    wrong = {place: one for place, one in enumerate(read) if isinstance(one, Wrong)}
    return File(len(rows), [one for one in read if not isinstance(one, Wrong)], wrong)


def _opened(content: bytes, layout: Layout) -> tuple[dict[str, Any], list[Any]]:
    try:
        document = json.loads(content)
        header, rows = document[layout.header], document[layout.rows]
    except (ValueError, TypeError, LookupError) as error:
        raise Invalid("invalid_file", f"The file is not laid out as its type wants: {error!r}.") from error
    if not isinstance(header, dict) or not isinstance(rows, list) or not rows:
        raise Invalid("invalid_file", f"The file has no items under {layout.rows}.")
    return header, rows


def _problem_with(header: Mapping[str, Any], layout: Layout) -> Wrong | None:
    for name, pattern in layout.says.items():
        if not re.fullmatch(pattern, str(header.get(name))):
            return Wrong("", name, f"{name} {header.get(name)!r} of the header is none that is known.")
    return None


def _read(entry: Any, layout: Layout) -> Line | Wrong:
    try:
        return layout.read(entry)
    except ValidationError as error:
        return _first_of(error, sku=_sku_of(entry))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        return Wrong(_sku_of(entry), "", f"The item is not laid out as its type wants: {error}")


def _first_of(error: ValidationError, *, sku: str) -> Wrong:
    """The first thing that is wrong, with the name of its attribute."""
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"]))
    return Wrong(sku, field, f"{field}: {first['msg']}")


def _sku_of(entry: Any) -> str:
    """The SKU, wherever it stands in an entry that is wrong; "" if it has none."""
    parts = [entry, *entry.values()] if isinstance(entry, dict) else []
    found = (part["sku"] for part in parts if isinstance(part, dict) and isinstance(part.get("sku"), str))
    return next(found, "")

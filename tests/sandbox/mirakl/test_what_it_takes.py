"""The simulated operator takes no word that Mirakl's own document does not know, and wants none more."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from contracts.checking import NOTED, VENDOR_FILES, find_vendor_folder
from contracts.document import Document, Operation, Schema
from sandbox.protocols.mirakl import PROTOCOL

FOLDER = find_vendor_folder()
#: Not needed by their document, nor optional: without it, it is not said how a line of a parcel is named.
STRICTER = {"ST01.shipments[].shipment_lines[] wants order_line_id"}

Place = tuple[Document, Schema]


def simulated() -> Document:
    app = FastAPI()
    app.include_router(PROTOCOL.router)
    return Document(app.openapi())


def words(place: Place) -> Schema:
    """Return the schema itself: not the reference to it, nor the choice between it and nothing."""
    document, schema = place[0], place[0].resolved(place[1])
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return document.resolved(choices[0]) if choices else schema


def beyond(mine: Place, theirs: Place, at: str) -> Iterator[str]:
    """Yield what ours takes and theirs does not, and what ours wants and theirs does not."""
    ours, there = words(mine), words(theirs)
    if "items" in ours and "items" in there:
        yield from beyond((mine[0], ours["items"]), (theirs[0], there["items"]), f"{at}[]")
    fields, others = ours.get("properties", {}), there.get("properties", {})
    if not fields or not others:
        return
    yield from (f"{at} takes {name}" for name in fields.keys() - others.keys())
    yield from (f"{at} wants {name}" for name in set(ours.get("required", ())) - set(there.get("required", ())))
    for name in fields.keys() & others.keys():
        yield from beyond((mine[0], fields[name]), (theirs[0], others[name]), f"{at}.{name}")


def bodies(document: Document, operation: Operation) -> dict[str, Any]:
    content = (operation.body or {}).get("content", {})
    return {kind: said["schema"] for kind, said in content.items()}


@pytest.mark.skipif(FOLDER is None, reason="the marketplaces' documents are not here")
def test_it_takes_what_mirakl_takes_and_nothing_else():
    assert FOLDER
    ours, (theirs,) = simulated(), [Document.load(FOLDER / file) for file in VENDOR_FILES["mirakl"]]
    found, compared = set(), set()
    for method, path in theirs.calls:
        vendor, mine = theirs.find(method, path), ours.find(method, path)
        if vendor is None or mine is None:
            continue
        more = mine.parameters_in("query").keys() - vendor.parameters_in("query").keys() - set(NOTED["mirakl"])
        found |= {f"{vendor.name} takes {name} in the query" for name in more}
        for kind in bodies(theirs, vendor).keys() & bodies(ours, mine).keys():
            compared.add(vendor.name)
            pair = ((ours, bodies(ours, mine)[kind]), (theirs, bodies(theirs, vendor)[kind]))
            found |= set(beyond(*pair, vendor.name))

    assert found == STRICTER
    assert {"OR21", "OR23", "OR28", "OR30", "ST01", "ST23", "OF52"} <= compared


def test_a_word_too_many_is_seen():
    nothing = Document({})
    ours = {"anyOf": [{"properties": {"a": {}, "b": {}}, "required": ["a"]}, {"type": "null"}]}

    found = beyond((nothing, ours), (nothing, {"properties": {"a": {}}}), "X")

    assert sorted(found) == ["X takes b", "X wants a"]

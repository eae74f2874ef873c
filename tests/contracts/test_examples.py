"""The checked examples of the fact sheets, against the marketplaces' own documents and against our statement."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.checking import HERE
from contracts.document import Document, Schema
from marketplace_integration.environment import ROOT

SHEETS = ROOT.parent / "shared" / "channels"
pytestmark = pytest.mark.skipif(not SHEETS.exists(), reason="the marketplaces' facts are not here")

_EXAMPLE = re.compile(r"<!-- check: spec/(?P<file>[^#]+)#(?P<pointer>\S+) -->\n```json\n(?P<body>.*?)```", re.DOTALL)


def examples() -> Iterator[tuple[str, str, Any]]:
    for sheet in ("mirakl", "walmart", "bol"):
        path = SHEETS / f"{sheet}.md"
        for found in _EXAMPLE.finditer(path.read_text() if path.exists() else ""):
            yield found["file"], found["pointer"], json.loads(found["body"])


EXAMPLES = list(examples())


def _at(document: Any, pointer: str) -> Any:
    """Return what a JSON pointer leads to."""
    for part in pointer.removeprefix("/").split("/"):
        document = document[part.replace("~1", "/").replace("~0", "~")]
    return document


def test_all_examples_are_found():
    assert len(EXAMPLES) == 27


@pytest.mark.parametrize(("file", "pointer", "body"), EXAMPLES, ids=[f"{f} {p}"[:80] for f, p, _ in EXAMPLES])
def test_an_example_is_as_the_marketplace_says(file, pointer, body):
    content = json.loads((SHEETS / "spec" / file).read_text())
    document = Document({**content, **({"components": content["components"]} if "components" in content else {})})

    schema = _at(content, pointer)
    if "$defs" in content:
        schema = {**schema, "$defs": content["$defs"]}
    assert document.problems(schema, body) == []


#: Schemas that have names in their files -> those of ours.
NAMED = {
    "AcceptRequest": "AcceptRequest",
    "TrackingRequest": "TrackingRequest",
    "RefundRequest": "RefundRequest",
    "CancelRequest": "CancelRequest",
    "ShipmentCreateRequest": "ShipmentRequest",
    "OfferExportRequest": "ExportRequest",
    "OrderPage": "OrderPage",
    "ProcessStatus": "ProcessStatus",
}

#: Bodies that no adapter sends: offers as JSON, and one price at a time.
NOT_OURS = {
    "/components/schemas/OfferUpsertRequest",
    "/paths/~1v3~1price/put/requestBody/content/application~1json/schema",
}


def _stated(ours: Document, pointer: str) -> Schema | None:
    """Return what we state of the body that a pointer into a marketplace's document leads to."""
    named, _, name = pointer.rpartition("/")
    if named == "/components/schemas":
        return {"$ref": f"#{named}/{NAMED[name]}"} if name in NAMED else None
    if named == "/$defs":
        feed = ours.find("post", "/v3/feeds")
        assert feed
        assert feed.body
        layout: Schema = _at(feed.body, "content/multipart~1form-data/schema/properties/file/x-json/layouts")[name]
        return ours.resolved(layout)
    path, method, *rest = (part.replace("~1", "/") for part in pointer.removeprefix("/paths/").split("/"))
    operation = ours.find(method, re.sub(r"\{[^}]+\}", "one", path))
    if operation is None:
        return None
    said = operation.body if rest[0] == "requestBody" else operation.answer(int(rest[1]))
    assert said
    schema: Schema = said["content"][rest[-2]]["schema"]
    return schema


def test_all_examples_are_of_bodies_that_we_state_but_for_two():
    unstated = {pointer for file, pointer, _ in EXAMPLES if _stated(_statement(file), pointer) is None}

    assert unstated == NOT_OURS


@pytest.mark.parametrize(("file", "pointer", "body"), EXAMPLES, ids=[f"{f} {p}"[:80] for f, p, _ in EXAMPLES])
def test_an_example_is_as_we_state(file, pointer, body):
    ours = _statement(file)
    schema = _stated(ours, pointer)

    assert ours.problems(schema or {}, body) == []


def _statement(file: str) -> Document:
    """Return our statement of the marketplace that a file is of."""
    return Document.load(HERE / f"{file.partition('-')[0]}.json")

"""The checked examples of the fact sheets, against the marketplaces' own documents and against our statement."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.checking import HERE
from contracts.document import Document
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


#: Name of a schema in Mirakl's contract -> in our statement.
OURS = {
    "AcceptRequest": "AcceptRequest",
    "TrackingRequest": "TrackingRequest",
    "RefundRequest": "RefundRequest",
    "CancelRequest": "CancelRequest",
    "ShipmentCreateRequest": "ShipmentRequest",
    "OfferExportRequest": "ExportRequest",
    "OrderPage": "OrderPage",
}


@pytest.mark.parametrize("name", OURS)
def test_an_example_is_as_we_state(name):
    (body,) = [body for file, pointer, body in EXAMPLES if file.startswith("mirakl") and pointer.endswith(f"/{name}")]
    content = json.loads((HERE / "mirakl.json").read_text())

    assert Document(content).problems({"$ref": f"#/components/schemas/{OURS[name]}"}, body) == []

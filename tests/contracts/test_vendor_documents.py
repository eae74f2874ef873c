"""Our statements against the marketplaces' own documents: what we rely on, they say too."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.checking import HERE, NOTED, VENDOR_FILES, find_vendor_folder
from contracts.document import Document, Operation, Schema

FOLDER = find_vendor_folder()
pytestmark = pytest.mark.skipif(FOLDER is None, reason="the marketplaces' documents are not here")

#: Operations that a sheet tells of, and the document beside it does not hold.
NOT_IN_THE_DOCUMENTS = {
    "mirakl": {"PC01", "OF61", "H11", "PM11", "VL11", "OF04", "OF54", "ST11", "RT11", "RT21", "RT25", "RT26"},
    "walmart": {"report_file", "taxonomy"},
    "bol": {"token"},
}

#: Fields that a sheet tells of, and the document beside it does not hold.
TOLD_BY_THE_SHEETS: dict[str, set[str]] = {
    "mirakl": set(),
    "walmart": {
        "feed_status 200.ingestionErrors.ingestionError[]: field is not theirs",
        "feed_status 200.itemDetails.itemIngestionStatus[].ingestionErrors.ingestionError[]: field is not theirs",
    },
    "bol": set(),
}


def _vendors(name: str) -> list[Document]:
    assert FOLDER
    return [Document.load(FOLDER / file) for file in VENDOR_FILES[name]]


def _shared(name: str) -> Iterator[tuple[Document, Operation, Document, Operation]]:
    """Yield every operation of ours that the marketplace's documents hold too, with each of theirs."""
    ours, vendors = Document.load(HERE / f"{name}.json"), _vendors(name)
    for method, path in ours.calls:
        there = re.sub(r"\{[^}]+\}", "one", path)
        mine = ours.find(method, there)
        assert mine, f"{method} {path} is not found by its own path"
        for vendor in () if mine.source else vendors:
            if theirs := vendor.find(method, there):
                yield ours, mine, vendor, theirs


@pytest.mark.parametrize("name", VENDOR_FILES)
def test_every_operation_is_one_of_the_marketplace(name):
    stated = Document.load(HERE / f"{name}.json").operations

    assert stated - {mine.name for _, mine, _, _ in _shared(name)} == NOT_IN_THE_DOCUMENTS[name]


@pytest.mark.parametrize("name", VENDOR_FILES)
def test_parameters_are_those_of_the_marketplace(name):
    wrong = []
    for _, mine, _, theirs in _shared(name):
        known = theirs.parameters_in("query").keys() | set(NOTED[name])
        wrong += [f"{mine.name}: {one} is not theirs" for one in mine.parameters_in("query").keys() - known]
        for place in ("query", "header"):
            # A body's media type is stated with the body.
            needed = _required(theirs, place) - _required(mine, place) - {"content-type"}
            wrong += [f"{mine.name}: they require {one} in the {place}" for one in needed]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", VENDOR_FILES)
def test_what_we_send_has_their_fields_and_lacks_none(name):
    wrong = []
    for ours, mine, vendor, theirs in _shared(name):
        for kind, said in _contents(mine.body):
            there = dict(_contents(theirs.body)).get(kind)
            if there is None:
                wrong.append(f"{mine.name}: they take no {kind}")
            elif kind.endswith("json"):
                wrong += [f"{mine.name}{one}" for one in _differences((ours, said), (vendor, there), sent=True)]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", VENDOR_FILES)
def test_what_we_read_has_their_fields(name):
    wrong = set()
    for ours, mine, vendor, theirs in _shared(name):
        for status, answer in mine.answers.items():
            there = dict(_contents(theirs.answers.get(status)))
            for kind, said in _contents(ours.resolved(answer)):
                if status.startswith("2") and kind.endswith("json") and kind in there:
                    pair = ((ours, said), (vendor, there[kind]))
                    wrong |= {f"{mine.name} {status}{one}" for one in _differences(*pair, sent=False)}

    assert wrong == TOLD_BY_THE_SHEETS[name]


def test_a_difference_is_seen():
    said = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"enum": ["x", "z"]}}}
    there = {
        "type": "object",
        "required": ["c"],
        "properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "y"]}, "c": {"type": "string"}},
    }
    empty = Document({})

    assert list(_differences((empty, said), (empty, there), sent=True)) == [
        ": they require c",
        ".a: string here, integer there",
        ".b: they do not know z",
    ]
    assert list(_differences((empty, {"properties": {"d": {}}}), (empty, there), sent=False)) == [": d is not theirs"]


def _required(operation: Operation, place: str) -> set[str]:
    return {name.lower() for name, one in operation.parameters_in(place).items() if one.get("required")}


def _contents(said: Schema | None) -> list[tuple[str, Schema]]:
    content = (said or {}).get("content", {})
    return [(kind, one["schema"]) for kind, one in content.items() if one.get("schema")]


Place = tuple[Document, Schema]


def _differences(mine: Place, theirs: Place, *, sent: bool, at: str = "") -> Iterator[str]:
    """Yield where our schema claims what theirs does not say; what theirs leaves open, we may say."""
    ours, there = mine[0].resolved(mine[1]), theirs[0].resolved(theirs[1])
    kinds, known = _kinds(ours), _kinds(there)
    if kinds and known and not kinds & known:
        yield f"{at}: {'/'.join(sorted(kinds))} here, {'/'.join(sorted(known))} there"
        return
    if sent and "enum" in ours and "enum" in there:
        yield from (f"{at}: they do not know {one}" for one in ours["enum"] if one not in there["enum"])
    if "items" in ours and "items" in there:
        yield from _differences((mine[0], ours["items"]), (theirs[0], there["items"]), sent=sent, at=f"{at}[]")
    fields, others = ours.get("properties", {}), there.get("properties", {})
    if sent and fields:
        yield from (f"{at}: they require {one}" for one in there.get("required", ()) if one not in _certain(ours))
    for name, field in fields.items() if others else ():
        if name in others:
            yield from _differences((mine[0], field), (theirs[0], others[name]), sent=sent, at=f"{at}.{name}")
        elif there.get("additionalProperties") in (None, False):
            yield f"{at}: {name} is not theirs"


def _kinds(schema: Schema) -> set[Any]:
    """Return the JSON types of a schema. A whole number is a number; none is no difference."""
    kinds = schema.get("type", ())
    named = {kinds} if isinstance(kinds, str) else set(kinds)
    return (named | ({"integer"} if "number" in named else set())) - {"null"}


def _certain(schema: Schema) -> set[str]:
    return set(schema.get("required", ()))

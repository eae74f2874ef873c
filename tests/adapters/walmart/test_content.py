"""Items: matched by their number, or described by what their product type requires."""

import json
from typing import Any

import pytest

from channels_app.adapters.types import (
    ContentLine,
    Kind,
    Outcome,
    Phase,
)
from channels_app.adapters.walmart import specs
from tests.adapters.walmart.script import outcomes, refusal, uploaded
from tests.adapters.walmart.test_items import item

TAKEN = {"feedId": "14066B66@AVMBAgA", "additionalAttributes": None, "errors": None}


@pytest.fixture(autouse=True)
def takes_everything(walmart):
    walmart.on("POST", "/v3/feeds", TAKEN)


def test_items_are_matched_by_their_product_number(walmart, adapter):
    receipt = adapter.submit(Kind.CONTENT, [item()], key="k")

    (sent,) = walmart.calls
    assert sent.url.params["feedType"] == "MP_ITEM_MATCH"
    (entry,) = uploaded(sent)["MPItem"]
    assert entry["Item"]["price"] == 14.99
    assert entry["Item"]["ShippingWeight"] == 1.0
    assert (receipt.handle, receipt.report.phase, list(receipt.report.results)) == (TAKEN["feedId"], Phase.OPEN, [])


def test_an_item_without_a_number_is_refused_while_the_others_are_on_their_way(walmart, adapter):
    receipt = adapter.submit(Kind.CONTENT, [item(), item(sku="BAD", gtin="")], key="k")

    assert outcomes(receipt.report.results) == {"BAD": Outcome.REJECTED}
    assert [entry["Item"]["sku"] for entry in uploaded(walmart.calls[0])["MPItem"]] == ["MUG-BLUE-01"]


def test_nothing_is_sent_where_nothing_can_be(walmart, adapter):
    receipt = adapter.submit(Kind.CONTENT, [item(gtin="")], key="k")

    assert receipt.report.phase is Phase.DONE
    assert walmart.calls == []


SPEC_VERSION = "5.0.20260826-17_15_31-api"
SPEC = "/v3/items/spec"


def spec(**required: list[str]) -> dict[str, Any]:
    """The specification of product types, by what each requires to be visible."""
    visible = {"properties": {name: {"required": names} for name, names in required.items()}}
    item_part = {"properties": {"Orderable": {"required": ["sku", "price"]}, "Visible": visible}}
    return {"title": "x", "type": "object", "properties": {"MPItem": {"type": "array", "items": item_part}}}


def mug(sku: str = "FULL", **attributes: str) -> ContentLine:
    return item(sku=sku, attributes={"walmart:product_type": "Mugs", **attributes})


@pytest.fixture
def describing(walmart, monkeypatch):
    """An adapter that may describe items, at a Walmart that requires nothing unusual of mugs."""
    monkeypatch.setattr(specs, "_kept", {})
    walmart.on("POST", SPEC, spec(Mugs=["productName"]))
    return walmart.open(item_spec_version=SPEC_VERSION)


def test_what_a_product_type_requires_is_checked_before_sending_and_asked_for_once(walmart, describing):
    walmart.on("POST", SPEC, spec(Mugs=["productName", "material"]))
    lines = [mug("BARE"), mug("FINE", **{"walmart:material": "Ceramic"})]

    receipt = describing.submit(Kind.CONTENT, lines, key="k")
    describing.submit(Kind.CONTENT, lines, key="k2")

    (refused,) = receipt.report.results
    assert (refused.sku, refused.outcome) == ("BARE", Outcome.REJECTED)
    assert refused.reason == "Walmart requires of this product type: walmart:material."
    assert walmart.paths() == [f"POST {SPEC}", "POST /v3/feeds", "POST /v3/feeds"]
    assert json.loads(walmart.calls[0].content)["productTypes"] == ["Mugs"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (spec(Cups=[]), "Walmart knows no product type “Mugs”."),
        (refusal(400, "BAD", "No such version."), "Walmart has no specification for this: No such version."),
    ],
)
def test_a_type_or_version_that_walmart_does_not_know_is_told(walmart, describing, answer, words):
    walmart.on("POST", SPEC, answer)

    receipt = describing.submit(Kind.CONTENT, [mug()], key="k")

    assert [(one.outcome, one.reason) for one in receipt.report.results] == [(Outcome.REJECTED, words)]
    assert receipt.report.phase is Phase.DONE


def test_no_more_than_twenty_product_types_are_asked_for_at_once(walmart, describing):
    walmart.on("POST", SPEC, {"title": "something else"})
    lines = [mug(f"S{number}", **{"walmart:product_type": f"Type {number}"}) for number in range(45)]

    describing.submit(Kind.CONTENT, lines, key="k")

    asked = [json.loads(call.content)["productTypes"] for call in walmart.calls if call.url.path == SPEC]
    assert [len(names) for names in asked] == [20, 20, 5]
    assert [name for names in asked for name in names] == [f"Type {number}" for number in range(45)]


@pytest.mark.parametrize("answer", [{"title": "something else"}, refusal(404, "NOT_FOUND")])
def test_without_a_specification_that_can_be_read_walmart_has_the_last_word(walmart, describing, answer):
    walmart.on("POST", SPEC, answer)

    assert describing.submit(Kind.CONTENT, [mug()], key="k").handle


def test_described_items_go_by_themselves_and_the_matched_ones_next(walmart, describing):
    receipt = describing.submit(Kind.CONTENT, [item(), mug(), item(sku="OTHER")], key="k")

    sent = walmart.calls[-1]
    assert sent.url.params["feedType"] == "MP_ITEM"
    assert uploaded(sent)["MPItemFeedHeader"]["version"] == SPEC_VERSION
    assert outcomes(receipt.report.results) == {"MUG-BLUE-01": Outcome.TRY_AGAIN, "OTHER": Outcome.TRY_AGAIN}

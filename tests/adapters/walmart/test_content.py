"""Items: matched by their number, or described by what their product type requires."""

import json
from typing import Any

import pytest

from channels_app.adapters.errors import SettingsError
from channels_app.adapters.types import Category, ContentLine, Kind, Outcome, Part, Phase
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


def spec(**visible: dict[str, Any]) -> dict[str, Any]:
    """The specification of product types, by the schema of each."""
    orderable = {
        "required": ["sku", "price", "fulfillmentLagTime"],
        "properties": {"fulfillmentLagTime": {"type": "integer", "title": "Lag time"}},
    }
    item_part = {"properties": {"Orderable": orderable, "Visible": {"properties": visible}}}
    return {"title": "x", "type": "object", "properties": {"MPItem": {"type": "array", "items": item_part}}}


MUGS = {
    "required": ["productName", "material"],
    "properties": {
        "productName": {"type": "string", "title": "Product name"},
        "material": {"type": "array", "items": {"type": "string", "enum": ["Ceramic", "Glass"]}},
        "capacity": {"type": "object"},
        "variantGroupId": {"type": "string"},
    },
}


def mug(sku: str = "FULL") -> ContentLine:
    return item(sku=sku, category="Mugs", product={"productName": "Mug", "material[]": "Ceramic"})


@pytest.fixture
def describing(walmart):
    """An adapter that may describe items."""
    walmart.on("POST", SPEC, spec(Mugs=MUGS))
    return walmart.open(item_spec_version=SPEC_VERSION)


def test_product_types_are_categories_under_their_group(walmart, adapter):
    groups = [{"productTypeGroupName": "Kitchen", "productType": [{"productTypeName": "Mugs"}, {}]}]
    for taxonomy in (
        {"category": "Home", "productTypeGroup": groups},
        [{"category": "Home", "productTypeGroup": groups}],
    ):
        walmart.on("GET", "/v3/items/taxonomy", {"itemTaxonomy": taxonomy})

        assert list(adapter.list_categories()) == [Category(code="Mugs", name="Home > Kitchen > Mugs")]
    assert dict(walmart.calls[-1].url.params) == {"feedType": "MP_ITEM", "version": "5.0"}


def test_a_specification_is_read_as_fields_that_say_how_their_values_are_written(walmart, describing):
    fields = {field.code: field for field in describing.list_fields(["Mugs"])["Mugs"]}

    assert list(fields) == ["productName", "material[]", "capacity{}", "orderable:fulfillmentLagTime#"]
    assert [code for code, field in fields.items() if not field.required] == ["capacity{}"]
    assert fields["productName"].usual is Part.TITLE
    assert [choice.code for choice in fields["material[]"].choices] == ["Ceramic", "Glass"]
    assert fields["orderable:fulfillmentLagTime#"].name == "Lag time"
    asked = json.loads(walmart.calls[-1].content)
    assert asked == {"feedType": "MP_ITEM", "version": SPEC_VERSION, "productTypes": ["Mugs"]}


def test_one_refused_type_does_not_silence_the_others(walmart, describing):
    walmart.on(
        "POST", SPEC, refusal(400, "BAD", "No such type."), refusal(400, "BAD", "No such type."), spec(Mugs=MUGS)
    )

    fields = describing.list_fields(["Gone", "Mugs"])

    assert "Gone" not in fields
    assert fields["Mugs"]


def test_without_the_version_of_the_specification_the_seller_is_asked_for_it(walmart, adapter, describing):
    with pytest.raises(SettingsError, match="enter the version of Walmart's item specification"):
        adapter.list_fields(["Mugs"])

    walmart.on("POST", SPEC, refusal(400, "BAD", "No such version."))
    with pytest.raises(SettingsError, match="No such version") as raised:
        describing.list_fields(["Mugs"])
    assert set(raised.value.field_errors) == {"item_spec_version"}


@pytest.mark.parametrize("answer", [{"title": "something else"}, {}, spec(Cups={})])
def test_a_specification_that_cannot_be_read_asks_nothing_of_what_is_seen(walmart, describing, answer):
    walmart.on("POST", SPEC, answer)

    fields = describing.list_fields(["Mugs"])["Mugs"]

    assert [field.code for field in fields if not field.code.startswith("orderable:")] == []


def test_described_items_go_by_themselves_and_the_matched_ones_next(walmart, describing):
    receipt = describing.submit(Kind.CONTENT, [item(), mug(), item(sku="OTHER")], key="k")

    sent = walmart.calls[-1]
    assert sent.url.params["feedType"] == "MP_ITEM"
    assert uploaded(sent)["MPItemFeedHeader"]["version"] == SPEC_VERSION
    assert outcomes(receipt.report.results) == {"MUG-BLUE-01": Outcome.TRY_AGAIN, "OTHER": Outcome.TRY_AGAIN}

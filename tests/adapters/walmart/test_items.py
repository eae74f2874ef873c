"""Items as Walmart takes them, and the files they travel in."""

from decimal import Decimal
from typing import Any

import pytest

from channels_app.adapters.types import (
    ContentLine,
    OfferLine,
)
from channels_app.adapters.walmart import (
    content,
    files,
    limits,
)
from channels_app.adapters.walmart.content import ItemDefaults

DEFAULTS = ItemDefaults(weight=Decimal("0.9"), spec_version="5.0.20260826-17_15_31-api")


def item(**more: Any) -> ContentLine:
    values: dict[str, Any] = {
        "sku": "MUG-BLUE-01",
        "title": "Blue mug",
        "description": "A mug, blue.",
        "brand": "Acme",
        "gtin": "012345678905",
        "images": ["https://img.test/1.jpg", "https://img.test/2.jpg"],
        "attributes": {},
        "variation": {},
        "parent_sku": "",
        "price": Decimal("14.9900"),
        "currency": "USD",
        "quantity": 25,
    }
    return ContentLine(**values | more)


@pytest.mark.parametrize(
    ("gtin", "kind"),
    [
        ("012345678905", "UPC"),
        ("4006381333931", "EAN"),
        ("9783161484100", "ISBN"),
        ("00012345678905", "GTIN"),
        ("316148410X", "ISBN"),
        ("0-12345-67890-5", "UPC"),
    ],
)
def test_a_product_is_named_by_the_notation_of_its_number(gtin, kind):
    identifier = content.build_match(item(gtin=gtin), DEFAULTS)["Item"]["productIdentifiers"]

    assert identifier == {"productIdType": kind, "productId": gtin.replace("-", "")}


@pytest.mark.parametrize("gtin", ["", "n/a", "123", "12345678901X"])
def test_an_item_without_a_product_number_is_refused_in_the_sellers_words(gtin):
    assert content.why_not(item(gtin=gtin), DEFAULTS) == content.NO_IDENTIFIER


@pytest.mark.parametrize(
    ("attributes", "pounds"),
    [
        ({}, 0.9),
        ({"shipping_weight_lb": "2.5"}, 2.5),
        ({"weight_kg": "1"}, 2.205),
        ({"shipping_weight_lb": "heavy", "weight_kg": "1"}, 2.205),
        ({"weight_lb": "-1"}, 0.9),
        ({"weight_lb": "NaN"}, 0.9),
    ],
)
def test_the_weight_is_the_items_own_or_that_of_the_settings(attributes, pounds):
    assert content.shipping_weight(attributes, DEFAULTS) == pounds


def described(**more: Any) -> ContentLine:
    product = {
        "productName": "Blue mug",
        "brand": "Acme",
        "shortDescription": "A mug, blue.",
        "mainImageUrl": "https://img.test/1.jpg",
        "modelNumber": "12",
        "capacity{}": '{"measure": 12, "unit": "oz"}',
        "features[]": "Light | Strong",
        "pieces#": "2",
        "isHandmade?": "Yes",
        "orderable:fulfillmentLagTime#": "1",
    }
    return item(category="Mugs", product=product | more.pop("product", {}), **more)


def test_an_item_with_a_product_type_is_described_in_full_in_the_words_of_its_specification():
    built = content.build_item(described(parent_sku="MUG", variation={"color": "Blue"}), DEFAULTS)

    assert content.why_not(described(), DEFAULTS) == ""
    assert built["Orderable"]["price"] == 14.99
    assert built["Orderable"]["fulfillmentLagTime"] == 1
    assert built["Visible"] == {
        "Mugs": {
            "productName": "Blue mug",
            "brand": "Acme",
            "shortDescription": "A mug, blue.",
            "mainImageUrl": "https://img.test/1.jpg",
            "productSecondaryImageURL": ["https://img.test/2.jpg"],
            "variantGroupId": "MUG",
            "variantAttributeNames": ["color"],
            "color": "Blue",
            "modelNumber": "12",
            "capacity": {"measure": 12, "unit": "oz"},
            "features": ["Light", "Strong"],
            "pieces": 2,
            "isHandmade": True,
        }
    }


def test_what_a_full_description_lacks_is_said_before_it_is_sent():
    bare = described(brand="", images=[], product={"brand": "", "mainImageUrl": ""})

    assert content.why_not(described(brand="", images=[]), DEFAULTS) == ""

    assert content.why_not(bare, DEFAULTS) == "Walmart wants a brand and an image for this item."
    assert content.why_not(bare, ItemDefaults()) == content.NO_SPEC_VERSION


def test_a_file_holds_no_more_than_walmart_takes_and_names_the_rest():
    entries = [(f"S{number}", files.build_retirement(f"S{number}")) for number in range(10)]
    whole = files.pack(limits.RETIRE_ITEM, entries, most_bytes=10_000)
    half = files.pack(limits.RETIRE_ITEM, entries, most_bytes=len(whole.document) - 1)

    assert whole.left_over == ()
    assert half.left_over == ("S9",)
    assert len(half.document) < len(whole.document)
    assert files.pack(limits.RETIRE_ITEM, [], most_bytes=10).document == b""


def test_a_quantity_is_never_negative():
    built = files.build_quantity(OfferLine(sku="A", price=Decimal(1), currency="USD", quantity=-2))

    assert built == {"sku": "A", "quantity": {"unit": "EACH", "amount": 0}}


@pytest.mark.parametrize(
    ("code", "text"), [("pieces#", "NaN"), ("pieces#", "many"), ("capacity{}", "5"), ("isHandmade?", "Ja")]
)
def test_a_value_that_is_not_of_its_kind_is_refused_before_it_spoils_the_file(code, text):
    said = content.why_not(described(product={code: text}), DEFAULTS)

    assert said == f"Walmart could not read what this item says of {code.rstrip('#{}?')}."

"""Items that bring product data along, for products that the operator does not know yet."""

from dataclasses import replace
from typing import Any

import pytest

from channels_app.adapters.errors import OutcomeUnknown
from channels_app.adapters.mirakl.products import read_product_errors
from channels_app.adapters.types import Choice, ContentLine, Kind, Outcome, Part, Phase
from tests.adapters.mirakl.operator import Operator
from tests.adapters.mirakl.test_feeds import item, rows, status

ATTRIBUTES = "GET /api/products/attributes"
LISTS = "GET /api/values_lists"
UPLOAD = "POST /api/offers/imports"


def wanted(code: str, label: str = "", **more: Any) -> dict[str, Any]:
    return {"code": code, "label": label or code.title(), "required": False, "roles": [], **more}


OF_THE_OPERATOR = [
    wanted("name", roles=[{"type": "TITLE"}], required=True),
    wanted("cat", roles=[{"type": "CATEGORY"}], required=True),
    wanted("model", roles=[{"type": "VARIANT_GROUP_CODE"}]),
    wanted("picture", roles=[{"type": "MAIN_IMAGE"}]),
    wanted("colour", "Colour", requirement_level="REQUIRED", values=[{"code": "B1", "label": "Blue"}]),
    wanted("volume", "Volume", hierarchy_code="MUGS", required=True),
    wanted("size", "Size", hierarchy_code="SHIRTS", required=True),
    wanted("sku", "Clashes with a column of offers"),
    wanted("EAN"),
    wanted("material", "Material", values_list="MATERIALS"),
]
MATERIALS = {"code": "MATERIALS", "values": [{"code": "cer", "label": "Ceramic"}]}


def mug(sku: str = "MUG-1", **more: Any) -> ContentLine:
    """An item that the seller's mapping has put into the operator's category."""
    return replace(item(sku), category="MUGS", product={"name": "A mug", "cat": "MUGS", "colour": "B1"}, **more)


@pytest.fixture
def catalogue(operator: Operator) -> Operator:
    operator.says(ATTRIBUTES, {"attributes": OF_THE_OPERATOR})
    operator.says(LISTS, {"values_lists": [MATERIALS, {"code": "OTHERS", "values": None}]})
    operator.says(UPLOAD, {"import_id": 2035, "product_import_id": 77}, status=201)
    return operator


def submit(operator: Operator, *lines: ContentLine) -> Any:
    return operator.adapter().submit(Kind.CONTENT, lines, key="k")


# What the operator asks


def test_categories_say_the_whole_way_to_them(operator):
    rows = [
        {"code": "HOME", "label": "Home", "level": 1, "parent_code": ""},
        {"code": "MUGS", "label": "Mugs", "level": 2, "parent_code": "HOME"},
        {"code": "LOST", "label": None, "level": 2, "parent_code": "UNKNOWN"},
        {"code": "LOOP", "label": "Loop", "level": 2, "parent_code": "LOOP"},
    ]
    operator.says("GET /api/hierarchies", {"hierarchies": rows})

    assert [(one.code, one.name, one.above) for one in operator.adapter().list_categories()] == [
        ("HOME", "Home", ()),
        ("MUGS", "Home > Mugs", ("HOME",)),
        ("LOST", "LOST", ()),
        ("LOOP", "Loop", ()),
    ]


def test_what_is_asked_is_told_by_category_with_what_usually_answers(catalogue):
    fields = catalogue.adapter().list_fields(["MUGS"])

    assert {code: [field.code for field in known] for code, known in fields.items()} == {
        "": ["name", "cat", "model", "picture", "colour", "EAN", "material"],
        "MUGS": ["volume"],
        "SHIRTS": ["size"],
    }
    known = {field.code: field for field in fields[""]}
    assert {code: field.usual for code, field in known.items() if field.usual} == {
        "name": Part.TITLE,
        "cat": Part.CATEGORY,
        "model": Part.PARENT_SKU,
        "picture": Part.IMAGE,
        "EAN": Part.GTIN,
    }
    assert [code for code, field in known.items() if field.required] == ["name", "cat", "colour"]
    assert known["colour"].choices == (Choice(code="B1", name="Blue"),)
    assert known["material"].choices == (Choice(code="cer", name="Ceramic"),)


def test_lists_of_values_are_read_only_if_an_attribute_names_one(catalogue):
    catalogue.answers[ATTRIBUTES] = []
    catalogue.says(ATTRIBUTES, {"attributes": OF_THE_OPERATOR[:-1]})

    catalogue.adapter().list_fields(["MUGS"])

    assert catalogue.asked() == [ATTRIBUTES]


# What it is told


def test_offer_and_product_go_out_as_one_row_in_the_operators_words(catalogue):
    receipt = submit(catalogue, mug(), replace(mug("POT"), product={"name": "A pot", "volume": "3 l"}))

    form = catalogue.form()
    first, second = rows(form["file"])
    assert receipt.handle == "2035+77"
    assert (form["with_products"], form["operator_format"]) == ("true", "true")
    assert (first["sku"], first["product-id"], first["price"]) == ("MUG-1", "4006381333931", "10.00")
    assert [first[name] for name in ("name", "cat", "colour", "volume")] == ["A mug", "MUGS", "B1", ""]
    assert (second["name"], second["volume"]) == ("A pot", "3 l")


def test_a_product_that_is_brought_along_needs_no_number_of_the_world(catalogue):
    submit(catalogue, mug(gtin=""))

    (row,) = rows(catalogue.form()["file"])
    assert (row["product-id"], row["product-id-type"]) == ("MUG-1", "SHOP_SKU")


def test_offers_on_known_products_go_first_and_the_others_are_asked_for_again(catalogue):
    receipt = submit(catalogue, item("PLAIN"), mug())

    (later,) = receipt.report.results
    assert (later.sku, later.outcome) == ("MUG-1", Outcome.TRY_AGAIN)
    assert later.retry_after > 0
    assert catalogue.asked() == [UPLOAD]
    assert [row["sku"] for row in rows(catalogue.form()["file"])] == ["PLAIN"]


def test_product_data_that_may_not_go_yet_waits_alone(catalogue):
    submit(catalogue, mug())

    receipt = submit(catalogue, mug("MUG-2"))

    (later,) = receipt.report.results
    assert (receipt.report.phase, later.outcome) == (Phase.DONE, Outcome.TRY_AGAIN)
    assert 800 < later.retry_after <= 900
    assert submit(catalogue, item("PLAIN")).handle == "2035+77"


def test_a_lost_answer_is_not_taken_for_one_that_was_never_sent(catalogue):
    catalogue.answers[UPLOAD] = []
    catalogue.says(UPLOAD, "", status=502)

    with pytest.raises(OutcomeUnknown):
        submit(catalogue, mug())


# What became of it


def test_products_that_the_operator_still_looks_at_keep_the_file_open(operator):
    operator.says("GET /api/offers/imports/2035", status("WAITING_SYNCHRONIZATION_PRODUCT"))

    assert operator.adapter().poll(Kind.CONTENT, "2035+77").phase is Phase.OPEN


def test_a_refused_offer_says_what_is_wrong_with_its_product(operator):
    products = {"import_id": 77, "import_status": "COMPLETE", "has_error_report": True}
    operator.says("GET /api/offers/imports/2035", status("COMPLETE", has_error_report=True, lines_in_error=2))
    operator.says(
        "GET /api/offers/imports/2035/error_report",
        "sku;error-line;error-message\nA;2;The product does not exist\nB;3;The product does not exist\n",
    )
    operator.says("GET /api/products/imports/77", {**products, "has_transformation_error_report": True})
    operator.says(
        "GET /api/products/imports/77/transformation_error_report",
        "shop_sku;cat;line number;warnings;errors\nA;MUGS;2;;1001|Category MUGS is unknown\n",
    )
    operator.says("GET /api/products/imports/77/error_report", '"shop_sku";"error"\n"B";"Picture too small"\n')

    report = operator.adapter().poll(Kind.CONTENT, "2035+77")

    assert [(result.sku, result.reason) for result in report.results] == [
        ("A", "The product does not exist 1001|Category MUGS is unknown"),
        ("B", "The product does not exist Picture too small"),
    ]


@pytest.mark.parametrize("report", [b"", b"what;ever\n1;2\n", b"\xff\xfe\x00"])
def test_a_report_laid_out_otherwise_explains_nothing(report):
    assert read_product_errors(report) == {}

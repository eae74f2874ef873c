"""Items that bring product data along, for products that the operator does not know yet."""

from typing import Any

import pytest

from channels_app.adapters.errors import OutcomeUnknown
from channels_app.adapters.mirakl.products import read_product_errors
from channels_app.adapters.types import ContentLine, Kind, Outcome, Phase
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
    attributes = {"mirakl-category": "MUGS", "colour": "Blue", "volume": "300 ml", **more}
    return item(sku, attributes=attributes, images=["https://shop.test/1.jpg", "https://shop.test/2.jpg"])


@pytest.fixture
def catalogue(operator: Operator) -> Operator:
    operator.says(ATTRIBUTES, {"attributes": OF_THE_OPERATOR})
    operator.says(LISTS, {"values_lists": [MATERIALS, {"code": "OTHERS", "values": None}]})
    operator.says(UPLOAD, {"import_id": 2035, "product_import_id": 77}, status=201)
    return operator


def submit(operator: Operator, *lines: ContentLine) -> Any:
    adapter = operator.adapter(category_attribute="mirakl-category")
    return adapter.submit(Kind.CONTENT, lines, key="k")


def test_offer_and_product_go_out_as_one_row_in_the_operators_words(catalogue):
    receipt = submit(catalogue, mug())

    form = catalogue.form()
    (row,) = rows(form["file"])
    assert receipt.handle == "2035+77"
    assert (form["with_products"], form["operator_format"]) == ("true", "true")
    assert (row["sku"], row["product-id"], row["price"]) == ("MUG-1", "4006381333931", "10.00")
    assert {name: row[name] for name in ("name", "cat", "picture", "colour", "volume")} == {
        "name": "Title of MUG-1",
        "cat": "MUGS",
        "picture": "https://shop.test/1.jpg",
        "colour": "B1",
        "volume": "300 ml",
    }
    assert row["EAN"] == "4006381333931"
    assert not {"size", "material"} & set(row)


def test_values_are_looked_up_in_the_operators_lists(catalogue):
    receipt = submit(catalogue, mug("A", material="Ceramic"), mug("B", material="cer"), mug("C", material="Wood"))

    assert [row["material"] for row in rows(catalogue.form()["file"])] == ["cer", "cer"]
    assert "does not know “Wood”" in receipt.report.results[0].reason


def test_lists_are_read_only_if_an_attribute_names_one(catalogue):
    catalogue.answers[ATTRIBUTES] = []
    catalogue.says(ATTRIBUTES, {"attributes": OF_THE_OPERATOR[:-1]})

    submit(catalogue, mug())

    assert catalogue.asked() == [ATTRIBUTES, UPLOAD]


def test_an_items_own_attribute_goes_before_what_its_role_says(catalogue):
    submit(catalogue, mug(name="A blue mug"))

    assert [row["name"] for row in rows(catalogue.form()["file"])] == ["A blue mug"]


def test_what_the_operator_wants_and_the_item_lacks_is_said_before_anything_is_sent(catalogue):
    receipt = submit(catalogue, mug("A", volume=""), mug("B", colour="Bleu"), mug("C"), mug("D", colour=""))

    lacking, unknown, required = receipt.report.results
    assert (lacking.outcome, unknown.outcome) == (Outcome.REJECTED, Outcome.REJECTED)
    assert "Volume is missing: fill in the item's attribute “volume”." in lacking.reason
    assert "does not know “Bleu”" in unknown.reason
    assert "Colour is missing" in required.reason
    assert [row["sku"] for row in rows(catalogue.form()["file"])] == ["C"]


def test_if_every_item_lacks_something_nothing_goes_out(catalogue):
    receipt = submit(catalogue, mug(volume=""))

    assert receipt.report.phase is Phase.DONE
    assert catalogue.asked() == [ATTRIBUTES, LISTS]


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
    assert 3500 < later.retry_after <= 3600
    assert submit(catalogue, item("PLAIN")).handle == "2035+77"


def test_a_lost_answer_is_not_taken_for_one_that_was_never_sent(catalogue):
    catalogue.answers[UPLOAD] = []
    catalogue.says(UPLOAD, "", status=502)

    with pytest.raises(OutcomeUnknown):
        submit(catalogue, mug())


def test_without_the_attribute_of_the_category_there_are_only_offers(catalogue):
    catalogue.adapter().submit(Kind.CONTENT, [mug()], key="k")

    assert catalogue.asked() == [UPLOAD]
    assert catalogue.form()["with_products"] == "false"


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

import pytest

from tests.sandbox.walmart.seller import GTIN, VERSION

MUG = {
    "productName": "Blue mug",
    "brand": "Acme",
    "shortDescription": "A mug, blue.",
    "mainImageUrl": "https://img.example/mug.jpg",
    "material": "Ceramic",
    "countPerPack": 1,
}


def spec(seller, *product_types, feed_type="MP_ITEM", version=VERSION):
    body = {"feedType": feed_type, "version": version, "productTypes": list(product_types)}
    return seller.call("POST", "/items/spec", body)


def item(sku="MUG", product_type="Mugs", **visible):
    """An entry described in full; an attribute of None is left out."""
    orderable = {"sku": sku, "productIdentifiers": {"productIdType": "GTIN", "productId": GTIN}}
    shown = {name: value for name, value in {**MUG, **visible}.items() if value is not None}
    return {"Orderable": {**orderable, "price": 14.99, "ShippingWeight": 0.9}, "Visible": {product_type: shown}}


def fed(seller, entry, **header):
    """What became of the item, and of which attribute it is told."""
    feed = seller.fed("MP_ITEM", entry, **header)
    (row,) = feed["itemDetails"]["itemIngestionStatus"]
    errors = row.get("ingestionErrors", {}).get("ingestionError", [])
    return row["ingestionStatus"], [one["field"] for one in errors]


def parts_of(schema):
    return schema["properties"]["MPItem"]["items"]["properties"]


def test_the_specification_says_what_an_item_of_a_type_needs(seller):
    schema = spec(seller, "Mugs").json()

    assert {"$schema", "title", "type", "properties", "required", "additionalProperties"} <= schema.keys()
    parts = parts_of(schema)
    assert {"sku", "productIdentifiers", "price", "ShippingWeight"} == set(parts["Orderable"]["required"])
    assert set(parts["Visible"]["properties"]) == {"Mugs"}
    assert set(MUG) == set(parts["Visible"]["properties"]["Mugs"]["required"])


def test_words_of_a_fixed_list_are_told(seller):
    shirt = parts_of(spec(seller, "T-Shirts").json())["Visible"]["properties"]["T-Shirts"]

    assert shirt["properties"]["gender"]["enum"] == ["Men", "Women", "Unisex", "Boys", "Girls"]
    assert "Adult" in shirt["properties"]["ageGroup"]["items"]["enum"]


def test_a_specification_stands_by_itself(seller):
    assert "$ref" not in spec(seller).text


def test_without_a_type_all_are_told(seller):
    assert set(parts_of(spec(seller).json())["Visible"]["properties"]) == {"Mugs", "T-Shirts"}


def test_a_type_that_is_not_known_is_told_beside_the_others(seller):
    answer = spec(seller, "Mugs", "Cups")

    assert answer.status_code == 207
    assert answer.json()["errors"] == ["There is no product type Cups."]
    assert set(parts_of(answer.json()["schema"])["Visible"]["properties"]) == {"Mugs"}


@pytest.mark.parametrize(
    ("types", "more"),
    [
        (["Cups"], {}),
        (["Mugs"], {"version": "5.0.19990101-00_00_00-api"}),
        (["Mugs"], {"feed_type": "MP_CARS"}),
        (["Mugs"] * 21, {}),
    ],
)
def test_what_there_is_no_specification_of_is_refused(seller, types, more):
    assert spec(seller, *types, **more).status_code == 400


def test_product_types_stand_in_groups_and_categories(seller):
    (home, _) = seller.get("/items/taxonomy", feedType="MP_ITEM", version="5.0")["itemTaxonomy"]

    assert home["category"] == "Home"
    assert home["productTypeGroup"] == [
        {"productTypeGroupName": "Drinkware", "productType": [{"productTypeName": "Mugs"}]}
    ]
    assert seller.call("GET", "/items/taxonomy?version=3.1").status_code == 400


def test_an_item_that_has_what_its_type_needs_is_listed(seller):
    assert fed(seller, item()) == ("SUCCESS", [])

    (listing,) = seller.state()["listings"]
    assert (listing["title"], listing["price"], listing["brand"]) == ("Blue mug", "14.99", "Acme")


@pytest.mark.parametrize("name", sorted(MUG))
def test_whatever_the_specification_requires_is_required(seller, name):
    assert fed(seller, item(**{name: None})) == ("DATA_ERROR", [name])


def test_words_that_are_not_in_the_list_are_refused(seller):
    assert fed(seller, item(colorCategory=["Blue", "Bluish"])) == ("DATA_ERROR", ["colorCategory.1"])
    assert fed(seller, item(countPerPack="many")) == ("DATA_ERROR", ["countPerPack"])


def test_attributes_that_nobody_lists_may_stand_beside(seller):
    assert fed(seller, item(handleType="Loop")) == ("SUCCESS", [])


def test_an_item_of_no_known_type_is_refused_alone(seller):
    feed = seller.fed("MP_ITEM", item("A"), item("B", product_type="Cups"))

    rows = feed["itemDetails"]["itemIngestionStatus"]
    assert [row["ingestionStatus"] for row in rows] == ["SUCCESS", "DATA_ERROR"]
    assert "no product type Cups" in rows[1]["ingestionErrors"]["ingestionError"][0]["description"]


def test_a_file_of_a_version_that_is_gone_fails_as_a_whole(seller):
    assert seller.fed("MP_ITEM", item(), version="5.0.20200101-00_00_00-api")["feedStatus"] == "ERROR"
    assert fed(seller, item(), version="5.0.20260501-19_40_23-api") == ("SUCCESS", [])

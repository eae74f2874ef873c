"""The catalogue's product types: what an item of each needs to be described. Feeds are held against the same.

Walmart has thousands of types and hundreds of attributes; of these few the names and words are Walmart's.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

#: Versions of the specification of items, the newest first: Walmart makes a new one every few weeks.
VERSIONS = ("5.0.20260826-17_15_31-api", "5.0.20260501-19_40_23-api")

Text = Annotated[str, Field(min_length=1)]
Sku = Annotated[str, Field(pattern=r"\S", max_length=100)]
Price = Annotated[float, Field(gt=0, lt=1_000_000)]
Color = Literal["Black", "Blue", "Brown", "Gray", "Green", "Multicolor", "Red", "White", "Yellow"]


class Part(BaseModel):
    """A part of an item. It may have attributes that are not listed here."""

    model_config = ConfigDict(alias_generator=to_camel, extra="allow")


class ProductIdentifiers(Part):
    product_id_type: Literal["UPC", "GTIN", "EAN", "ISBN"]
    product_id: Annotated[str, Field(pattern=r"^[0-9X]{8,14}$")]


class Orderable(Part):
    """What is about the offer."""

    sku: Sku
    product_identifiers: ProductIdentifiers
    price: Price
    shipping_weight: Annotated[float, Field(gt=0, alias="ShippingWeight")]
    must_ship_alone: Annotated[Literal["Yes", "No"], Field(alias="MustShipAlone")] = "No"


class Visible(Part):
    """What every product shows."""

    product_name: Annotated[str, Field(min_length=1, max_length=199)]
    brand: Text
    short_description: Text
    main_image_url: Annotated[str, Field(pattern=r"^https?://")]
    color_category: list[Color] = []


class Mug(Visible):
    material: Text
    count_per_pack: Annotated[int, Field(ge=1)]


class TShirt(Visible):
    clothing_size: Text
    gender: Literal["Men", "Women", "Unisex", "Boys", "Girls"]
    age_group: Annotated[list[Literal["Adult", "Child", "Infant", "Teen", "Toddler"]], Field(min_length=1)]


#: Category -> group -> product type -> what it shows.
TAXONOMY: dict[str, dict[str, dict[str, type[Visible]]]] = {
    "Home": {"Drinkware": {"Mugs": Mug}},
    "Clothing": {"Shirts & Tops": {"T-Shirts": TShirt}},
}
PRODUCT_TYPES = {
    name: shown for groups in TAXONOMY.values() for types in groups.values() for name, shown in types.items()
}


def schema_of(part: type[Part]) -> dict[str, Any]:
    """The part as a JSON schema that stands by itself, without references."""
    schema = part.model_json_schema()
    found: dict[str, Any] = _inlined(schema, schema.pop("$defs", {}))
    return found


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(one, definitions) for name, one in schema.items()}

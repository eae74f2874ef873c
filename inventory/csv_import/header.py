"""What the columns of a seller's file mean. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: Field of an item -> names that sellers' files give it, the first being the field's own.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "sku": (
        "sku",
        "item sku",
        "seller sku",
        "variant sku",
        "product sku",
        "merchant sku",
        "item number",
        "item no",
        "item code",
        "article number",
        "product code",
        "part number",
        "stock keeping unit",
    ),
    "title": ("title", "name", "product name", "item name", "product title", "item title"),
    "description": ("description", "body html", "body", "product description", "long description"),
    "brand": ("brand", "brand name", "vendor", "manufacturer"),
    "gtin": (
        "barcode",
        "gtin",
        "ean",
        "upc",
        "isbn",
        "ean13",
        "ean 13",
        "gtin14",
        "upc code",
        "ean code",
        "upc ean",
        "ean upc",
        "barcode gtin",
        "variant barcode",
    ),
    "price": ("price", "unit price", "selling price", "variant price", "retail price", "item price"),
    "currency": ("currency", "currency code", "price currency"),
    "quantity": (
        "quantity",
        "on hand",
        "qty",
        "stock",
        "quantity on hand",
        "qty on hand",
        "stock on hand",
        "stock level",
        "stock quantity",
        "inventory",
        "inventory quantity",
        "variant inventory qty",
        "count",
    ),
    "images": ("images", "image", "image url", "image urls", "image src", "picture", "picture url", "photo"),
    "parentage": ("parentage", "parentage level", "parent child"),
    "parent": ("parent sku",),
    "options": ("variation options",),
    "several": ("more attributes",),
}
_FIELD_OF = {name: field for field, names in SYNONYMS.items() for name in names}

#: What the seller reads for each field; attributes have their own names.
WORDS = {
    "sku": "SKU",
    "title": "Title",
    "description": "Description",
    "brand": "Brand",
    "gtin": "Barcode",
    "price": "Price",
    "currency": "Currency",
    "quantity": "On hand",
    "images": "Images",
    "parentage": "Parent or not",
    "parent": "SKU of the parent",
    "options": "Options of a variation",
    "several": "Several attributes",
    "attribute": "Attribute",
    "ignored": "Left out",
}

#: The last column of the bad rows that the seller gets back; brought again, it is left out.
TO_MEND = "What to mend"

MAX_COLUMNS = 300
MAX_NAME = 100


class FileProblem(ValueError):
    """The file as a whole cannot be read; the message is for the seller."""

    def __init__(self, message: str, *, offered_encoding: str = "") -> None:
        super().__init__(message)
        #: Reading it this way may help.
        self.offered_encoding = offered_encoding


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file: its name there, and the field of an item, "attribute" or "ignored"."""

    name: str
    field: str

    @property
    def words(self) -> str:
        return WORDS[self.field]


def _simple(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name.casefold()).strip()


def field_of(name: str) -> str:
    """Return the field that a column of this name fills; one that nobody knows is kept as an attribute."""
    simple = _simple(name)
    if simple in ("", _simple(TO_MEND)):
        return "ignored"
    if re.fullmatch(r"price [a-z]{3}", simple):  # "Price (EUR)"
        return "price"
    return _FIELD_OF.get(simple, "attribute")


def known_columns(names: Sequence[str]) -> int:
    """Return how many of the names are known: a header split at the wrong character knows none."""
    return sum(field_of(name) not in ("attribute", "ignored") for name in names)


def build_columns(names: Sequence[str]) -> list[Column]:
    """Return what each column means. Raises FileProblem if that is unclear or the SKU is missing."""
    names = [name.strip().lstrip("\ufeff") for name in names]
    if len(names) > MAX_COLUMNS:
        raise FileProblem(f"The file has {len(names)} columns; at most {MAX_COLUMNS} can be read.")
    for name in names:
        if len(name) > MAX_NAME:
            raise FileProblem(f"The name of the column “{name[:40]}…” is too long: at most {MAX_NAME} characters.")
    columns = [Column(name, field_of(name)) for name in names]
    columns = _settle_rivals(columns)
    if not any(column.field == "sku" for column in columns):
        found = ", ".join(f"“{name}”" for name in names[:12] if name) or "none"
        raise FileProblem(
            f"No column for the SKU. The first line must name the columns, one of them “sku”. Columns found: {found}."
        )
    attributes = [_simple(column.name) for column in columns if column.field == "attribute"]
    for column in columns:
        if column.field == "attribute" and attributes.count(_simple(column.name)) > 1:
            raise FileProblem(f"The column “{column.name}” stands in the file twice. Rename or remove one of them.")
    if all(column.field in ("sku", "ignored") for column in columns):
        raise FileProblem("The file has SKUs only: there is nothing to import. Add a column such as title or quantity.")
    return columns


def _settle_rivals(columns: list[Column]) -> list[Column]:
    """Of several columns for one field, the one with the field's own name fills it; the others become attributes."""
    settled = list(columns)
    for field, synonyms in SYNONYMS.items():
        rivals = [index for index, column in enumerate(columns) if column.field == field]
        if len(rivals) < 2:
            continue
        exact = [index for index in rivals if _simple(columns[index].name) in (field, synonyms[0])]
        if len(exact) != 1:
            names = " and ".join(f"“{columns[index].name}”" for index in rivals)
            raise FileProblem(f"The columns {names} both mean {WORDS[field]}. Rename or remove one of them.")
        for index in rivals:
            if index != exact[0]:
                settled[index] = Column(columns[index].name, "attribute")
    return settled

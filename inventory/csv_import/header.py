"""What the columns of a seller's file mean. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inventory.money import CURRENCIES

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
    "labels": ("labels",),
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
    "labels": "Labels",
    "attribute": "Attribute",
    "ignored": "Left out",
}

#: The last column of the bad rows that the seller gets back; brought again, it is left out.
TO_MEND = "What to mend"
#: Labels on which a rule has put the item, in our own file: rules choose for themselves, so it is left out, too.
BY_RULE = "labels by rule"

MAX_COLUMNS = 300
MAX_NAME = 100


class FileProblem(ValueError):
    """The file as a whole cannot be read; the message is for the seller."""

    def __init__(self, message: str, *, offered_encoding: str = "") -> None:
        super().__init__(message)
        #: Reading it this way may help.
        self.offered_encoding = offered_encoding


class UnclearColumns(FileProblem):
    """What the columns mean cannot be told by their names: the seller can say."""


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
    if simple in ("", _simple(TO_MEND), _simple(BY_RULE)):
        return "ignored"
    if currency_in(name) and _FIELD_OF.get(simple[:-4]) == "price":
        return "price"
    return _FIELD_OF.get(simple, "attribute")


def currency_in(name: str) -> str:
    """Return the currency that a column for prices names behind other words: "Price (EUR)", "Net price EUR".

    Some codes are words too, such as ALL and PEN: behind a name that we do not know, only capitals are a code.
    """
    *words, last = re.findall(r"[^\W_]+", name) or [""]
    is_code = last.upper() in CURRENCIES and (last.isupper() or _FIELD_OF.get(_simple(" ".join(words))) == "price")
    return last.upper() if words and is_code else ""


def known_columns(names: Sequence[str]) -> int:
    """Return how many of the names are known: a header split at the wrong character knows none."""
    return sum(field_of(name) not in ("attribute", "ignored") for name in names)


def clean_names(header: Sequence[str]) -> list[str]:
    """Return the names of the columns. Raises FileProblem if these cannot be the names of columns."""
    names = [name.strip().lstrip("\ufeff") for name in header]
    if len(names) > MAX_COLUMNS:
        raise FileProblem(f"The file has {len(names)} columns; at most {MAX_COLUMNS} can be read.")
    for name in names:
        if len(name) > MAX_NAME:
            raise FileProblem(f"The name of the column “{name[:40]}…” is too long: at most {MAX_NAME} characters.")
    if sum(map(bool, names)) < 2:
        raise FileProblem("The file has one column only: there is nothing to import. Add a column such as title.")
    return names


def build_columns(names: Sequence[str]) -> list[Column]:
    """Return what each column means, by its name. Raises UnclearColumns if that is unclear or the SKU is missing."""
    columns = _settle_rivals([Column(name, field_of(name)) for name in names])
    check_columns(columns)
    return columns


def propose_columns(names: Sequence[str]) -> list[Column]:
    """Return what each column most likely means: by its name, or by what stands in it; each field once."""
    found: dict[str, int] = {}
    for field, index in [
        *((field_of(name), index) for index, name in enumerate(names)),
        *((field, index) for field, index in _loosely_named(names) if index not in found.values()),
    ]:
        if field in SYNONYMS:
            found.setdefault(field, index)
    fields = {index: field for field, index in found.items()}
    seen = set[str]()
    columns = []
    for index, name in enumerate(names):
        otherwise = "ignored" if field_of(name) == "ignored" or _simple(name) in seen else "attribute"
        columns.append(Column(name, fields.get(index, otherwise)))
        if columns[-1].field == "attribute":
            seen.add(_simple(name))
    return columns


def _loosely_named(names: Sequence[str]) -> list[tuple[str, int]]:
    """Return the fields whose names stand inside a column's name: "Our price (net)" may be the price. Longest first."""
    known = sorted(_FIELD_OF.items(), key=lambda pair: -len(pair[0]))
    return [
        (field, index)
        for synonym, field in known
        for index, name in enumerate(names)
        if f" {synonym} " in f" {_simple(name)} "
    ]


def check_columns(columns: Sequence[Column]) -> None:
    """Raises UnclearColumns unless the columns can be imported: one for the SKU, and none of the others twice."""
    named = [column for column in columns if column.field == "sku"]
    if not named:
        found = ", ".join(f"“{column.name}”" for column in columns[:12] if column.name)
        raise UnclearColumns(f"No column for the SKU. Columns found: {found}.")
    for field in SYNONYMS:
        rivals = [f"“{column.name}”" for column in columns if column.field == field]
        if len(rivals) > 1:
            raise UnclearColumns(f"The columns {' and '.join(rivals)} both mean {WORDS[field]}; only one of them can.")
    attributes = [_simple(column.name) for column in columns if column.field == "attribute"]
    for column in columns:
        if column.field == "attribute" and attributes.count(_simple(column.name)) > 1:
            raise UnclearColumns(f"The column “{column.name}” stands in the file twice; one of them is to be left out.")
    if all(column.field in ("sku", "ignored") for column in columns):
        raise UnclearColumns(
            "There are SKUs only, so there is nothing to import. A title or a quantity would be something."
        )


def _settle_rivals(columns: list[Column]) -> list[Column]:
    """Of several columns for one field, the one with the field's own name fills it; the others become attributes."""
    settled = list(columns)
    for field, synonyms in SYNONYMS.items():
        rivals = [index for index, column in enumerate(columns) if column.field == field]
        exact = [index for index in rivals if _simple(columns[index].name) in (field, synonyms[0])]
        if len(exact) == 1:
            for index in rivals:
                if index != exact[0]:
                    settled[index] = Column(columns[index].name, "attribute")
    return settled

"""Our lines as the files that Mirakl imports: offers, quantities, prices. Pure.

Source: developer.mirakl.com, OF01, STO01 and PRI01 of the seller API (read 2026-08). Files are CSV in UTF-8 with
semicolons and a header; every file of a kind has the same columns, since it is not said what an absent one does.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from channels_app.adapters.http import UploadedFile
from channels_app.adapters.types import ContentLine, Line, LineResult, OfferLine, Outcome, WithdrawLine

OFFER_COLUMNS = (
    "sku",
    "product-id",
    "product-id-type",
    "price",
    "quantity",
    "state",
    "leadtime-to-ship",
    "update-delete",
)
#: What Mirakl calls the operator's own number of a product.
OPERATOR_SKU = "SKU"
#: What it calls the shop's. To be confirmed live.
SHOP_SKU = "SHOP_SKU"
#: The usual code of new goods, and the usual name of a GTIN.
NEW, EAN = "11", "EAN"
NO_PRODUCT = "no_product"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTerms:
    """What the seller set for all offers of a connection."""

    state: str = NEW
    product_id_type: str = EAN
    #: Days until a parcel leaves; empty: the operator's default.
    lead_time: str = ""
    #: The item's attribute that holds the operator's SKU of the product, if there is one.
    product_sku_attribute: str = ""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return what the account's settings say."""
        lead_time = settings.get("lead_time")
        return cls(
            state=str(settings.get("offer_state") or NEW),
            product_id_type=str(settings.get("product_id_type") or EAN),
            lead_time="" if lead_time is None else str(lead_time),
            product_sku_attribute=str(settings.get("product_sku_attribute") or ""),
        )

    def product_of(self, line: ContentLine) -> tuple[str, str]:
        """Return the number of the line's product and the type of that number; both empty if it has none.

        A product that is brought along needs none: it goes by the shop's own SKU.
        """
        operators = line.attributes.get(self.product_sku_attribute, "").strip() if self.product_sku_attribute else ""
        if operators:
            return operators, OPERATOR_SKU
        if line.gtin:
            return line.gtin, self.product_id_type
        return (line.sku, SHOP_SKU) if line.category else ("", "")


def why_nameless(line: ContentLine, terms: OfferTerms) -> str:
    """Return why the line names no product, or "": an offer hangs on a product that the operator knows."""
    if terms.product_of(line)[0]:
        return ""
    reason = "This item has no GTIN (EAN, UPC): the marketplace cannot tell which product it is. Add it to the item."
    if terms.product_sku_attribute:
        reason += f" Or fill in its attribute “{terms.product_sku_attribute}”, the marketplace's own SKU."
    return reason


def refuse_nameless(lines: Iterable[ContentLine], terms: OfferTerms) -> list[LineResult]:
    """Return a rejection for each line that names no product."""
    return [
        LineResult(sku=line.sku, outcome=Outcome.REJECTED, code=NO_PRODUCT, reason=reason)
        for line in lines
        if (reason := why_nameless(line, terms))
    ]


def offer_row(line: ContentLine, terms: OfferTerms) -> dict[str, str]:
    """Return the line as a row of OFFER_COLUMNS."""
    product_id, id_type = terms.product_of(line)
    return {
        "sku": line.sku,
        "product-id": product_id,
        "product-id-type": id_type,
        "price": f"{line.price:f}",
        "quantity": str(line.quantity),
        "state": terms.state,
        "leadtime-to-ship": terms.lead_time,
        "update-delete": "update",
    }


def build_offers(lines: Iterable[ContentLine], terms: OfferTerms) -> UploadedFile:
    """Return the file that makes or changes these offers."""
    return csv_file("offers.csv", OFFER_COLUMNS, (offer_row(line, terms) for line in lines))


def build_withdrawals(lines: Iterable[Line]) -> UploadedFile:
    """Return the file that ends these offers. To be confirmed live: that the SKU is enough to name them."""
    return csv_file("withdrawn.csv", OFFER_COLUMNS, ({"sku": line.sku, "update-delete": "delete"} for line in lines))


def build_quantities(lines: Iterable[OfferLine | ContentLine]) -> UploadedFile:
    """Return the file that sets these quantities. Without a warehouse it is the quantity of all of them."""
    columns = ("offer-sku", "quantity", "update-delete")
    rows = ({"offer-sku": line.sku, "quantity": str(line.quantity), "update-delete": "UPDATE"} for line in lines)
    return csv_file("stock.csv", columns, rows)


def build_prices(lines: Iterable[OfferLine | ContentLine]) -> UploadedFile:
    """Return the file that sets these prices. Any other price of these offers (discounts) is deleted by it."""
    rows = ({"offer-sku": line.sku, "price": f"{line.price:f}"} for line in lines)
    return csv_file("prices.csv", ("offer-sku", "price"), rows)


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> UploadedFile:
    """Return the rows as a file to upload; a column that a row leaves out is empty in it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return name, text.getvalue().encode(), "text/csv"


def priced(lines: Sequence[Line]) -> list[OfferLine | ContentLine]:
    """Return the lines that carry a price and a quantity."""
    return [line for line in lines if not isinstance(line, WithdrawLine)]


def contents(lines: Sequence[Line]) -> list[ContentLine]:
    """Return the lines that carry a whole listing."""
    return [line for line in lines if isinstance(line, ContentLine)]

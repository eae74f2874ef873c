"""The files that Mirakl imports and reports: CSV with semicolons. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.engine.errors import Invalid

#: Columns that an offer file must have.
_OFFER_COLUMNS = {"sku", "product-id", "product-id-type", "price", "quantity", "state", "update-delete"}
#: What the operator's own rules want of the product of a new category, beside the offer.
_REQUIRED = {"MUGS": ("title", "colour")}

Row = dict[str, str]


def read_rows(file: bytes, needed: set[str]) -> list[Row]:
    """The data lines by column. Raises Invalid for a file without the columns needed."""
    reader = csv.DictReader(io.StringIO(file.decode("utf-8-sig")), delimiter=";")
    missing = needed - set(reader.fieldnames or ())
    if missing:
        raise Invalid("file_format", f"The file has no column {', '.join(sorted(missing))}.")
    return [{name: value or "" for name, value in row.items() if name is not None} for row in reader]


def read_offers(file: bytes) -> list[Row]:
    return read_rows(file, _OFFER_COLUMNS)


def problem_with_offer(row: Row, *, with_products: bool, states: Iterable[str]) -> str:
    """Why the operator refuses this line before anything is done with it, or ""."""
    if not row["sku"].strip():
        return "The attribute sku is required"
    if row["update-delete"] == "delete":
        return ""
    if with_products and (category := row.get("category", "")):
        missing = [name for name in _REQUIRED.get(category, ("title",)) if not row.get(name)]
        if missing:
            return f"The product was not created: {', '.join(missing)} is required"
    elif not _is_known(row["product-id"], row["product-id-type"]):
        return "The product does not exist"
    if row["state"] not in states:
        return "The state is unknown"
    return ""


def _is_known(product_id: str, id_type: str) -> bool:
    """Whether the operator's catalogue has the product: anything with a GTIN, and any SKU of the operator's."""
    if id_type == "SKU":
        return bool(product_id)
    return product_id.isdigit() and len(product_id) in (8, 12, 13, 14)


def offer_line(row: Row) -> dict[str, Any]:
    """The line as the engine takes it. What a column leaves empty is reset: no quantity is 0."""
    return {
        "sku": row["sku"],
        "title": row.get("title") or f"Product {row['product-id']}",
        "gtin": row["product-id"] if row["product-id"].isdigit() else None,
        "price": row["price"].replace(",", ".") or None,
        "quantity": _whole(row["quantity"] or "0"),
    }


def stock_line(row: Row) -> dict[str, Any]:
    return {"sku": row["offer-sku"], "quantity": _whole(row["quantity"])}


def price_line(row: Row) -> dict[str, Any]:
    return {"sku": row["offer-sku"], "price": row["price"].replace(",", ".")}


def _whole(text: str) -> Any:
    return int(text) if text.strip().lstrip("-").isdigit() else text


def offer_report(rows: Sequence[tuple[int, Row, str]]) -> str:
    """The failed lines with all their columns, then where and why, as the last two."""
    return _written([{**row, "error-line": str(line), "error-message": reason} for line, row, reason in rows])


def other_report(rows: Sequence[tuple[int, Row, str]]) -> str:
    """Line number and reason first, then the columns as they came."""
    return _written([{"line-number": str(line), "error": reason, **row} for line, row, reason in rows])


def _written(rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()

"""The files that Mirakl imports and reports: CSV with semicolons. Pure."""

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sandbox.engine.errors import Invalid

#: Columns that an offer file must have.
_OFFER_COLUMNS = {"sku", "product-id", "product-id-type", "price", "quantity", "state", "update-delete"}

Row = dict[str, str]


def read_rows(file: bytes, needed: set[str]) -> list[Row]:
    """The data lines by column. Raises Invalid for a file without the columns needed, or that is not UTF-8."""
    try:
        text = file.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("file_format", "The file is not in UTF-8.") from error
    reader = csv.DictReader(io.StringIO(text), delimiter=";")
    missing = needed - set(reader.fieldnames or ())
    if missing:
        raise Invalid("file_format", f"The file has no column {', '.join(sorted(missing))}.")
    return [{name: value or "" for name, value in row.items() if name is not None} for row in reader]


def read_offers(file: bytes) -> list[Row]:
    return read_rows(file, _OFFER_COLUMNS)


def offer_row(offer: Mapping[str, Any]) -> Row:
    """An offer of a JSON body as a line of a file: what it leaves out is empty there."""
    discount = offer.get("discount") or {}
    plain = {name.replace("_", "-"): value for name, value in offer.items() if not isinstance(value, list | dict)}
    plain |= {"sku": plain.pop("shop-sku", ""), "state": plain.pop("state-code", "")}
    plain |= {f"discount-{name.replace('_', '-')}": discount[name] for name in discount if name != "ranges"}
    return {"quantity": ""} | {name: "" if value is None else str(value) for name, value in plain.items()}


def problem_with_offer(
    row: Row, *, states: Iterable[str], shops_own: Collection[str], refused_products: Collection[str] = ()
) -> str:
    """Why the operator refuses this line before anything is done with it, or "".

    `shops_own` are the products that the shop has brought along, by its SKU; `refused_products` those of this file
    that were not made.
    """
    if not row["sku"].strip():
        return "The attribute sku is required"
    if row["update-delete"] not in ("", "update", "delete"):
        return "The value of update-delete is unknown"
    if row["update-delete"] == "delete":
        return ""
    if row["sku"] in refused_products or not (row["sku"] in shops_own or is_known(row, shops_own)):
        return "The product does not exist"
    return "" if row["state"] in states else "The state is unknown"


def is_known(row: Row, shops_own: Collection[str]) -> bool:
    """Whether the catalogue has the product: all with a GTIN, SKUs of the operator's, what shops brought."""
    product_id, id_type = row["product-id"], row["product-id-type"]
    if id_type == "SHOP_SKU":
        return product_id in shops_own
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


def _whole(text: str) -> Any:
    return int(text) if text.strip().lstrip("-").isdigit() else text


#: Line number, the line, and what is said of it.
Said = tuple[int, Row, str]


def offer_report(rows: Sequence[Said]) -> str:
    """The failed lines with all their columns, then where and why, as the last two."""
    return written([{**row, "error-line": str(line), "error-message": reason} for line, row, reason in rows])


def other_report(rows: Sequence[Said]) -> str:
    """Line number and reason first, then the columns as they came."""
    return written([{"line-number": str(line), "error": reason, **row} for line, row, reason in rows])


def transformation_report(rows: Sequence[Said]) -> str:
    """The columns as they came, then where and why."""
    return written([{**row, "line number": str(line), "warnings": "", "errors": why} for line, row, why in rows])


def written(rows: Sequence[Mapping[str, str]]) -> str:
    """The rows under the columns that any of them has."""
    text = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, columns, delimiter=";", quoting=csv.QUOTE_ALL, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()

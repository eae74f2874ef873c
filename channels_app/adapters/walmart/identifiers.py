"""Which product an item is: its GTIN in one of the notations that Walmart matches products by. Pure."""


def read_identifier(gtin: str) -> dict[str, str] | None:
    """Return the identifier as Walmart takes it, or None if the text is none."""
    text = gtin.strip().replace("-", "").replace(" ", "").upper()
    kind = _kind_of(text)
    return {"productIdType": kind, "productId": text} if kind else None


def _kind_of(text: str) -> str:
    if len(text) == 10 and text[:-1].isdigit() and (text[-1].isdigit() or text[-1] == "X"):
        return "ISBN"
    if not text.isdigit():
        return ""
    if len(text) == 13 and text.startswith(("978", "979")):
        return "ISBN"
    return {8: "EAN", 12: "UPC", 13: "EAN", 14: "GTIN"}.get(len(text), "")

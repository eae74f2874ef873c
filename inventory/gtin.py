"""Barcodes: GTIN of 8, 12, 13 or 14 digits, the last of which checks the others. Pure."""


def check_digit(digits: str) -> str:
    """Return the digit that ends a GTIN whose other digits are these."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def is_gtin(text: str) -> bool:
    """Say whether `text` is a barcode that a marketplace takes."""
    is_number = text.isascii() and text.isdigit()
    return is_number and len(text) in (8, 12, 13, 14) and check_digit(text[:-1]) == text[-1]

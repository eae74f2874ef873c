"""Amounts of money as their currency knows them."""

from decimal import ROUND_HALF_UP, Decimal

#: ISO 4217: digits after the point, where it is not two.
EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}


def exponent_of(currency: str) -> int:
    """Return how many digits after the point amounts of `currency` have."""
    return EXPONENTS.get(currency, 2)


def quantize(amount: Decimal, currency: str) -> Decimal:
    """Return `amount` rounded, half up, to what `currency` knows."""
    return amount.quantize(Decimal(1).scaleb(-exponent_of(currency)), rounding=ROUND_HALF_UP)

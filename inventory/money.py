"""Amounts of money as their currency knows them."""

from decimal import ROUND_HALF_UP, Decimal

_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD
    MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB
    RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
    UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""
#: ISO 4217: the codes in use.
CURRENCIES = frozenset(_CODES.split())

#: A sign -> the currencies it is written for, the one it most likely means first.
SIGNS = {
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "BRL", "ARS", "CLP", "COP"),
    "€": ("EUR",),
    "£": ("GBP", "EGP", "GIP", "FKP", "SHP"),
    "¥": ("JPY", "CNY"),
}

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


def meant_by(sign: str, *, at_home: str) -> str:
    """Return the currency that the sign means to somebody whose own is `at_home`."""
    return at_home if at_home in SIGNS[sign] else SIGNS[sign][0]


def quantize(amount: Decimal, currency: str) -> Decimal:
    """Return `amount` rounded, half up, to what `currency` knows."""
    return amount.quantize(Decimal(1).scaleb(-exponent_of(currency)), rounding=ROUND_HALF_UP)


def spell(amount: Decimal, currency: str) -> str:
    """Return the amount as it stands in a sentence: `1,236.30 USD`."""
    return f"{quantize(amount, currency):,} {currency}"

"""The carriers and reasons that sellers speak of, and what a marketplace most likely calls them. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One carrier or reason. `also` are other names by which marketplaces know it."""

    key: str
    name: str
    also: tuple[str, ...] = ()


CARRIERS = (
    Word(key="ups", name="UPS", also=("United Parcel Service",)),
    Word(key="fedex", name="FedEx", also=("Federal Express", "FEDEX_NL")),
    Word(key="usps", name="USPS", also=("US Postal Service", "United States Postal Service")),
    Word(key="dhl", name="DHL", also=("DHL Express", "DHL Paket", "DHL Parcel", "DHLFORYOU")),
    Word(key="dpd", name="DPD", also=("DPD-NL", "Dynamic Parcel Distribution")),
    Word(key="gls", name="GLS", also=("General Logistics Systems",)),
    Word(key="postnl", name="PostNL", also=("TNT", "TNT Post")),
    Word(key="bpost", name="bpost", also=("BPOST_BE",)),
    Word(key="ontrac", name="OnTrac"),
    Word(key="colissimo", name="Colissimo", also=("La Poste",)),
    Word(key="chronopost", name="Chronopost"),
    Word(key="royal_mail", name="Royal Mail"),
    Word(key="canada_post", name="Canada Post"),
)
CANCEL_REASONS = (
    Word(
        key="out_of_stock", name="Out of stock", also=("No stock", "Product unavailable", "SELLER_CANCEL_OUT_OF_STOCK")
    ),
    Word(
        key="price_error",
        name="Pricing error",
        also=("Wrong price", "Incorrect price", "Price error", "SELLER_CANCEL_PRICING_ERROR"),
    ),
    Word(
        key="undeliverable",
        name="Address cannot be delivered to",
        also=("Undeliverable", "Address not serviceable", "Delivery impossible"),
    ),
    Word(
        key="buyer_request",
        name="The buyer asked for it",
        also=("Requested by customer", "Customer request", "Cancelled by customer", "Cancelled by client"),
    ),
)
REFUND_REASONS = (
    Word(key="damaged", name="Arrived damaged", also=("Damaged", "Damaged item", "DamagedItem", "Product damaged")),
    Word(key="defective", name="Defective", also=("DefectiveItem", "Defective item", "Does not work")),
    Word(key="not_as_described", name="Not as described", also=("ItemNotAsAdvertised", "Item not as advertised")),
    Word(key="not_received", name="Never arrived", also=("ItemNotReceivedByCustomer", "Not received", "Lost")),
    Word(key="late", name="Arrived too late", also=("CustomerReceivedItemLate", "Late delivery", "Late")),
    Word(
        key="returned", name="The buyer sent it back", also=("Customer returned item", "Returned", "Product returned")
    ),
    Word(key="goodwill", name="Goodwill", also=("Finance -> Goodwill", "Commercial gesture", "General adjustment")),
)

#: Name of a list in the facts of a connection -> what sellers say of it, and the words.
LISTS: Mapping[str, tuple[str, Sequence[Word]]] = {
    "carriers": ("Carriers", CARRIERS),
    "cancel_reasons": ("Reasons to cancel", CANCEL_REASONS),
    "refund_reasons": ("Reasons to refund", REFUND_REASONS),
}

_APART = re.compile(r"[^a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def suggest(word: Word, choices: Iterable[tuple[str, str]]) -> str:
    """Return the code of the choice that most likely means `word`, or "" if none clearly does.

    `choices` are (code, name). A whole name that is the same beats one that holds all words of ours.
    """
    ours = [_words(name) for name in (word.name, word.key, *word.also)]
    found = [(code, _words(code), _words(name)) for code, name in choices]
    for wanted in ours:
        for code, by_code, by_name in found:
            if wanted in (by_code, by_name):
                return code
    for wanted in ours:
        holding = [code for code, by_code, by_name in found if wanted <= by_name or wanted <= by_code]
        if len(holding) == 1:
            return holding[0]
    return ""


def _words(text: str) -> frozenset[str]:
    return frozenset(filter(None, _APART.split(_CAMEL.sub(" ", text).lower())))

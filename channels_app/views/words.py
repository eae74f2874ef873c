"""What jobs, what they count, and capabilities mean, in the seller's words."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import NamedTuple

from channels_app.adapters.types import Capability
from channels_app.models import ChannelJob

Kind = ChannelJob.Kind

#: Stands by an order, or a line, of which the seller has not decided yet.
ASKS_TO_CANCEL = "Buyer asks to cancel"

#: What each background job does.
JOBS = {
    Kind.OFFERS: "Sends changed prices and quantities, and ends listings of items that left the label.",
    Kind.CONTENT: "Creates listings for new items and sends changed titles, descriptions and pictures.",
    Kind.RESULTS: "Asks the marketplace what became of everything we sent.",
    Kind.RECONCILE: "Reads every listing the marketplace shows and compares it with your label.",
    Kind.ORDERS: "Downloads new and changed orders, reserves their stock and accepts them.",
    Kind.COMMANDS: "Tells the marketplace about shipments, cancellations, refunds and returns.",
    Kind.RETURNS: "Downloads what buyers send back, for you to decide about.",
    Kind.CATEGORIES: "Reads the marketplace's categories, and what it wants to know of products in those you use.",
}

#: From what to what a job's speed is measured.
MEASURED = {
    Kind.OFFERS: "from a change to the marketplace's confirmation",
    Kind.CONTENT: "from a change to the marketplace's confirmation",
    Kind.ORDERS: "from the buyer's order until it is here",
    Kind.COMMANDS: "from your click to the marketplace's answer",
}

#: Which switch a job needs, as field and name.
SWITCH_OF_JOB = {
    Kind.OFFERS: ("listings_on", "Listings"),
    Kind.CONTENT: ("listings_on", "Listings"),
    Kind.RESULTS: ("listings_on", "Listings"),
    Kind.RECONCILE: ("reconciler_on", "Reconciler"),
    Kind.ORDERS: ("orders_on", "Orders"),
    Kind.RETURNS: ("orders_on", "Orders"),
    Kind.CATEGORIES: ("listings_on", "Listings"),
}

#: What a run counted, where its name is no word of a seller's: one of them, and several.
COUNTED = {
    "again": ("to be sent again", "to be sent again"),
    "asked_about": ("category asked about", "categories asked about"),
    "categories": ("category", "categories"),
    "drifted": ("with another price or quantity", "with another price or quantity"),
    "adoptable": ("made elsewhere", "made elsewhere"),
    "files_refused": ("file refused", "files refused"),
    "found": ("lost answer found", "lost answers found"),
    "held": ("held for you", "held for you"),
    "needs_attention": ("order needs attention", "orders need attention"),
    "never_arrived": ("had never arrived", "had never arrived"),
    "older": ("older version", "older versions"),
    "orders": ("new order", "new orders"),
    "read": ("listing read", "listings read"),
    "recounted": ("quantity counted anew", "quantities counted anew"),
    "rejected": ("refused", "refused"),
    "returns": ("return", "returns"),
    "to_accept": ("order to accept", "orders to accept"),
    "to_end": ("to end", "to end"),
    "unreadable": ("without a usable SKU", "without a usable SKU"),
    "updated": ("order updated", "orders updated"),
}


def describe_counts(counts: Mapping[str, int]) -> str:
    """Return what a run did: "120 sent, 2 refused"."""
    told = []
    for name, number in counts.items():
        one, several = COUNTED.get(name, (name.replace("_", " "),) * 2)
        told.append(f"{number:,} {one if number == 1 else several}")
    return ", ".join(told)


#: What a connection can do. What it demands is not here: that is known only of a connection that was checked.
CAPABILITIES = {
    Capability.RECONCILE: "Compares all listings and ends strays",
    Capability.NEW_PRODUCTS: "Brings along products that the marketplace does not know yet",
    Capability.ACCEPT: "Accepts orders for you",
    Capability.SHIP_PARTIAL: "Ships an order in several parcels",
    Capability.CANCEL_LINE: "Cancels single lines of an order",
    Capability.CANCEL_PARTIAL: "Cancels some units of a line",
    Capability.REFUND: "Refunds",
    Capability.REFUND_PARTIAL: "Refunds parts of an order",
    Capability.CANCELLATION_REQUESTS: "Passes on buyers' wishes to cancel",
    Capability.RETURNS: "Shows buyers' returns and passes on what you decide",
}


def describe_capabilities(capabilities: frozenset[Capability]) -> list[str]:
    """Return what these capabilities mean to a seller, in one fixed order."""
    return [words for capability, words in CAPABILITIES.items() if capability in capabilities]


#: What a connection without it cannot do. Where nothing has to be accepted, nothing is missing.
_LACKS = {
    Capability.RECONCILE: "No comparing of all listings, no ending of strays",
    Capability.NEW_PRODUCTS: "No products that the marketplace does not know yet",
    Capability.SHIP_PARTIAL: "No second parcel of an order",
    Capability.CANCEL_LINE: "No cancelling of single lines, only of whole orders",
    Capability.CANCEL_PARTIAL: "No cancelling of some units of a line",
    Capability.REFUND: "No refunds",
    Capability.REFUND_PARTIAL: "No refunds of parts of an order",
    Capability.CANCELLATION_REQUESTS: "No word of buyers' wishes to cancel",
    Capability.RETURNS: "No buyers' returns",
}
#: What goes without saying where another is missing.
_PART_OF = {Capability.CANCEL_PARTIAL: Capability.CANCEL_LINE, Capability.REFUND_PARTIAL: Capability.REFUND}


def describe_lacks(capabilities: frozenset[Capability]) -> list[str]:
    """Return what cannot be done with these capabilities, in the same order."""
    return [
        words
        for capability, words in _LACKS.items()
        if capability not in capabilities and _PART_OF.get(capability, capability) in {capability, *capabilities}
    ]


class Hurry(NamedTuple):
    """A word for an order that has to leave, and its tone."""

    word: str
    tone: str


def hurry_of(ship_by: datetime | None, *, is_to_ship: bool, now: datetime, zone: tzinfo) -> Hurry | None:
    """Return the word for an order that has to leave by then; None if there is no hurry, or nothing left to ship."""
    if ship_by is None or not is_to_ship:
        return None
    if ship_by < now:
        return Hurry("Late", "bad")
    is_today = ship_by.astimezone(zone).date() == now.astimezone(zone).date()
    return Hurry("Today", "warn") if is_today else None

"""Why a channel shows what it shows, as one sentence; and what lines and movements did, in a seller's words."""

from decimal import Decimal

from channels_app.adapters.types import Kind
from channels_app.flows.quantity import QuantityRule, quantity_to_send
from channels_app.flows.standing import Offer, Standing
from channels_app.flows.why import Then, because, why_then
from channels_app.models import FeedLine
from inventory.money import exponent_of

#: What a line told the marketplace.
SENT = {
    Kind.CONTENT: "the whole listing",
    Kind.OFFER: "price and quantity",
    Kind.QUANTITY: "the quantity",
    Kind.PRICE: "the price",
    Kind.WITHDRAW: "the end of the listing",
}


def describe_now(standing: Standing, rule: QuantityRule, currency: str) -> str:
    """Return what buyers see now, and why."""
    wanted, shown, why = standing.wanted, standing.shown, standing.why
    name = standing.channel.name
    if shown is None:
        return f"Buyers do not see it{' yet' if wanted else ''}{_because_of(why, name)}"
    seen = describe_offer(shown, currency)
    if wanted is None:
        return f"Buyers still see {seen}{_because_of(why, name)}"
    reason = ""
    if quantity_to_send(standing.available, rule) == wanted.quantity:  # not so once a deactivation sets all to 0
        reason = f", because {because(standing.available, rule)}"
    if shown == wanted:
        return f"Buyers see {seen}{reason}. {why}".strip()
    if shown.quantity == wanted.quantity and wanted.price is not None:
        return f"Buyers see {seen}, but {describe_money(wanted.price, currency)} is wanted. {why}".strip()
    meant = _wanted(wanted.quantity) if shown.price == wanted.price else f"{describe_offer(wanted, currency)} is wanted"
    return f"Buyers see {seen}, but {meant}{reason}. {why}".strip()


def _wanted(quantity: int | None, *, is_past: bool = False) -> str:
    """Return that so many should be shown, as a part of a sentence."""
    is_, are = ("was", "were") if is_past else ("is", "are")
    return f"{quantity:,} {is_ if quantity == 1 else are} wanted" if quantity else f"none {is_} wanted"


def describe_then(then: Then, currency: str) -> tuple[str, str]:
    """Return what buyers saw at a past moment, and why; and how that is coloured."""
    (shown, is_told), wanted, (why, tone) = then.confirmed, then.wanted_quantity, why_then(then)
    if not is_told and then.in_force.state is not None:
        return "What buyers saw then is not known any more: nothing that was sent so long ago is kept.", ""
    if shown is None:
        return f"Buyers did not see it{_because_of(why, then.channel_name)}", tone
    seen = f"Buyers saw {describe_offer(shown, currency)}"
    if then.available is None or wanted is None or shown.quantity is None:
        return f"{seen}. {why}".strip(), tone
    reason = because(then.available, then.in_force.quantity, is_past=True)
    if shown.quantity == wanted:
        return f"{seen}, because {reason}.", ""
    why = why or "Buyers may have bought on the marketplace since, which it counts itself."
    return f"{seen}, but {_wanted(wanted, is_past=True)}, because {reason}. {why}", tone or "warn"


def _because_of(why: str, channel_name: str) -> str:
    """Return the end of a sentence that a sentence of its own explains."""
    if not why:
        return "."
    is_name = why.startswith(channel_name) or not why[1:2].islower()
    return f": {why}" if is_name else f": {why[0].lower()}{why[1:]}"


def describe_offer(offer: Offer, currency: str) -> str:
    """Return what buyers see of a listing: "3 at 24.90 EUR"."""
    at = "" if offer.price is None else f" at {describe_money(offer.price, currency)}"
    if offer.quantity is None:
        return f"it{at}"
    return f"{offer.quantity:,}{at}" if offer.quantity else f"it as sold out{at}"


def describe_money(amount: Decimal, currency: str) -> str:
    digits = exponent_of(currency) if currency else 2
    return f"{amount:,.{digits}f} {currency}".strip()


def describe_line(line: FeedLine, currency: str) -> str:
    """Return what a line told the marketplace: "price and quantity: 3 at 24.90 EUR"."""
    told = SENT[Kind(line.kind)]
    if line.kind == Kind.WITHDRAW or (line.price is None and line.quantity is None):
        return told
    if line.price is None:
        return f"{told}: {line.quantity:,}"
    if line.quantity is None:
        return f"{told}: {describe_money(line.price, currency)}"
    return f"{told}: {line.quantity:,} at {describe_money(line.price, currency)}"


def describe_reading(is_shown: bool, quantity: int | None, price: Decimal | None, currency: str) -> str:
    """Return what the marketplace's list showed."""
    if not is_shown:
        return "The marketplace did not show it."
    return f"The marketplace showed {describe_offer(Offer(quantity, price), currency)}."

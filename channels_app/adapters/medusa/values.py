"""Medusa's numbers and moments, and the flavours it comes in. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    """How one kind of server is spoken to: what differs is where, who signs in, and what goes in one call."""

    key: str
    name: str
    #: Where its calls begin.
    root: str
    #: A password opens it, for one seller of several; otherwise a secret key, for the shop.
    has_sellers: bool
    #: It takes many new products in one call.
    takes_batches: bool
    #: It wants to be told that a parcel is a parcel.
    asks_for_shipping: bool


MERCUR = Flavour(
    key="mercur",
    name="Mercur marketplace",
    root="/vendor",
    has_sellers=True,
    takes_batches=False,
    asks_for_shipping=True,
)
MEDUSA = Flavour(
    key="medusa", name="Medusa shop", root="/admin", has_sellers=False, takes_batches=True, asks_for_shipping=False
)
FLAVOURS = {flavour.key: flavour for flavour in (MERCUR, MEDUSA)}


def read_number(value: object) -> Decimal:
    """Return the number that `value` says; nothing is 0. Amounts come as JSON numbers in major units: 12.5 is 12.50."""
    if value is None:
        return Decimal(0)
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"{value} is no number.")
    return number


def read_moment(text: str) -> datetime:
    """Return the moment, aware, in UTC."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def build_moment(moment: datetime) -> str:
    """Return the moment as query strings take it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def build_amount(amount: Decimal) -> float:
    """Return the amount as a JSON number: a float is written in its shortest form, exact for up to 15 digits."""
    return float(amount)

"""What to fetch from the shelves for many orders at once: units of each SKU, by the place where they are reserved."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from channels_app.flows.reservation import held_by_lines
from channels_app.models import OrderLine
from inventory.models import Location, Seller


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """So many units of one SKU, at one place."""

    sku: str
    title: str
    units: int
    #: Those of them that buyers ask to cancel.
    asked_to_cancel: int
    #: Empty where the seller has one place only, or nothing is reserved since nobody knows the SKU.
    place: str


def pick_list(seller: Seller, lines: Sequence[OrderLine], asked_to_cancel: Collection[int]) -> list[Pick]:
    """Return what these lines still need, place by place, each in the order of its SKUs. Two queries.

    `asked_to_cancel` are the ids of those that buyers ask to cancel.
    """
    places = dict(Location.objects.filter(seller=seller).values_list("pk", "name"))
    held = held_by_lines(lines) if len(places) > 1 else {}
    titles: dict[str, str] = {}
    units: Counter[tuple[str, str]] = Counter()
    asked: Counter[tuple[str, str]] = Counter()
    for line in lines:
        sku = line.item.sku if line.item else line.sku
        titles.setdefault(sku, line.item.title if line.item else line.title)
        missing, own = line.open_quantity, Counter[tuple[str, str]]()
        for place, here in held.get(line.pk, {}).items():
            own[places[place], sku] += min(here.reserved, missing)
            missing -= min(here.reserved, missing)
        own["", sku] += missing
        units += own
        if line.pk in asked_to_cancel:
            asked += own
    return [
        Pick(sku=sku, title=titles[sku], units=count, place=place, asked_to_cancel=asked[place, sku])
        for (place, sku), count in sorted(units.items())
        if count
    ]

"""Units: whether the sums are right, what was sold beyond what was there, and how soon a sale showed elsewhere."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from chaos.records import Movement, Stock, Theirs


def ledger_mismatches(stock: dict[str, Stock], on_hand_by_book: dict[str, int]) -> list[str]:
    """Return where stock is not the sum of its movements, or on hand is not what the people remember."""
    wrong = []
    for sku, row in sorted(stock.items()):
        if (row.on_hand, row.reserved) != (row.summed_on_hand, row.summed_reserved):
            wrong.append(
                f"{sku}: {row.on_hand} on hand and {row.reserved} reserved,"
                f" but its movements say {row.summed_on_hand} and {row.summed_reserved}"
            )
        if row.on_hand != on_hand_by_book.get(sku, 0):
            wrong.append(f"{sku}: {row.on_hand} on hand, the book says {on_hand_by_book.get(sku, 0)}")
    return wrong


def oversold_units(movements: Iterable[Movement], theirs: Sequence[Theirs]) -> int:
    """Return the units that the sandbox sold beyond what stood on the shelf unsold at that moment.

    What stands there: all that people put on the shelf, less what both marketplaces had sold before, and again what
    cancelled orders released. Parcels change nothing: they take what was sold.
    """
    happened: list[tuple[datetime, str, int, bool]] = []
    for move in movements:
        if not move.is_of_a_line or move.reason == "restocked":
            happened.append((move.at, move.sku, move.on_hand_delta, False))
        elif move.reason == "released":
            happened.append((move.at, move.sku, -move.reserved_delta, False))
    for side in theirs:
        for event in side.events:
            if event["kind"] == "sold":
                at = datetime.fromisoformat(event["at"])
                happened.append((at, event["sku"], -event["data"]["quantity"], True))
    free: Counter[str] = Counter()
    oversold = 0
    for _, sku, units, is_sale in sorted(happened, key=lambda one: one[0]):
        if is_sale:
            oversold += min(-units, max(0, -units - max(0, free[sku])))
        free[sku] += units
    return oversold


def sale_to_other_channel(theirs: Sequence[Theirs]) -> list[float]:
    """Return, for each sale, the seconds until the other marketplace next showed another quantity because of us."""
    waits: list[float] = []
    sold: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    events = sorted(
        ((datetime.fromisoformat(event["at"]), side.account_id, event) for side in theirs for event in side.events),
        key=lambda one: one[0],
    )
    accounts = [side.account_id for side in theirs]
    for at, account, event in events:
        if event["kind"] == "sold":
            for other in accounts:
                if other != account:
                    sold[other, event["sku"]].append(at)
        elif event["submission_id"] and event["quantity_after"] != event["quantity_before"]:
            waits += [(at - since).total_seconds() for since in sold.pop((account, event["sku"]), [])]
    return waits


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of them does not exceed; 0 if there is none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

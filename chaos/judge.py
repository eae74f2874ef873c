"""Both records held against each other. Pure: what it is given decides what it says."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from chaos.records import OurSide
from smoke.expectations import expected_price, expected_quantity
from smoke.marketplace import State

#: Figures that must be 0.
MUST_BE_ZERO = (
    *("orders_lost", "orders_doubled", "shipments_lost", "shipments_doubled", "refunds_doubled"),
    *("listings_wrong", "quantities_wrong", "prices_wrong", "stock_ledger_mismatches", "ledger_open_rows"),
)


@dataclass
class Verdict:
    """The figures, and in words everything that is not as it must be."""

    figures: dict[str, Any]
    wrong: list[str] = field(default_factory=list)


def judge(ours: OurSide, theirs: Mapping[str, State], *, refunds_asked: int, offences: Sequence[str]) -> Verdict:
    """Compare. `refunds_asked`: how many refunds the seller entered; `offences`: what check_ledger found."""
    wrong = {
        "orders_lost": _orders_lost(ours, theirs),
        "orders_doubled": _orders_doubled(ours),
        "shipments_lost": _shipments_lost(ours, theirs),
        "shipments_doubled": _shipments_doubled(theirs),
        "refunds_doubled": _refunds_doubled(theirs, refunds_asked),
        "listings_wrong": _listings_wrong(ours, theirs),
        "quantities_wrong": _quantities_wrong(ours, theirs),
        "prices_wrong": _prices_wrong(ours, theirs),
        "stock_ledger_mismatches": _stock_mismatches(ours, theirs),
        "ledger_open_rows": [
            *(f"{count} {name}" for name, count in ours.open_rows.items() if count),
            *offences,
        ],
    }
    figures: dict[str, Any] = {"orders_on_channel": sum(len(state.orders) for state in theirs.values())}
    figures |= {name: len(found) for name, found in wrong.items()}
    figures["oversold_units"] = oversold_units(ours, theirs)
    figures["order_age_p95_seconds"] = _p95(ours.order_ages)
    figures["feed_age_p95_seconds"] = _p95(ours.feed_ages)
    figures["shipments_on_channel"] = sum(len(state.shipments) for state in theirs.values())
    figures["shipped_units_refused"] = sum(ours.refused.values())
    figures["refunds_on_channel"] = sum(len(state.refunds) for state in theirs.values())
    figures["cancellations_on_channel"] = sum(len(state.cancellations) for state in theirs.values())
    return Verdict(figures, [f"{name}: {text}" for name, found in wrong.items() for text in found[:10]])


def _orders_lost(ours: OurSide, theirs: Mapping[str, State]) -> list[str]:
    stored = set(ours.orders)
    return [
        order_id for account, state in theirs.items() for order_id in state.orders if (account, order_id) not in stored
    ]


def _orders_doubled(ours: OurSide) -> list[str]:
    return [f"{order} {count} times" for (_, order), count in Counter(ours.orders).items() if count > 1]


def _shipments_lost(ours: OurSide, theirs: Mapping[str, State]) -> list[str]:
    """Parcels that were recorded here, and that the marketplace was never told of."""
    told = {
        (account, parcel["order_id"], parcel["tracking_number"])
        for account, state in theirs.items()
        for parcel in state.shipments
    }
    return [tracking for account, order, tracking in ours.parcels if (account, order, tracking) not in told]


def _shipments_doubled(theirs: Mapping[str, State]) -> list[str]:
    """Parcels told of twice, and lines of which more left than was ordered."""
    parcels = Counter(
        (parcel["order_id"], parcel["tracking_number"]) for state in theirs.values() for parcel in state.shipments
    )
    doubled = [f"parcel {tracking} {count} times" for (_, tracking), count in parcels.items() if count > 1]
    for state in theirs.values():
        for order in state.orders.values():
            doubled += [
                f"{line['sku']} of {order['id']}: {line['quantity_shipped']} of {line['quantity']} left"
                for line in order["lines"]
                if line["quantity_shipped"] + line["quantity_cancelled"] > line["quantity"]
            ]
    return doubled


def _refunds_doubled(theirs: Mapping[str, State], asked: int) -> list[str]:
    done = sum(len(state.refunds) for state in theirs.values())
    return [f"{done} refunds, {asked} were asked for"] * max(done - asked, 0)


def _wanted(ours: OurSide) -> dict[str, dict[str, Any]]:
    return {sku: row for sku, row in ours.items.items() if row["on_label"]}


def _listings_wrong(ours: OurSide, theirs: Mapping[str, State]) -> list[str]:
    wanted = set(_wanted(ours))
    return [
        f"{sku} on {account} is {'missing' if sku in wanted else 'listed, but not on the label'}"
        for account, state in theirs.items()
        for sku in sorted(wanted ^ set(state.active))
    ]


def _quantities_wrong(ours: OurSide, theirs: Mapping[str, State]) -> list[str]:
    found = []
    for account, sku, row, listing in _pairs(ours, theirs):
        expected = expected_quantity(row["on_hand"] - row["reserved"])
        if listing["quantity"] != expected:
            found.append(f"{sku} on {account} shows {listing['quantity']}, expected {expected}")
    return found


def _prices_wrong(ours: OurSide, theirs: Mapping[str, State]) -> list[str]:
    return [
        f"{sku} on {account} costs {listing['price']}, expected {expected_price(row['price'])}"
        for account, sku, row, listing in _pairs(ours, theirs)
        if Decimal(listing["price"]) != expected_price(row["price"])
    ]


def _pairs(ours: OurSide, theirs: Mapping[str, State]) -> Iterable[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    for account, state in theirs.items():
        for sku, row in sorted(_wanted(ours).items()):
            if sku in state.active:
                yield account, sku, row, state.active[sku]


def _stock_mismatches(ours: OurSide, theirs: Mapping[str, State]) -> list[str]:
    """Stock against its movements, and against what the marketplace says is open and was shipped."""
    found = [f"{sku} is not the sum of its movements" for sku in ours.unbalanced]
    still_open: Counter[str] = Counter()
    shipped: Counter[str] = Counter()
    for state in theirs.values():
        for order in state.orders.values():
            for line in order["lines"]:
                shipped[line["sku"]] += line["quantity_shipped"]
                still_open[line["sku"]] += line["quantity"] - line["quantity_shipped"] - line["quantity_cancelled"]
    for sku, row in sorted(ours.items.items()):
        if row["reserved"] != still_open[sku]:
            found.append(f"{sku}: {row['reserved']} reserved, {still_open[sku]} open on the channels")
        left = ours.shipped.get(sku, 0) - ours.refused.get(sku, 0)
        if left != shipped[sku]:
            found.append(f"{sku}: {left} left the stock with parcels, {shipped[sku]} shipped on the channels")
    return found


def oversold_units(ours: OurSide, theirs: Mapping[str, State]) -> int:
    """Return the units that the marketplace accepted beyond what could be sold at that moment.

    What could be sold: on hand by our counts, less what buyers of both channels had taken by then, whether we knew of
    it or not. What was cancelled by then is free again.
    """
    events: list[tuple[datetime, int, str, int]] = [(at, 0, sku, units) for sku, at, units in ours.moves]
    for state in theirs.values():
        for order in state.orders.values():
            for line in order["lines"]:
                events.append((_moment(order["placed_at"]), 2, line["sku"], -line["quantity"]))
        for sku, at, units in _freed(state):
            events.append((at, 1, sku, units))
    left: Counter[str] = Counter()
    oversold = 0
    for _, kind, sku, units in sorted(events):
        if kind == 2:
            oversold += max(-units - max(left[sku], 0), 0)
        left[sku] += units
    return oversold


def _freed(state: State) -> Iterable[tuple[str, datetime, int]]:
    """Yield what cancellations set free; of a buyer's own the time is that of the order's last change."""
    for order in state.orders.values():
        for line in order["lines"]:
            if line["quantity_cancelled"]:
                yield line["sku"], _moment(order["updated_at"]), line["quantity_cancelled"]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _p95(values: Sequence[float]) -> float:
    ranked = sorted(values)
    return round(ranked[min(int(len(ranked) * 0.95), len(ranked) - 1)], 2) if ranked else 0.0

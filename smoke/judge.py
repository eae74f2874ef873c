"""Both sides against what was expected, and the one JSON object that says how it went."""

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from smoke.expectations import Expectations
from smoke.marketplace import State

#: Counts that prove something only when they are not 0.
MUST_NOT_BE_ZERO = (
    *("items", "listings_confirmed", "listings_on_channel", "orders_on_channel", "orders_stored"),
    *("order_lines_stored", "units_sold_on_channel", "units_reserved_or_shipped", "shipments_on_channel"),
    *("refunds_on_channel", "cancellations_on_channel", "ended_by_label", "ended_by_reconciler"),
    "third_party_managed_orders",
)


@dataclass
class Verdict:
    """The figures, and everything that is not as it must be."""

    figures: dict[str, Any]
    wrong: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.wrong


def judge(expected: Expectations, state: State, ours: dict[str, Any]) -> Verdict:
    """Compare what was expected with the marketplace's word, and our side's figures with both."""
    shown = state.active
    quantities, prices = mismatches(expected, state)
    figures = {
        "items": ours["items"],
        "listings_confirmed": ours["listings"].get("listed", 0),
        "listings_on_channel": len(shown),
        "quantity_mismatches": len(quantities),
        "price_mismatches": len(prices),
        "orders_on_channel": len(state.orders),
        "orders_stored": ours["orders_stored"],
        "order_lines_stored": ours["order_lines_stored"],
        "units_sold_on_channel": units_sold(state),
        "units_reserved_or_shipped": ours["units_reserved"] + ours["units_shipped"] + ours["units_consumed"],
        "shipments_on_channel": len(state.shipments),
        "refunds_on_channel": len(state.refunds),
        "cancellations_on_channel": len(state.cancellations),
        "ended_by_label": _ended(state, expected.removed),
        "ended_by_reconciler": _ended(state, expected.strays),
        "third_party_managed_orders": ours["third_party_managed_orders"],
        "ledger_open_rows": ours["ledger_open_rows"],
    }
    verdict = Verdict(figures, [*quantities, *prices])
    wanted = expected.listed
    for name, must_be in {
        "items": len(expected.items),
        "listings_confirmed": len(wanted),
        "listings_on_channel": len(wanted),
        "orders_on_channel": expected.orders,
        "orders_stored": expected.orders,
        "order_lines_stored": expected.lines,
        "units_sold_on_channel": expected.units,
        "units_reserved_or_shipped": expected.units,
        "shipments_on_channel": expected.shipments,
        "refunds_on_channel": expected.refunds,
        "cancellations_on_channel": expected.cancellations,
        "ended_by_label": len(expected.removed),
        "ended_by_reconciler": len(expected.strays),
        "third_party_managed_orders": expected.third_party,
        "ledger_open_rows": 0,
    }.items():
        if figures[name] != must_be:
            verdict.wrong.append(f"{name} is {figures[name]}, expected {must_be}")
    verdict.wrong += [f"on the channel, but not on the label: {sku}" for sku in sorted(set(shown) - set(wanted))[:20]]
    verdict.wrong += unsettled(ours)
    return verdict


def zeros(figures: dict[str, Any], *, besides: Collection[str] = ()) -> list[str]:
    """Return what proves nothing, since none of it happened; `besides` are those that could not happen here."""
    needed = [name for name in MUST_NOT_BE_ZERO if name not in besides]
    return [f"{name} is 0: nothing was proved" for name in needed if figures and not figures[name]]


def mismatches(expected: Expectations, state: State) -> tuple[list[str], list[str]]:
    """Return the quantities and the prices that are not shown as they must be."""
    quantities, prices = [], []
    for sku, (quantity, price) in expected.listed.items():
        listing = state.active.get(sku)
        if listing is None:
            quantities.append(f"{sku} is not on the channel")
            continue
        if listing["quantity"] != quantity:
            quantities.append(f"{sku} shows {listing['quantity']}, expected {quantity}")
        if Decimal(listing["price"]) != price:
            prices.append(f"{sku} costs {listing['price']}, expected {price}")
    return quantities, prices


def units_sold(state: State) -> int:
    """Return the units that buyers have ordered and kept."""
    lines = [line for order in state.orders.values() for line in order["lines"]]
    return sum(line["quantity"] - line["quantity_cancelled"] for line in lines)


def _ended(state: State, skus: set[str]) -> int:
    return sum(1 for sku in skus if state.listings.get(sku, {}).get("status") == "ended")


def unsettled(ours: dict[str, Any]) -> list[str]:
    """Return what our side still has to do, or could not do."""
    open_phases = sum(ours["submissions"].get(phase, 0) for phase in ("intent", "unknown", "open"))
    left = {
        "changes that no one looked at": ours["item_changes"] + ours["walks"] + ours["pending_changes"],
        "withdrawals that wait for a person": ours["held_withdrawals"],
        "submissions without an end": open_phases,
        "orders that were not read": ours["raw_orders"].get("new", 0),
        "orders that need attention": ours["raw_orders"].get("needs_attention", 0) + ours["orders_needing_attention"],
        "oversold orders": ours["orders_oversold"],
        "rejected commands": sum(n for name, n in ours["commands"].items() if name.endswith(" rejected")),
        "blocked jobs": sum(1 for job in ours["jobs"] if job["enabled"] and job["blocked"]),
    }
    return [f"{number} {what}" for what, number in left.items() if number]

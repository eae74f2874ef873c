"""Both sides against each other and against the book. No counter of the product is asked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from chaos.book import Book
from chaos.records import Line, Ours, Theirs
from chaos.stock import ledger_mismatches

#: What must be 0, in the order of the report.
KINDS = (
    "orders_lost", "orders_doubled", "shipments_lost", "shipments_doubled", "refunds_lost", "refunds_doubled",
    "listings_wrong", "quantities_wrong", "stock_ledger_mismatches", "ledger_open_rows", "refusals_without_cause",
)  # fmt: skip


@dataclass
class Findings:
    """Everything that is not as it must be: kind -> what exactly."""

    wrong: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    @property
    def all(self) -> list[str]:
        return [f"{kind}: {text}" for kind, texts in self.wrong.items() for text in texts]

    def counts(self) -> dict[str, int]:
        return {kind: len(texts) for kind, texts in self.wrong.items()}


def judge(ours: Ours, theirs: Sequence[Theirs], book: Book) -> Findings:
    """Return what is wrong once everything has settled."""
    found = Findings()
    lines = {(line.account_id, line.line_id): line for line in ours.lines}
    for side in theirs:
        _judge_orders(side, ours, lines, found)
        _judge_listings(side, ours, found)
    _judge_lines(ours.lines, found)
    _judge_parcels(ours, theirs, book, found)
    _judge_refunds(ours, theirs, book, found)
    _judge_refusals(ours, theirs, found)
    found.wrong["stock_ledger_mismatches"] += ledger_mismatches(ours.stock, book.on_hand())
    found.wrong["ledger_open_rows"] += [f"{number} {name}" for name, number in ours.open_rows.items()]
    return found


def _judge_orders(side: Theirs, ours: Ours, lines: Mapping[tuple[str, str], Line], found: Findings) -> None:
    """Every order of the sandbox is there once, with the sandbox's own numbers on each line."""
    rows = Counter(remote_id for account, remote_id in ours.orders if account == side.account_id)
    for remote_id, order in side.state.orders.items():
        if not rows[remote_id]:
            found.wrong["orders_lost"].append(f"{remote_id} is on the channel only")
            continue
        for theirs in order["lines"]:
            line = lines.get((side.account_id, theirs["id"]))
            if line is None or line.quantity != theirs["quantity"]:
                found.wrong["orders_lost"].append(f"{theirs['id']} of {remote_id} is not what was bought")
                continue
            if line.shipped < theirs["quantity_shipped"] or line.cancelled != theirs["quantity_cancelled"]:
                found.wrong["orders_lost"].append(f"what happened to {theirs['id']} is not known here")
            if line.told_shipped != theirs["quantity_shipped"]:
                kind = "shipments_lost" if line.told_shipped > theirs["quantity_shipped"] else "shipments_doubled"
                found.wrong[kind].append(
                    f"{theirs['id']}: told {line.told_shipped} shipped, the channel has {theirs['quantity_shipped']}"
                )
    found.wrong["orders_doubled"] += [
        f"{remote_id} stands {times} times" for remote_id, times in rows.items() if times > 1
    ]
    found.wrong["orders_doubled"] += [
        f"{remote_id} was never sold" for remote_id in rows if remote_id not in side.state.orders
    ]


def _judge_lines(lines: Sequence[Line], found: Findings) -> None:
    """Each line's movements hold what is open and have taken what left, once."""
    for line in lines:
        gone = min(line.shipped, line.quantity)
        reserved = max(line.quantity - gone - line.cancelled, 0)
        if (line.reserved, line.gone) == (reserved, gone):
            continue
        is_doubled = line.reserved > reserved or line.gone > gone
        found.wrong["orders_doubled" if is_doubled else "stock_ledger_mismatches"].append(
            f"{line.line_id} holds {line.reserved} and took {line.gone}, not {reserved} and {gone}"
        )


def _judge_listings(side: Theirs, ours: Ours, found: Findings) -> None:
    """The sandbox shows what is on the label, and nothing else, with our price and what is available."""
    shown = side.state.active
    for sku, price in ours.labelled.items():
        listing = shown.get(sku)
        if listing is None:
            found.wrong["listings_wrong"].append(f"{sku} is not on {side.account_id}")
            continue
        if Decimal(listing["price"]) != price:
            found.wrong["listings_wrong"].append(f"{sku} costs {listing['price']} on {side.account_id}, not {price}")
        stock = ours.stock[sku]
        available = max(stock.on_hand - stock.reserved, 0)
        if listing["quantity"] != available:
            found.wrong["quantities_wrong"].append(
                f"{sku} shows {listing['quantity']} on {side.account_id}, not {available}"
            )
    found.wrong["listings_wrong"] += [
        f"{sku} is on {side.account_id}, but not on the label" for sku in shown if sku not in ours.labelled
    ]


def _judge_parcels(ours: Ours, theirs: Sequence[Theirs], book: Book, found: Findings) -> None:
    """Every parcel of the book was recorded once, and told once for each of its lines."""
    recorded = Counter(ours.parcels)
    told = Counter(
        (parcel["tracking_number"], line["line_id"])
        for side in theirs
        for parcel in side.state.shipments
        for line in parcel["lines"]
    )
    found.wrong["shipments_doubled"] += [f"{number} was recorded {n} times" for number, n in recorded.items() if n > 1]
    found.wrong["shipments_doubled"] += [f"{key} was told {n} times" for key, n in told.items() if n > 1]
    found.wrong["shipments_doubled"] += [f"{number} is in no book" for number in recorded if number not in book.parcels]
    found.wrong["shipments_lost"] += [f"{number} was not recorded" for number in book.parcels if not recorded[number]]
    for side in theirs:
        for order in side.state.orders.values():
            found.wrong["shipments_doubled"] += [
                f"{line['id']}: {line['quantity_shipped']} of {line['quantity']} shipped"
                for line in order["lines"]
                if line["quantity_shipped"] + line["quantity_cancelled"] > line["quantity"]
            ]


def _judge_refunds(ours: Ours, theirs: Sequence[Theirs], book: Book, found: Findings) -> None:
    """Each order got back the money that was asked for, in as many refunds, or the marketplace refused it."""
    times: Counter[str] = Counter()
    money: dict[str, Decimal] = {}
    for refusal in ours.rejected:
        if refusal.kind == "refund":
            times[refusal.order_id] += 1
            money[refusal.order_id] = money.get(refusal.order_id, Decimal(0)) + refusal.amount
    for side in theirs:
        for refund in side.state.refunds:
            times[refund["order_id"]] += 1
            back = sum((Decimal(line["amount"]) for line in refund["lines"]), Decimal(0))
            money[refund["order_id"]] = money.get(refund["order_id"], Decimal(0)) + back
    for order_id in sorted(set(times) | set(book.refunds)):
        asked, got = book.refunded.get(order_id, Decimal(0)), money.get(order_id, Decimal(0))
        if (times[order_id], got) == (book.refunds[order_id], asked):
            continue
        kind = "refunds_doubled" if got > asked or times[order_id] > book.refunds[order_id] else "refunds_lost"
        found.wrong[kind].append(f"{order_id}: {got} in {times[order_id]}, asked {asked} in {book.refunds[order_id]}")


def _judge_refusals(ours: Ours, theirs: Sequence[Theirs], found: Findings) -> None:
    """The marketplace refused nothing, except about orders of which something was cancelled there meanwhile."""
    cancelled = {
        order_id
        for side in theirs
        for order_id, order in side.state.orders.items()
        if any(line["quantity_cancelled"] for line in order["lines"])
    }
    found.wrong["refusals_without_cause"] += [
        f"{refusal.kind} of {refusal.order_id} was refused: {refusal.code}"
        for refusal in ours.rejected
        if refusal.order_id not in cancelled
    ]

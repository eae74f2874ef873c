"""What the people did, as far as they were told that it worked: the judge's own memory, asked of nobody."""

import threading
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal


class Book:
    """Written by the people's threads, read by the judge once they have gone home."""

    def __init__(self, on_hand: dict[str, int]) -> None:
        self._lock = threading.Lock()
        self._on_hand = Counter(on_hand)
        #: Tracking numbers.
        self.parcels: set[str] = set()
        #: Order id -> money given back, and how many times.
        self.refunds: Counter[str] = Counter()
        self.refunded: dict[str, Decimal] = {}
        self.sold = self.refused = 0
        self.done: Counter[str] = Counter()

    def moved(self, sku: str, units: int) -> None:
        """So many more stand on the shelf, or less."""
        with self._lock:
            self._on_hand[sku] += units

    def parcel(self, tracking_number: str, units: Iterable[tuple[str, int]]) -> None:
        """A parcel left with these units of these SKUs."""
        with self._lock:
            self.parcels.add(tracking_number)
            for sku, number in units:
                self._on_hand[sku] -= number

    def refund(self, order_id: str, amount: Decimal) -> None:
        with self._lock:
            self.refunds[order_id] += 1
            self.refunded[order_id] = self.refunded.get(order_id, Decimal(0)) + amount

    def did(self, what: str) -> None:
        with self._lock:
            self.done[what] += 1

    def on_hand(self) -> dict[str, int]:
        with self._lock:
            return dict(self._on_hand)

"""One seller and one inventory on all channels at once: what is sold on one is no longer offered on the others."""

import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from smoke.browser import Browser
from smoke.channels import Kind
from smoke.expectations import Expectations
from smoke.files import Input, Sale, items_csv
from smoke.judge import Verdict, mismatches, units_sold, unsettled
from smoke.marketplace import Marketplace, State
from smoke.seller import OWNER, PASSWORD, SLUG, Seller
from smoke.stack import Stack
from smoke.waiting import patience, wait_until
from smoke.watch import Watch

LABEL = "On all marketplaces"


class Place:
    """The seller's account on one channel, and what it must show."""

    def __init__(self, kind: Kind, expected: Expectations) -> None:
        self.kind = kind
        self.expected = expected
        self.watch = Watch(kind)
        #: Quantities that fell here, since somebody bought on another channel.
        self.falls = 0
        #: Longest time from a sale on another channel until the right quantities stood here.
        self.seconds_to_follow = 0.0

    def open(self) -> None:
        """The marketplace is there, and set up."""
        self.marketplace = Marketplace(self.watch.target)
        self.marketplace.settle_in(**self.kind.marketplace)

    def missing(self, state: State) -> list[str]:
        """Return what this channel does not show as it must."""
        quantities, prices = mismatches(self.expected, state)
        orders = len(state.orders)
        wrong = [f"{orders} orders, expected {self.expected.orders}"] if orders != self.expected.orders else []
        surplus = sorted(set(state.active) - self.expected.on_label)
        wrong += [*quantities, *prices, *(f"{sku} is not on the label" for sku in surplus[:20])]
        return [f"{self.kind.name}: {text}" for text in wrong]

    def figures(self, state: State) -> dict[str, Any]:
        quantities, prices = mismatches(self.expected, state)
        return {
            "listings_on_channel": len(state.active),
            "quantity_mismatches": len(quantities),
            "price_mismatches": len(prices),
            "orders_on_channel": len(state.orders),
            "units_sold_on_channel": units_sold(state),
            "quantities_lowered_by_others": self.falls,
            "seconds_to_follow_others": round(self.seconds_to_follow, 1),
            **self.watch.figures(),
        }


class Together:
    """One run; `verdict` is what the judge says in the end."""

    def __init__(self, stack: Stack, given: Input, kinds: Sequence[Kind]) -> None:
        self.stack = stack
        self.given = given
        # One stock: what is taken on one channel is taken on all.
        taken: Counter[str] = Counter()
        self._labelled: set[str] = set()
        self.places = [
            Place(
                kind,
                Expectations(given.items, rate=kind.rate(given.prices()), taken=taken, on_label=self._labelled),
            )
            for kind in kinds
        ]
        #: When each channel first showed what the last step wants.
        self._followed: dict[Place, float] = {}
        self.verdict = Verdict({})
        self.problems: list[str] = []
        slowest = min(kind.listings_per_second for kind in kinds)
        self._patience = patience(items=len(given.items), orders=len(given.sales), listings_per_second=slowest)
        self._started = time.monotonic()

    def run(self) -> Verdict:
        """The items are on every channel; then buyers buy on one after the other, and all the others follow."""
        self._begin()
        for place in self.places:
            self._say(f"activate {place.kind.name}")
            self._activate(place)
        self._labelled |= set(self.given.items)
        self._agree("all channels after the first feed")
        for number, place in enumerate(self.places):
            self._say(f"sell on {place.kind.name}")
            self._sell(place, self.given.sales[number :: len(self.places)])
        # Once more, with what the last sale has lowered.
        self._agree("all channels at the end")
        self._say("judged")
        return self.verdict

    def stop(self) -> None:
        """Nothing is watched any more."""
        for place in self.places:
            place.watch.stop()

    def figures(self) -> dict[str, Any]:
        """Return what is told besides the verdict's figures: the sums over all channels."""
        told = [place.watch.figures() for place in self.places]
        names = ("requests_validated", "responses_validated", "contract_violations")
        return {name: sum(one[name] for one in told) for name in names}

    def unproved(self) -> list[str]:
        """Return what is wrong apart from the verdict: channels that nothing happened on, and broken contracts."""
        silent = [
            f"{place.kind.name}: no {what}: nothing was proved"
            for place in self.places
            for what, number in {"order": place.expected.orders, "quantity was lowered by others": place.falls}.items()
            if not number
        ]
        return [*silent, *(text for place in self.places for text in place.watch.wrong())]

    # --- the steps ----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        watched = [place for place in self.places if not place.kind.is_native]
        allowed = [option for place in watched for option in ("--allow", place.watch.host)]
        simulators = " ".join(place.kind.name for place in watched)
        # As patient as the one that must be asked least often.
        speed_up = min(place.kind.speed_up for place in watched)
        self.stack.start("--simulators", simulators, *allowed, SPEED_UP=str(speed_up))
        for place in self.places:
            place.watch.follow(self.stack)
            place.open()
        self.stack.manage("add_seller", SLUG, "--owner", OWNER, NEW_PASSWORD=PASSWORD)
        self.seller = Seller(Browser(self.stack.web), SLUG)
        self.seller.sign_in(OWNER, PASSWORD)
        self.seller.import_items(items_csv(self.given.items))
        self.seller.make_label(LABEL)
        self.seller.label_all_items(LABEL)

    def _activate(self, place: Place) -> None:
        name = place.kind.name
        self.seller.add_channel(name, name=f"Smoke on {name}")
        self.seller.connect(label=LABEL, account=place.kind.fields(place.watch.url), rate=place.expected.rate)
        self.seller.switch(listings=True, orders=True)
        pressed = self.seller.press("activate")
        state = self.stack.report()["channels"][-1]["state"]
        if state != "testing":
            raise RuntimeError(f"{name} is in {state} after Save and Activate: {pressed.words[-3500:]}")
        place.marketplace.find_account()

    def _sell(self, place: Place, sales: Sequence[Sale]) -> None:
        """Buyers buy here; every order is stored and accepted, and all channels show what is left."""
        others = [other for other in self.places if other is not place]
        before = {other: other.marketplace.state() for other in others}
        place.marketplace.buy(sales)
        for sale in sales:
            place.expected.bought(sale)
        bought = time.monotonic()
        after = self._agree(f"all channels after the sales on {place.kind.name}")
        for other in others:
            fallen = falls(before[other], after[other])
            other.falls += fallen
            other.seconds_to_follow = max(other.seconds_to_follow, self._followed[other] - bought)
            self._say(f"  {other.kind.name}: {fallen} quantities are lower")

    def _agree(self, when: str) -> dict[Place, State]:
        """All sides show what is expected, and nothing is left to do. Raises TooLong with what is not so."""
        states: dict[Place, State] = {}
        self._followed = {}

        def missing() -> str:
            states.update((place, place.marketplace.state()) for place in self.places)
            self.verdict = self._judge(states, self.stack.report())
            return "; ".join(self.verdict.wrong[:6])

        wait_until(when, missing, seconds=self._patience, every=0.7)
        return states

    def _judge(self, states: dict[Place, State], ours: dict[str, Any]) -> Verdict:
        verdict = Verdict({"channels": {place.kind.name: place.figures(states[place]) for place in self.places}})
        for place in self.places:
            missing = place.missing(states[place])
            verdict.wrong += missing
            if not missing:
                self._followed.setdefault(place, time.monotonic())
        expected = [place.expected for place in self.places]
        for name, (figure, must_be) in {
            "items": (ours["items"], len(self.given.items)),
            "listings_confirmed": (ours["listings"].get("listed", 0), len(self._labelled) * len(self.places)),
            "orders_stored": (ours["orders_stored"], sum(one.orders for one in expected)),
            "order_lines_stored": (ours["order_lines_stored"], sum(one.lines for one in expected)),
            "units_reserved": (ours["units_reserved"], sum(one.units for one in expected)),
            "ledger_open_rows": (ours["ledger_open_rows"], 0),
        }.items():
            verdict.figures[name] = figure
            if figure != must_be:
                verdict.wrong.append(f"{name} is {figure}, expected {must_be}")
        verdict.wrong += unsettled(ours)
        return verdict

    def _say(self, text: str) -> None:
        print(f"{time.monotonic() - self._started:6.1f} s  {text}", file=sys.stderr, flush=True)


def falls(before: State, after: State) -> int:
    """Return how many listings show less than they did."""
    shared = before.active.keys() & after.active.keys()
    return sum(1 for sku in shared if after.active[sku]["quantity"] < before.active[sku]["quantity"])

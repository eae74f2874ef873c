"""The whole story: a seller goes from an empty site to a Live channel, and the marketplace is looked at all the way."""

import sys
import time
from typing import Any

from smoke.browser import Browser
from smoke.channels import Kind
from smoke.expectations import Expectations
from smoke.files import Input, items_csv
from smoke.judge import Verdict, judge, zeros
from smoke.killer import Killer
from smoke.marketplace import Marketplace
from smoke.orders import OrderDesk
from smoke.plan import Plan
from smoke.seller import OWNER, PASSWORD, SLUG, Seller
from smoke.stack import Stack
from smoke.support import SupportDesk
from smoke.waiting import patience, wait_until
from smoke.watch import Watch

SUPPORT = "support@smoke.example"
LABEL = "On the marketplace"
AFTER_TESTING_SECONDS = 30 * 24 * 3600 + 3600

#: Fewer killed processes than that prove little.
ENOUGH_KILLS = 3


class Journey:
    """One run; `verdict` is what the judge says in the end."""

    def __init__(self, stack: Stack, given: Input, kind: Kind, *, kill: bool) -> None:
        self.stack = stack
        self.kind = kind
        self.given = given
        self.plan = Plan.of(given).without(asking=not kind.buyers_ask, third_party=not kind.third_party)
        self.watch = Watch(kind)
        self.expected = Expectations(given.items, rate=kind.rate(given.prices()))
        self.killer = Killer(stack) if kill else None
        self.problems: list[str] = []
        self._patience = patience(
            items=len(given.items), orders=len(given.sales), listings_per_second=kind.listings_per_second
        )
        #: The judge's last word.
        self.verdict = Verdict({})
        self._started = time.monotonic()

    def run(self) -> Verdict:
        """Do everything, then judge. Whatever goes wrong on the way is in the verdict."""
        self._begin()
        for step in (
            self.import_and_label,
            self.activate,
            self.describe_products,
            self.sell_to_others,
            self.sell,
            self.fulfil,
            self.take_off_the_label,
            self.reconcile,
            self.go_live,
            self.use_what_live_allows,
            self.ask_support,
        ):
            self._say(step.__name__.replace("_", " "))
            step()
        self._say("judged")
        verdict = self._agree("at the end")
        verdict.wrong += self.problems
        return verdict

    def stop(self) -> None:
        """Nothing is watched any more."""
        self.watch.stop()

    def figures(self) -> dict[str, Any]:
        """Return what is told besides the verdict's figures."""
        return {**self.watch.figures(), "kills": len(self.killer.kills) if self.killer else 0}

    def unproved(self) -> list[str]:
        """Return what is wrong apart from the verdict: what was never done, and what broke the contract."""
        impossible = [
            *([] if self.kind.third_party else ["third_party_managed_orders"]),
            *([] if self.kind.refunds or self.kind.returns else ["refunds_on_channel"]),
        ]
        wrong = [*zeros(self.verdict.figures, besides=impossible), *self.watch.wrong(), *self.watch.unused()]
        if self.killer and len(self.killer.kills) < ENOUGH_KILLS:
            wrong.append(f"only {len(self.killer.kills)} processes were killed")
        return wrong

    # --- the steps ----------------------------------------------------------------------------------------------

    def import_and_label(self) -> None:
        self.seller.import_items(items_csv(self.given.items))
        self.seller.make_label(LABEL)
        self.seller.label_all_items(LABEL)

    def activate(self) -> None:
        """Set up, refused while something is missing, activated; then everything is listed and confirmed."""
        self.seller.add_channel(self.kind.name)
        self._check("active" not in self._state(), "a channel without label and account was activated")
        refused = self.seller.press("activate")
        self._check(refused.status == 422, "Save and Activate with everything missing was not refused")
        self.seller.set_up(label=LABEL, account=self.kind.fields(self.watch.url, good=False))
        refused = self.seller.press("activate")
        self._check(refused.status == 422, "Save and Activate with a wrong secret was not refused")
        self.seller.connect(label=LABEL, account=self.kind.fields(self.watch.url), rate=self.expected.rate)
        self._strike("content", "results", "offers")
        self.seller.switch(listings=True, orders=True)
        pressed = self.seller.press("activate")
        if self._state() != "testing":
            raise RuntimeError(f"The channel is in {self._state()} after Save and Activate: {pressed.words[-3500:]}")
        self.marketplace.find_account()
        self.expected.on_label = set(self.given.items)
        self._struck()
        self._agree("after the first feed")

    def describe_products(self) -> None:
        """Items of one category go out as new products, with what the marketplace wants to know of them."""
        if not self.kind.category:
            return
        self.seller.map_category(self.plan.described, self.kind.category)
        changing = "Would change "
        wait_until(
            "the products are described",
            lambda: "" if (left := self.seller.foreseen(changing)) == "0" else f"{changing}{left}",
            seconds=self._patience,
        )
        self._check(self.seller.foreseen("Would be refused ") == "0", "the preview says that products are refused")
        self._agree("after the products")

    def sell_to_others(self) -> None:
        """With Fulfillments off, orders come in as Third Party Managed."""
        if not self.kind.third_party:
            return
        self.seller.switch(fulfillments=False)
        self._buy(self.plan.third_party, third_party=True)
        self._wait_for_orders()
        self.seller.switch(fulfillments=True)

    def sell(self) -> None:
        """Buyers buy; every order is stored, reserved and accepted, and the quantities follow."""
        self._strike("orders", "offers", "commands")
        self._buy(self.plan.ours)
        self._struck()
        self._wait_for_orders()
        self._say("  all orders are stored")
        self._agree("after the sales")

    def fulfil(self) -> None:
        """Parcels leave, money goes back, orders are cancelled, buyers ask for it."""
        desk = OrderDesk(self.seller, self.marketplace, self.expected, self.order_ids, kind=self.kind)
        self._strike("commands", "offers", "orders")
        desk.buyers_change_their_minds(self.plan)
        desk.serve(self.plan)
        self._say("  the pages are done")
        self._struck()
        self._agree("after fulfillment")
        if self.kind.refunds:
            desk.refund(self.plan.refunded)
            self._agree("after the refunds")
        if self.kind.returns:
            desk.take_back(self.plan.returned)
            self._agree("after the returns")

    def take_off_the_label(self) -> None:
        self.seller.unlabel(LABEL, self.plan.unlabelled)
        self.expected.on_label -= set(self.plan.unlabelled)
        self.expected.removed = set(self.plan.unlabelled)
        self._agree("after items left the label")

    def reconcile(self) -> None:
        """Strays on the marketplace are ended."""
        self.marketplace.put_strays(self.plan.strays)
        self.expected.strays = set(self.plan.strays)
        self._strike("reconcile", "offers", "orders")
        self.seller.switch(reconciler=True)
        self._struck()
        self._agree("after the reconciler")
        self.seller.switch(reconciler=False, **({"fulfillments": False} if self.kind.third_party else {}))

    def go_live(self) -> None:
        """Thirty days later the clock alone has made the channel Live; some listings have vanished meanwhile."""
        self.marketplace.vanish(self.plan.vanished)
        self._leave()
        self.stack.stop()
        self._start(clock_offset=AFTER_TESTING_SECONDS)
        self._arrive()
        wait_until("Live by the clock alone", lambda: "" if self._state() == "live" else self._state(), seconds=90)

    def use_what_live_allows(self) -> None:
        """In Live the seller may switch on Reconciler and Fulfillments; everything else is refused.

        The reconciler finds what vanished: it judges nothing that was sent in the last minutes, so not earlier.
        """
        locked = self.seller.locked_switches()
        expected = {"listings", "orders"} | (set() if self.kind.third_party else {"fulfillments"})
        self._check(locked == expected, f"Live locks {sorted(locked)}, not {sorted(expected)}")
        self.seller.switch(reconciler=True, **({"fulfillments": True} if self.kind.third_party else {}))
        self._check(all(self._switches().values()), f"after switching all on, the switches are {self._switches()}")
        for name in ("listings", "orders", "reconciler", "fulfillments"):
            self.seller.force_switch(name, on=False)
            self._check(self._switches()[name], f"in Live the seller could switch off {name}")
        self.seller.force_deactivation()
        self._check(self._state() == "live", "in Live the seller could deactivate")

    def ask_support(self) -> None:
        """What Live locks the seller asks for; support applies it with one click, and the seller reads the answer."""
        self.seller.ask_support("orders_off", "We move to another warehouse.")
        self.stack.manage("add_support", SUPPORT, NEW_PASSWORD=PASSWORD)
        desk = SupportDesk(Browser(self.stack.web))
        desk.sign_in(SUPPORT, PASSWORD)
        desk.apply_the_only_request("Enjoy the new place.")
        desk.browser.close()
        self._check(not self._switches()["orders"], "support applied the request, and Orders is still on")
        shown = self._browser.open(f"{self.seller.channel}settings/").words
        self._check("Enjoy the new place." in shown, "the seller cannot read what support answered")

    # --- what steps need ----------------------------------------------------------------------------------------

    def _start(self, *, clock_offset: int = 0) -> None:
        """The product runs, and beside it the marketplace, watched."""
        options = [] if self.kind.is_native else ["--simulators", self.kind.name, "--allow", self.watch.host]
        self.stack.start(*options, clock_offset=clock_offset, SPEED_UP=str(self.kind.speed_up))
        self.watch.follow(self.stack)

    def _begin(self) -> None:
        self._start()
        Marketplace(self.watch.target).settle_in(**self.kind.marketplace)
        self.stack.manage("add_seller", SLUG, "--owner", OWNER, NEW_PASSWORD=PASSWORD)
        self.order_ids: dict[str, str] = {}
        self._channel, self._account = "", ""
        self._arrive()

    def _arrive(self) -> None:
        self._browser = Browser(self.stack.web)
        self.marketplace = Marketplace(self.watch.target)
        self.marketplace.account_id = self._account
        self.seller = Seller(self._browser, SLUG)
        self.seller.channel = self._channel
        self.seller.sign_in(OWNER, PASSWORD)

    def _leave(self) -> None:
        self._channel, self._account = self.seller.channel, self.marketplace.account_id
        self._browser.close()
        self.marketplace.close()

    def _buy(self, sales: list[Any], *, third_party: bool = False) -> None:
        self.order_ids |= self.marketplace.buy(sales)
        for sale in sales:
            self.expected.bought(sale, third_party=third_party)

    def _wait_for_orders(self) -> None:
        def missing() -> str:
            ours = self.stack.report()
            stored = ours["orders_stored"]
            waiting = ours["raw_orders"].get("new", 0)
            return (
                "" if (stored, waiting) == (self.expected.orders, 0) else f"{stored} of {self.expected.orders} orders"
            )

        wait_until("orders stored", missing, seconds=self._patience)

    def _agree(self, when: str) -> Verdict:
        """Both sides show what is expected, and nothing is left to do. Raises TooLong with what is not so."""

        def missing() -> str:
            self.verdict = judge(self.expected, self.marketplace.state(), self.stack.report())
            return "; ".join(self.verdict.wrong[:6])

        wait_until(when, missing, seconds=self._patience, every=0.7)
        return self.verdict

    def _strike(self, *kinds: str) -> None:
        if self.killer:
            self.killer.strike(*kinds)

    def _struck(self) -> None:
        if self.killer:
            self.killer.wait()
            self._say(f"killed process {self.killer.kills[-1]['pid']}, which held {self.killer.kills[-1]['kind']}")

    def _state(self) -> str:
        return str(self.stack.report()["channels"][0]["state"])

    def _switches(self) -> dict[str, bool]:
        switches: dict[str, bool] = self.stack.report()["channels"][0]["switches"]
        return switches

    def _check(self, true: bool, otherwise: str) -> None:
        if not true:
            self._say(f"WRONG: {otherwise}")
            self.problems.append(otherwise)

    def _say(self, text: str) -> None:
        print(f"{time.monotonic() - self._started:6.1f} s  {text}", file=sys.stderr, flush=True)

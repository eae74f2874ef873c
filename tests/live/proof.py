"""The whole product against one real server: listed, killed in the middle, reconciled, sold, served, ended."""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from smoke.stack import Stack
from smoke.waiting import wait_until
from tests.live.backoffice import SHIPPING, BackOffice
from tests.live.goods import changed
from tests.live.server import Server
from tests.live.shop import LABEL, Shop

#: Mercur's tokens run out many times in a run.
SIGN_IN_LASTS = "20s"
SINGLES, GROUPS = 40, 15
CARTS = 8
_AGREE_SECONDS = 180.0
#: The reconciler judges nothing that was sent in the last minutes: instead of waiting, what was sent is made older.
_MAKE_OLDER = """
from datetime import timedelta
from django.db.models import F
from channels_app.models import ChannelJob, Listing
Listing.objects.update(last_line_at=F("last_line_at") - timedelta(hours=1))
ChannelJob.objects.filter(kind="reconcile").update(next_run_at=F("next_run_at") - timedelta(days=2))
"""
#: Says which jobs are to run at once or run now, and which runs wait for their export; nothing if none.
_AT_REST = """
from channels_app.models import ChannelJob, ReconcileRun
from marketplace_integration.clock import now
jobs = ChannelJob.objects.filter(kind="reconcile", enabled=True)
print(*(job for job in jobs if job.claim_expires_at or job.next_run_at <= now()))
print(*ReconcileRun.objects.filter(state__in=("exporting", "planned")))
"""


class Proof:
    """One run; `figures` is what came of it, `wrong` what is not as it must be."""

    def __init__(self, server: Server, stack: Stack) -> None:
        self.server = server
        self.stack = stack
        self.figures: dict[str, Any] = {}
        self.wrong: list[str] = []
        self._began = time.monotonic()
        self._counts: Counter[str] = Counter()

    def run(self) -> None:
        for step in (
            self.open,
            self.list_everything,
            self.kill_in_the_middle,
            self.find_what_somebody_changed,
            self.sell,
            self.serve,
            self.end,
        ):
            self._say(step.__name__.replace("_", " "))
            step()
        self.figures |= {**self._counts, "wrong_at_the_end": len(self._differences())}
        self._check(not self._differences(), f"at the end: {self._differences()[:5]}")
        self._judge()

    # --- the steps ----------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Server and product run; a wrong secret is refused, the right one activates."""
        self.server.prepare()
        self.server.start()
        self.office = BackOffice(self.server.kind, self.server.url)
        self.office.open_shop("Alpha Shop", "Beta Store")
        os.environ["OUTBOUND_ALLOWED_HOSTS"] = self.server.url.removeprefix("http://")
        self.stack.start()
        slugs = ("alpha", "beta")[: len(self.office.logins)]
        self.shops = [
            Shop(self.stack, self.office, login, slug, singles=SINGLES, groups=GROUPS)
            for slug, login in zip(slugs, self.office.logins, strict=True)
        ]
        for shop in self.shops:
            shop.open()
        self._check(self.shops[0].connect(secret="not-the-secret") == 422, "a wrong secret was not refused")

    def list_everything(self) -> None:
        """Every item is on sale at its price and quantity, variations of one parent as variants of one product."""
        began = time.monotonic()
        for shop in self.shops:
            self._check(shop.connect(secret=shop.login.secret) == 200, f"{shop.slug} could not activate")
        count = sum(len(shop.goods) for shop in self.shops)
        self._agree("after the first feed")
        seconds = time.monotonic() - began
        self.figures |= {"listings": count, "listings_per_second": round(count / seconds, 1)}
        misplaced = [sku for shop in self.shops for sku in shop.misplaced()]
        self._check(not misplaced, f"not variants of one product: {misplaced[:5]}")

    def kill_in_the_middle(self) -> None:
        """All prices and quantities change; the server is killed while they go out, and comes back."""
        for shop in self.shops:
            shop.bring({sku: changed(good) for sku, good in shop.goods.items()})
        total = len(self._differences())
        wait_until("some changes are out", self._nothing_out(total), seconds=60, every=0.05)
        left = len(self._differences())
        self.server.kill()
        self.figures["changes_out_when_killed"] = f"{total - left} of {total}"
        time.sleep(5)
        self.server.start()
        self._counts["kills"] += 1
        self._agree("after the server was killed")
        found = self._reconcile()
        self.figures["differences_after_the_kill"] = found

    def find_what_somebody_changed(self) -> None:
        """Behind our back a price and a quantity change, one listing vanishes, one appears; all is mended."""
        for shop in self.shops:
            self.office.tamper(shop.login, list(shop.goods)[:3], stray=f"{shop.slug.upper()}-STRAY")
        found = self._reconcile()
        self.figures["differences_made"] = found
        self._check(found >= 4 * len(self.shops), f"the reconciler found {found} of {4 * len(self.shops)} differences")
        self._agree("after the reconciler")
        self.figures["differences_left"] = self._reconcile()
        self._check(self.figures["differences_left"] == 0, "the reconciler still finds differences")

    def sell(self) -> None:
        """Buyers order, on Mercur from both sellers in one cart; every order is stored and the quantities follow."""
        self.orders: list[tuple[Shop, str, dict[str, int]]] = []
        for number in range(CARTS):
            parts = [(shop, {_nth(shop, number): 3, _nth(shop, -1 - number): 1}) for shop in self.shops]
            self._buy(parts if number % 2 == 0 else parts[:1])
        wait_until("orders stored", self._orders_missing, seconds=_AGREE_SECONDS)
        self._agree("after the sales")
        self._counts["orders"] = len(self.orders)

    def serve(self) -> None:
        """Parcels leave in parts, money goes back, orders are cancelled by both sides."""
        first, second, third, fourth, *others = self.orders
        for shop, order, lines in (first, second):
            sku = max(lines, key=lambda one: lines[one])
            shop.orders.ship(order, {sku: 1}, "1ZPART")
            shop.orders.ship(order, {**lines, sku: lines[sku] - 1}, "1ZREST")
        for shop, order, lines in others:
            shop.orders.ship(order, lines, "1ZALL")
        shop, order, lines = third
        shop.orders.cancel(order, lines)
        self._put_back(third)
        self.office.cancel(fourth[1])
        self._put_back(fourth)
        self._done("parcels and cancellations", self._unserved)
        self._counts.update(parcels=4 + len(others), cancelled_by_us=1, cancelled_there=1)
        self._give_back(first, "2.50")  # on Mercur its payment is another seller's too
        self._give_back(others[-1], "2.50", "1.25")
        self._agree("after the orders were served")

    def _give_back(self, sold: tuple[Shop, str, dict[str, int]], *amounts: str) -> None:
        shop, order, _ = sold
        for amount in amounts:
            shop.orders.refund(order, Decimal(amount))
            self._counts["refunds"] += 1
        wanted = sum(map(Decimal, amounts), Decimal(0))
        self._done("refunds", lambda: [] if self.office.refunded(order) == wanted else [f"{order} is not refunded"])

    def end(self) -> None:
        """Items leave the label: their listings end, a whole product as well as one variant of several."""
        for shop in self.shops:
            single = list(shop.goods)[-6]
            shop.unlabelled = {_nth(shop, 20), list(shop.goods)[SINGLES + 4 * 10], single}
            shop.seller.unlabel(LABEL, shop.unlabelled)
            self._counts["ended"] += len(shop.unlabelled)
        self._agree("after items left the label")

    # --- what steps need ----------------------------------------------------------------------------------------------

    def _buy(self, parts: list[tuple[Shop, dict[str, int]]]) -> None:
        """One buyer's cart, and the orders it becomes, each with the shop that has its lines."""
        variants: dict[str, int] = {}
        for shop, lines in parts:
            shown = self.office.listings(shop.login)
            variants |= {shown[sku]["variant"]: quantity for sku, quantity in lines.items()}
        for order in self.office.buy(variants):
            skus = {item["variant_sku"] for item in self.office.order(order)["items"]}
            shop, lines = next((shop, lines) for shop, lines in parts if skus == set(lines))
            self.orders.append((shop, order, lines))
            shop.free.subtract(lines)

    def _put_back(self, sold: tuple[Shop, str, dict[str, int]]) -> None:
        shop, _, lines = sold
        shop.free.update(lines)

    def _unserved(self) -> list[str]:
        """Return the orders that the server does not show as they should be."""
        wanted = ["shipped"] * len(self.orders)
        wanted[2] = wanted[3] = "canceled"
        states = [self.office.order(order) for _, order, _ in self.orders]
        shown = [one["status"] if one["status"] == "canceled" else one["fulfillment_status"] for one in states]
        return [
            f"{order[1]}: {is_so}" for order, is_so, be in zip(self.orders, shown, wanted, strict=True) if is_so != be
        ]

    def _reconcile(self) -> int:
        """Return how many differences one more run of each channel finds, once all it plans is done."""
        for shop in self.shops:
            shop.seller.switch(reconciler=True)
        wait_until("no run is due or under way", lambda: self._ask(_AT_REST), seconds=_AGREE_SECONDS, every=1.0)
        before = self.stack.report()
        self.stack.manage("shell", "-c", _MAKE_OLDER)
        wanted = sum(before["reconcile_runs"].values()) + len(self.shops)
        wait_until("reconciled", lambda: self._runs_missing(wanted), seconds=_AGREE_SECONDS)
        after = self.stack.report()
        return sum(after["differences"].values()) - sum(before["differences"].values())

    def _ask(self, question: str) -> str:
        return self.stack.manage("shell", "-v", "0", "-c", question).strip()

    def _runs_missing(self, wanted: int) -> str:
        runs = self.stack.report()["reconcile_runs"]
        ended = sum(number for state, number in runs.items() if state not in ("exporting", "planned"))
        return "" if ended >= wanted else f"{runs}, wanted {wanted}"

    def _orders_missing(self) -> str:
        ours = self.stack.report()
        stored, new = ours["orders_stored"], ours["raw_orders"].get("new", 0)
        return "" if (stored, new) == (len(self.orders), 0) else f"{stored} of {len(self.orders)}"

    def _differences(self) -> list[str]:
        return [text for shop in self.shops for text in shop.wrong()]

    def _nothing_out(self, total: int) -> Callable[[], str]:
        return lambda: "nothing is out yet" if len(self._differences()) > total * 9 // 10 else ""

    def _agree(self, when: str) -> None:
        self._done(when, self._differences)

    def _done(self, when: str, left: Callable[[], list[str]]) -> None:
        """Wait until nothing is left and our side is at rest."""

        def missing() -> str:
            return "; ".join(left()[:4]) or self._unsettled()

        wait_until(when, missing, seconds=_AGREE_SECONDS, every=1.0)

    def _unsettled(self) -> str:
        ours = self.stack.report()
        open_rows = ours["ledger_open_rows"]
        return f"{open_rows} rows are open: {ours['feed_lines']} {ours['commands']}" if open_rows else ""

    def _judge(self) -> None:
        """What our side says of itself at the end."""
        ours = self.stack.report()
        self.figures |= {
            "orders_stored": ours["orders_stored"],
            "orders_needing_attention": ours["orders_needing_attention"],
            "money_sold": str(sum((self._worth(*order) for order in self.orders), Decimal(0))),
        }
        for name in ("orders_needing_attention", "orders_oversold", "ledger_open_rows"):
            self._check(not ours[name], f"{name} is {ours[name]}")
        rejected = {name: number for name, number in ours["commands"].items() if name.endswith(" rejected")}
        self._check(not rejected, f"rejected commands: {rejected}")
        shrunk, sold = self.office.order(self.orders[-1][1])["total"], self._worth(*self.orders[-1])
        self._check(
            Decimal(str(shrunk)) == sold - Decimal("3.75"),
            f"the total of a refunded order of {sold} is {shrunk}: it does not shrink any more as it did",
        )

    def _worth(self, shop: Shop, _order: str, lines: dict[str, int]) -> Decimal:
        return sum((shop.price_of(sku) * quantity for sku, quantity in lines.items()), SHIPPING)

    def _check(self, true: bool, otherwise: str) -> None:
        if not true:
            self._say(f"WRONG: {otherwise}")
            self.wrong.append(otherwise)

    def _say(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {self.server.kind}: {text}", file=sys.stderr, flush=True)


def _nth(shop: Shop, number: int) -> str:
    return list(shop.goods)[number]

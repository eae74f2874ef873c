"""Weeks of a seller's work, played on the demo through its own pages, so that no page of it is empty.

One channel went Live today after its thirty days, one is in Testing, one is still being set up; orders are at every
stage, some listings are refused, a file waits for a look, and support has a request to decide.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from screenshots import two_steps
from screenshots.corners import Corners
from screenshots.walk import Deed, Person
from smoke.browser import Browser
from smoke.channels import KINDS, Kind
from smoke.expectations import Expectations
from smoke.files import Sale, SaleLine
from smoke.marketplace import Marketplace
from smoke.orders import OrderDesk
from smoke.plan import Plan
from smoke.seller import Seller
from smoke.stack import Stack
from smoke.waiting import wait_until

SLUG = "harbor-and-pine"
OWNER, PASSWORD = "seller@example.com", "demo-seller"
SUPPORT, SUPPORT_PASSWORD = "support@example.com", "demo-support"
LABEL, GIFTS = "Sandbox", "Small gifts"
NEWCOMER, NEWCOMER_SLUG = "new@example.com", "new-shop"
#: The first channel is activated that long ago: more than its time of Testing.
AGO_SECONDS = 31 * 24 * 3600
PATIENCE = 120.0
#: Prices as they are; two units are kept back.
RULES = {"quantity-buffer": "2", "quantity-floor": "0", "quantity-quantity_mode": "all", "price-price_percent": "0"}

#: What was bought in the first weeks, and today: SKU and units of each line.
EARLIER = (
    (("HP-MUG-01", 2), ("HP-MUG-02", 2)),
    (("HP-LAN-01", 1),),
    (("HP-BOW-01", 1), ("HP-BOA-01", 1)),
    (("HP-POT-02", 3),),
    (("HP-TOO-03", 1), ("HP-TOO-05", 2)),
    (("HP-WAT-01", 1),),
    (("HP-JAR-01", 6),),
    (("HP-PAN-01", 1),),
)
TODAY = (
    (("HP-KNI-01", 1), ("HP-KNI-02", 1)),
    (("HP-LIN-01", 4),),
    (("HP-JAR-02", 2),),
    (("HP-BIR-02", 1), ("HP-SEE-01", 3)),
    (("HP-LAN-04", 2),),
    (("HP-POT-01", 5),),
    (("HP-KET-01", 1),),
    (("HP-APR-M", 2),),
)

#: A file of the seller's with one price and one barcode that cannot be.
FILE = b"""sku,title,price,quantity,gtin
HP-MUG-01,"Mug, oat",10.50,40,9520001000270
HP-MUG-02,"Mug, slate",10.50,35,9520001000287
HP-NEW-01,"Enamel jug, 1.5 l",24.00,18,
HP-NEW-02,"Enamel bowl",12.90,30,123
HP-NEW-03,"Enamel mug",twelve,55,
"""

#: New prices; the marketplace refuses them.
DEARER = b"""sku,price
HP-TOO-06,17.90
HP-TOO-04,8.40
"""


class Story:
    """Played once on a fresh stack."""

    #: Who is signed in, and the first channel's marketplace; new ones after each start.
    seller: Seller
    market: Marketplace

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.orders = 0
        self._account = ""
        #: Name -> path of pages that no link leads to, and what only a form shows.
        self.places: dict[str, str] = {}
        self.deeds: dict[str, Deed] = {}
        #: Who is made on the way.
        self.people: list[Person] = []
        self._started = time.monotonic()

    def play(self) -> None:
        """Everything happens, in order. Raises TooLong or PageError where the product does not follow."""
        self._say("thirty-one days ago")
        self._start(-AGO_SECONDS)
        self.stack.manage("seed_demo")
        self.stack.manage("add_seller", NEWCOMER_SLUG, "--owner", NEWCOMER, NEW_PASSWORD=PASSWORD)
        self._arrive()
        self._first_channel()
        self._first_weeks()
        self._leave()
        self._say("today")
        self.stack.stop()
        self._start(0)
        self._arrive()
        self._wait_for_live()
        self._second_channel()
        self._today()
        self._third_channel()
        self._paper_work()
        self._corners()
        self._leave()
        self._say("played")

    # --- the first channel ----------------------------------------------------------------------------------------

    def _first_channel(self) -> None:
        """The sandbox lists what is on the label."""
        self._say("the first channel")
        kind = KINDS["sandbox"]
        home = self.seller.browser.open(f"/s/{SLUG}/marketplaces/")
        settings = next(link for link, _ in home.links if link.endswith("/settings/"))
        self.seller.channel = self._first = settings.removeprefix(self.stack.web).removesuffix("settings/")
        self._activate(kind, LABEL, self.stack.sandbox)
        self._account = self.market.find_account()
        self.places |= {
            f"live-{page}": f"{self._first}{page}/" for page in ("settings", "listings", "reconciler", "preview")
        }

    def _first_weeks(self) -> None:
        """Orders come in; parcels leave, one order is cancelled, one paid back in part, a buyer changes her mind."""
        self._say("the first weeks")
        sales = self._buy("E", EARLIER)
        desk = self._desk()
        plan = replace(_NOTHING, seller_cancels=sales[:1], shipped=sales[1:5], split=sales[6:7], refunded=sales[1:2])
        plan = replace(plan, buyer_cancels=sales[5:6])
        desk.buyers_change_their_minds(plan)
        desk.serve(plan)
        self._wait_for_calm()
        desk.refund(plan.refunded)
        self._shipped = self._order_ids[sales[3].ref]

    def _wait_for_live(self) -> None:
        wait_until("the first channel is Live", lambda: "" if "live" in self._states() else "not yet", seconds=PATIENCE)

    # --- the other channels ---------------------------------------------------------------------------------------

    def _second_channel(self) -> None:
        """A Mirakl operator, in Testing; one of our categories is mapped, some products are new to the operator."""
        self._say("the second channel")
        kind = KINDS["mirakl"]
        url = self.stack.simulators[kind.name]
        Marketplace(url).settle_in(**kind.marketplace)
        self.seller.add_channel(kind.name, name="Nordhaus")
        self._second = self.seller.channel
        self._activate(kind, GIFTS, url)
        self.seller.map_category("Candles", kind.category)
        self.places["testing-settings"] = f"{self._second}settings/"

    def _third_channel(self) -> None:
        """Somebody has begun to set up one more."""
        self.seller.add_channel("bol", name="bol.com")
        self.places["setup-settings"] = f"{self.seller.channel}settings/"

    # --- today ----------------------------------------------------------------------------------------------------

    def _today(self) -> None:
        """Orders to ship, one with a buyer who asks to cancel; listings refused, strange ones, vanished ones."""
        self._say("orders of today")
        sales = self._buy("T", TODAY)
        desk = self._desk()
        self.market.ask_to_cancel(self._order_ids[sales[6].ref])
        desk.serve(replace(_NOTHING, shipped=sales[:1]))
        self.market.add_fault({"name": "reject_lines", "params": {"fraction": 1.0}})
        self.seller.import_items(DEARER)
        self.market.put_strays([f"OLD-{number:02}" for number in range(1, 8)])
        self.market.vanish(["HP-SEE-02", "HP-WAT-03"])
        self.seller.channel = self._first
        self.seller.switch(reconciler=True)
        self._wait_for_refusals()
        self.market.remove_faults()

    def _paper_work(self) -> None:
        """A file waits for a look, a label is being thought about, and support is asked."""
        self._say("paper work")
        browser = self.seller.browser
        page = browser.open(f"/s/{SLUG}/imports/")
        file = {"file": ("enamel.csv", FILE, "text/csv")}
        page = browser.submit(page, page.form(with_field="file"), files=file)
        self.places["import-waiting"] = page.url.removeprefix(self.stack.web)
        self.seller.channel = self._first
        self.seller.ask_support("orders_off", "We move to another warehouse on Monday.")
        page = browser.open(f"/s/{SLUG}/team/")
        form = page.form(action="/invite/")
        browser.submit(page, form, {"email": "packing@example.com"})

    def _corners(self) -> None:
        """What few pages show. The owner has a second business, and so chooses where to go."""
        self._say("corners")
        self.stack.manage("add_seller", "harbor-outlet", "--owner", OWNER, "--name", "Harbor Outlet")
        corners = Corners(self.seller.browser, self.stack, SLUG)
        corners.play(label=LABEL, other_label=GIFTS, channel=self._first, shipped=self._shipped, item="HP-MUG-01")
        self.places |= corners.places
        self.deeds = corners.deeds
        self.people.append(two_steps.settle(self.stack, slug=SLUG, password=PASSWORD))

    # --- what the parts need --------------------------------------------------------------------------------------

    def _activate(self, kind: Kind, label: str, url: str) -> None:
        account = kind.fields(url)
        self.seller.set_up(label=label, account=account, rules=RULES)
        self.seller.press("check")
        self.seller.switch(listings=True, orders=True)
        before = len(self._states())
        self.seller.press("activate")
        if "testing" not in self._states():
            raise RuntimeError(f"{kind.name} was not activated: {before} channels, {self._states()}")
        self._wait_for_calm()

    def _buy(self, name: str, baskets: Sequence[Sequence[tuple[str, int]]]) -> list[Sale]:
        """Buyers buy on the first channel, and all of it is stored here."""
        sales = [
            Sale(ref=f"{name}{number:03}", lines=tuple(SaleLine(sku, units, Decimal(19 * units)) for sku, units in one))
            for number, one in enumerate(baskets, 1)
        ]
        self._order_ids = self.market.buy(sales)
        self.orders += len(sales)

        def missing() -> str:
            stored = self.stack.report()["orders_stored"]
            return "" if stored >= self.orders else f"{stored} of {self.orders} orders"

        wait_until("the orders are stored", missing, seconds=PATIENCE)
        return sales

    def _desk(self) -> OrderDesk:
        return OrderDesk(self.seller, self.market, Expectations({}), self._order_ids, kind=KINDS["sandbox"])

    def _wait_for_calm(self) -> None:
        """Nothing is on its way any more."""

        def missing() -> str:
            ours = self.stack.report()
            left = ours["item_changes"] + ours["walks"] + ours["pending_changes"] + ours["ledger_open_rows"]
            return f"{left} still on the way" if left else ""

        wait_until("all is sent and answered", missing, seconds=PATIENCE)

    def _wait_for_refusals(self) -> None:
        def missing() -> str:
            page = self.seller.browser.open(f"{self._first}listings/?show=problems")
            return "" if "HP-TOO-06" in page.words else "not refused yet"

        wait_until("a listing is refused", missing, seconds=PATIENCE)

    def _states(self) -> list[str]:
        return [channel["state"] for channel in self.stack.report()["channels"]]

    def _start(self, clock_offset: int) -> None:
        self.stack.start("--simulators", "mirakl", clock_offset=clock_offset, SPEED_UP="60")

    def _arrive(self) -> None:
        self.market = Marketplace(self.stack.sandbox)
        self.market.account_id = self._account
        self.seller = Seller(Browser(self.stack.web), SLUG)
        self.seller.sign_in(OWNER, PASSWORD)

    def _leave(self) -> None:
        self.seller.browser.close()
        self.market.close()

    def _say(self, text: str) -> None:
        print(f"{time.monotonic() - self._started:6.1f} s  {text}", file=sys.stderr, flush=True)


_NOTHING = Plan(
    third_party=[],
    buyer_cancels=[],
    approved=[],
    refused=[],
    seller_cancels=[],
    shipped=[],
    refunded=[],
    returned=[],
    split=[],
    rest=[],
    unlabelled=[],
    strays=[],
    vanished=[],
    described="",
)

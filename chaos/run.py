"""One run: everything is set up, trade and strokes go on together, everything settles, and both sides are judged."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg2

from chaos import schedule
from chaos.book import Book
from chaos.judge import Findings, judge
from chaos.records import Ours, Theirs, read_ours, read_theirs
from chaos.stock import oversold_units, percentile, sale_to_other_channel
from chaos.strokes import Striker, is_served
from chaos.trade import Buyers, LabelDesk, OrderDesk, Person, StockDesk
from chaos.visit import Visitor
from chaos.watch import JobWatch
from smoke.files import Item, Sale, items_csv
from smoke.marketplace import Marketplace
from smoke.stack import Stack, StackError
from smoke.waiting import wait_until

SLUG, OWNER, LABEL = "chaos", "owner@chaos.example", "On both"
PASSWORD = "a-password-for-the-chaos"  # noqa: S105 - of a throw-away site
CLIENTS = ("chaos-east", "chaos-west")
#: Everything that is available is shown, at our price.
RULES = {"quantity-buffer": "0", "quantity-floor": "0", "quantity-quantity_mode": "all"}

LISTED_SECONDS = 120.0
SETTLE_SECONDS = 180.0
LOOK_SECONDS = 1.5
#: The longest that a killed job may wait until it runs again.
LONGEST_WAIT_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    seed: int
    seconds: float
    items: dict[str, Item]
    #: What buyers choose from, and how often they buy.
    baskets: list[Sale]
    sales: int


@dataclass
class Outcome:
    """The figures of the report, and what is wrong in words."""

    figures: dict[str, Any]
    wrong: list[str] = field(default_factory=list)


class Chaos:
    """One seed on one stack."""

    def __init__(self, stack: Stack, wishes: Wishes) -> None:
        self.stack, self.wishes = stack, wishes
        self._items = wishes.items
        self._book = Book({sku: item.quantity for sku, item in self._items.items()})
        self._began = time.monotonic()

    def run(self) -> Outcome:
        """Do all of it. Returns what came of it; whatever could not even be done is raised."""
        self._set_up()
        watch = JobWatch(self.stack.environment["DATABASE_URL"], is_served=lambda lane: is_served(self.stack, lane))
        striker = Striker(self.stack, self._markets[0], watch, seed=self.wishes.seed)
        try:
            people = self._people()
            self._say("trade and strokes")
            began = time.monotonic()
            striker.start(schedule.strokes(self.wishes.seed, self.wishes.seconds), began=began)
            for person in people:
                person.start(began=began, seconds=self.wishes.seconds)
            for person in people:
                person.join()
            striker.finish()
            self._say("settling")
            findings, ours, theirs, settle_seconds = self._settle(watch)
        finally:
            watch.stop()
        problems = [person.failed for person in people if person.failed] + [striker.failed] * bool(striker.failed)
        return self._outcome(findings, ours, theirs, watch, striker, settle_seconds, problems)

    # --- before -----------------------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        self._say("starting")
        self.stack.start("--healthy-seconds", "3", workers=2, beats=2)
        self.stack.manage("add_seller", SLUG, "--owner", OWNER, NEW_PASSWORD=PASSWORD)
        visitor = self._visitor()
        seller = visitor.seller
        seller.import_items(items_csv(self._items))
        seller.make_label(LABEL)
        seller.label_all_items(LABEL)
        self._markets = []
        for client in CLIENTS:
            seller.add_channel("sandbox", name=client)
            account = {"account-client_id": client, "account-client_secret": "a-good-secret"}
            seller.set_up(label=LABEL, account=account, rules=RULES)
            seller.switch(listings=True, orders=True)
            seller.press("activate")
            market = Marketplace(self.stack.sandbox)
            market.find_account(client)
            self._markets.append(market)
        visitor.close()
        self._say("waiting until both channels list everything")
        wait_until("both channels list everything", self._not_listed, seconds=LISTED_SECONDS)

    def _not_listed(self) -> str:
        counts = [len(market.state().active) for market in self._markets]
        return "" if all(count == len(self._items) for count in counts) else f"listed: {counts}"

    def _people(self) -> list[Person]:
        seed, seconds, skus = self.wishes.seed, self.wishes.seconds, sorted(self._items)
        sales = schedule.sales(seed, seconds, len(self.wishes.baskets), self.wishes.sales)
        pages = {sku: f"/s/{SLUG}/items/{page}/" for sku, page in self._item_pages().items()}
        buyers = Buyers([self._market(market.account_id) for market in self._markets], self.wishes.baskets, self._book)
        desk = OrderDesk(
            self._visitor(),
            self._market(),
            self._book,
            database_url=self.stack.environment["DATABASE_URL"],
            seed=seed,
        )
        stock = StockDesk(self._visitor(), self._book, pages)
        labels = LabelDesk(self._visitor(), self._book, pages)
        return [
            Person("The buyers", sales, buyers.act),
            Person("The stock desk", schedule.stock_edits(seed, seconds, skus), stock.act),
            Person("The label desk", schedule.label_changes(seed, seconds, skus), labels.act),
            Person("The order desk", schedule.order_deeds(seed, seconds), desk.act),
        ]

    def _visitor(self) -> Visitor:
        return Visitor(self.stack.web, SLUG, name=OWNER, password=PASSWORD)

    def _market(self, account_id: str = "") -> Marketplace:
        """Return a connection to the sandbox for one thread, which speaks of this account."""
        market = Marketplace(self.stack.sandbox)
        market.account_id = account_id
        return market

    def _item_pages(self) -> dict[str, str]:
        connection = psycopg2.connect(self.stack.environment["DATABASE_URL"])
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT sku, public_id::text FROM inventory_item")
            pages = dict(cursor.fetchall())
        connection.close()
        return pages

    # --- after ------------------------------------------------------------------------------------------------------

    def _settle(self, watch: JobWatch) -> tuple[Findings, Ours, list[Theirs], float]:
        """Both sides agree twice in a row, or three minutes are over. Returns the last look."""
        began = time.monotonic()
        agreed = 0
        while True:
            time.sleep(LOOK_SECONDS)
            ours, theirs = read_ours(self.stack.environment["DATABASE_URL"]), read_theirs(self._markets)
            findings = judge(ours, theirs, self._book)
            if not findings.all and not watch.waiting():
                findings.wrong["ledger_open_rows"] += self._offences()
            agreed = 0 if findings.all or watch.waiting() else agreed + 1
            seconds = time.monotonic() - began
            if not agreed:
                self._say(
                    f"  not yet: {'; '.join(findings.all[:3]) or f'{watch.waiting()} jobs were not claimed again'}"
                )
            if agreed == 2 or seconds > SETTLE_SECONDS:
                return findings, ours, theirs, seconds

    def _offences(self) -> list[str]:
        """Return what `manage.py check_ledger` cannot explain."""
        try:
            told = json.loads(self.stack.manage("check_ledger", "--json"))
        except StackError as error:
            return [str(error)[-2_000:]]
        return [f"{offence['sku']}: {offence['what']}" for offence in told["offences"]]

    def _outcome(
        self,
        findings: Findings,
        ours: Ours,
        theirs: Sequence[Theirs],
        watch: JobWatch,
        striker: Striker,
        settle_seconds: float,
        problems: list[str],
    ) -> Outcome:
        longest = watch.longest(was_killed=True)
        wrong = [*findings.all, *problems]
        if longest > LONGEST_WAIT_SECONDS:
            wrong.append(f"a killed job waited {longest:.1f} s")
        windows = sale_to_other_channel(theirs)
        figures = {
            "seed": self.wishes.seed,
            "kills": striker.kills,
            "faults": striker.count["fault"],
            "pauses": striker.count["pause"],
            "orders_on_channel": sum(len(side.state.orders) for side in theirs),
            **findings.counts(),
            "oversold_units": oversold_units(ours.movements, theirs),
            "order_age_p95_seconds": round(percentile(ours.order_ages, 0.95), 1),
            "order_age_max_seconds": round(max(ours.order_ages, default=0.0), 1),
            "feed_age_p95_seconds": round(percentile(ours.feed_ages, 0.95), 1),
            "sale_to_other_channel_p95_seconds": round(percentile(windows, 0.95), 1),
            "sale_to_other_channel_max_seconds": round(max(windows, default=0.0), 1),
            "killed_claims": watch.count(was_killed=True),
            "longest_wait_for_killed_job_seconds": round(longest, 1),
            "longest_wait_with_all_workers_down_seconds": round(watch.longest_in_all(), 1),
            "longest_wait_for_paused_job_seconds": round(watch.longest(was_killed=False), 1),
            "settle_seconds": round(settle_seconds, 1),
            "struck": dict(sorted(striker.count.items())),
            "done": {
                **dict(sorted(self._book.done.items())),
                "sold": self._book.sold,
                "refused_sales": self._book.refused,
            },
        }
        return Outcome(figures, wrong)

    def _say(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", file=sys.stderr, flush=True)

"""One run: set up, trade under fire, calm, judge."""

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from chaos.havoc import LONGEST_WAIT_SECONDS, Havoc, timetable
from chaos.judge import MUST_BE_ZERO, Verdict, judge
from chaos.records import Database, their_side
from chaos.traders import Buyers, LabelKeeper, Packer, StockKeeper, Trader
from smoke.browser import Browser
from smoke.files import Input, items_csv
from smoke.marketplace import Marketplace
from smoke.seller import Seller
from smoke.stack import Stack, StackError
from smoke.waiting import TooLong, wait_until

SLUG, OWNER = "chaos", "owner@chaos.example"
PASSWORD = "a-password-for-the-chaos"  # noqa: S105 - of a throw-away site
LABEL = "On both channels"
CLIENTS = ("chaos-a", "chaos-b")

WORKERS, BEATS = 2, 2
#: Until both channels show the first feed.
SET_UP_SECONDS = 120.0
#: Until both sides agree once it is calm.
SETTLE_SECONDS = 180.0


class Run:
    """One seed on a stack of its own."""

    def __init__(self, stack: Stack, given: Input, *, seed: int, seconds: float) -> None:
        self.stack = stack
        self.given = given
        self.seed = seed
        self.seconds = seconds
        self.accounts: list[str] = []
        self.refunds_asked = 0
        self._started = time.monotonic()

    def run(self) -> Verdict:
        """Do all of it. Whatever is wrong stands in the verdict."""
        self.stack.start(workers=WORKERS, beats=BEATS)
        self.database = Database(self.stack.environment["DATABASE_URL"])
        self.stack.manage("add_seller", SLUG, "--owner", OWNER, NEW_PASSWORD=PASSWORD)
        self._say("set up")
        self._set_up()
        self._say(f"trade for {self.seconds:.0f} s")
        havoc = Havoc(self.stack, timetable(self.seed, self.seconds), seed=self.seed)
        problems = self._trade(havoc)
        self._say("calm")
        began = time.monotonic()
        verdict = self._settle()
        settle_seconds = round(time.monotonic() - began, 1)
        havoc.recovery.join()
        verdict.wrong += problems + havoc.recovery.never
        if havoc.recovery.longest > LONGEST_WAIT_SECONDS:
            verdict.wrong.append(f"a killed job waited {havoc.recovery.longest} s: {sorted(havoc.recovery.waits)[-3:]}")
        verdict.figures = {
            "seed": self.seed,
            "kills": havoc.kills,
            "faults": havoc.faults,
            **verdict.figures,
            "killed_claims": len(havoc.recovery.waits),
            "longest_wait_for_killed_job_seconds": havoc.recovery.longest,
            "longest_wait_with_all_workers_down_seconds": havoc.recovery.longest_in_all,
            "settle_seconds": settle_seconds,
        }
        return verdict

    # --- before ------------------------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        """Two channels of one seller list the same items of the same stock."""
        seller = self._somebody()
        seller.import_items(items_csv(self.given.items))
        seller.make_label(LABEL)
        seller.label_all_items(LABEL)
        marketplace = Marketplace(self.stack.sandbox)
        for client in CLIENTS:
            seller.add_channel("sandbox", client)
            seller.set_up(label=LABEL, client_id=client, secret="a-good-secret")  # noqa: S106 - any opens it
            seller.switch(listings=True, orders=True)
            seller.press("activate")
            self.accounts.append(marketplace.find_account(client))
        marketplace.close()
        wait_until("the first feed", self._missing, seconds=SET_UP_SECONDS, every=1)

    def _somebody(self) -> Seller:
        """Return somebody of the seller's who has just signed in, in a browser of their own."""
        seller = Seller(Browser(self.stack.web), SLUG)
        seller.sign_in(OWNER, PASSWORD)
        return seller

    # --- under fire --------------------------------------------------------------------------------------------------

    def _trade(self, havoc: Havoc) -> list[str]:
        """Trade goes on while havoc is wrought. Returns what nobody could get past."""
        packer = Packer(self.seed, self._somebody(), self.database)
        traders: list[Trader] = [
            Buyers(self.seed, self.stack.sandbox, self.accounts, self._baskets()),
            StockKeeper(self.seed, self._somebody(), self.database),
            LabelKeeper(self.seed, self._somebody(), self.database, LABEL),
            packer,
        ]
        for trader in traders:
            trader.start()
        havoc.run()
        for trader in traders:
            trader.stop()
        self.refunds_asked = packer.refunds
        idle = [f"{trader.name} never did anything" for trader in traders if not trader.acts]
        return [*(trader.failure for trader in traders if trader.failure), *idle]

    def _baskets(self) -> list[list[tuple[str, int]]]:
        """What buyers put together: the orders of the sales file, and single items."""
        sold = [[(line.sku, line.quantity) for line in sale.lines] for sale in self.given.sales]
        return sold + [[(sku, 1)] for sku in sorted(self.given.items)]

    # --- afterwards --------------------------------------------------------------------------------------------------

    def _settle(self) -> Verdict:
        """Both sides agree in two looks in a row, or the verdict says what they differ in."""
        verdict = Verdict({}, ["nobody looked"])
        agreed = 0

        def missing() -> str:
            nonlocal verdict, agreed
            verdict = self._judge()
            agreed = 0 if verdict.wrong else agreed + 1
            return "" if agreed >= 2 else "; ".join(verdict.wrong[:3]) or "a second look"

        try:
            wait_until("both sides agree", missing, seconds=SETTLE_SECONDS, every=1)
        except TooLong as error:
            self._say(str(error)[:500])
        return verdict

    def _missing(self) -> str:
        return "; ".join(self._judge(with_ledger=False).wrong[:3])

    def _judge(self, *, with_ledger: bool = True) -> Verdict:
        """Look at both sides. The ledger is checked only once everything else agrees: it takes a process."""
        theirs = their_side(self.stack.sandbox, self.accounts)
        ours = self.database.our_side(label=LABEL)
        verdict = judge(ours, theirs, refunds_asked=self.refunds_asked, offences=())
        if with_ledger and not verdict.wrong:
            verdict = judge(ours, theirs, refunds_asked=self.refunds_asked, offences=self._offences())
        return verdict

    def _offences(self) -> Sequence[str]:
        try:
            told: dict[str, Any] = json.loads(self.stack.manage("check_ledger", "--json"))
        except StackError as error:
            return [str(error)[-500:]]
        return [json.dumps(offence) for offence in told["offences"]]

    def _say(self, text: str) -> None:
        print(f"{time.monotonic() - self._started:6.1f} s  seed {self.seed}: {text}", file=sys.stderr, flush=True)


def as_line(verdict: Verdict) -> dict[str, Any]:
    """Return the one JSON object that says how a run went."""
    zeros = all(verdict.figures.get(name) == 0 for name in MUST_BE_ZERO)
    return {"ok": zeros and not verdict.wrong, **verdict.figures}

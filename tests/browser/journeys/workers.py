"""What beat and the workers do, done in the test's own thread, at a time that the test chooses."""

import time
from datetime import timedelta
from typing import ClassVar

from django import forms
from django.conf import settings

from channels_app.flows import activate, engine, fan_out
from channels_app.flows.dispatch import FLOWS
from channels_app.models import ChannelJob
from inventory import labels
from inventory.csv_import import imports
from marketplace_integration import clock
from tests.fakes import MARKETS, FakeAdapter, FakeMarket
from tests.flows.marketplace import EVERYTHING, AccountForm

#: Time passes in steps of so many seconds, so that what is due in between runs in its order.
STEP_SECONDS = 30
#: Rounds at one moment; more means that something goes in circles.
MOST_ROUNDS = 20


class Shop(FakeAdapter):
    """The marketplace in memory under the sandbox's name; the client id names the account."""

    key = "sandbox"
    label = "Sandbox"
    capabilities = EVERYTHING
    account_form: ClassVar[type[forms.Form]] = AccountForm

    @property
    def market(self) -> FakeMarket:
        return MARKETS[self.account.settings["client_id"]]


class Workers:
    """Everything that is due, done in a row. The clock moves when a step says how long it waits."""

    def __init__(self, market: FakeMarket) -> None:
        self._market = market

    def run(self, **span: float) -> None:
        """So much time passes (a timedelta's names), and whatever falls due in it is done."""
        left = timedelta(**span).total_seconds()
        self._do_what_is_due()
        while left > 0:
            settings.CLOCK_OFFSET_SECONDS += min(left, STEP_SECONDS)
            left -= STEP_SECONDS
            self._do_what_is_due()

    def skip(self, **span: float) -> None:
        """So much time passes in which nothing is due but what is due at its end."""
        settings.CLOCK_OFFSET_SECONDS += timedelta(**span).total_seconds()
        self.run(minutes=2)

    def _do_what_is_due(self) -> None:
        self._market.now = clock.now()
        activate.promote_due(now=clock.now())
        for _ in range(MOST_ROUNDS):
            if not self._round():
                return
        raise AssertionError(f"still busy: {list(ChannelJob.objects.values('kind', 'last_error'))}")

    def _round(self) -> int:
        """Return how much was done."""
        done = 0
        for import_id in list(imports.waiting_imports()):
            imports.run(import_id, now=clock.now())
            done += 1
        for label_id in list(labels.stale_labels().values_list("pk", flat=True)):
            labels.recalculate_label(label_id, now=clock.now())
            done += 1
        done += fan_out.fan_out(now=clock.now())
        for lane in ChannelJob.Lane.values:
            done += engine.drain(lane, flows=FLOWS, until=time.monotonic() + 10)
        return done

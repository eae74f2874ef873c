"""Whatever happens in whatever order: in the end the channel shows what the seller wants, and the ledger is closed.

Each example is a random story: the seller changes things, jobs run or not, answers are lost, workers die, the channel
works submissions off early, late, or (where it does not keep order) in the wrong order. Then calm returns.
"""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.adapters.errors import OutcomeUnknown, TemporaryError
from channels_app.flows.fan_out import fan_out, walk_channel
from channels_app.flows.ledger import check_ledger
from channels_app.models import Channel, ChannelJob
from inventory import labels
from inventory.models import Item, LabelItem, Stock
from tests.factories import make_label
from tests.fakes import FakeAdapter, FakeSubmission
from tests.flows.feed_rig import Rig

SKUS = ("MUG", "CUP", "PAN-AGAIN")


class Killed(BaseException):
    """The worker dies."""


class Story:
    """What can happen, by name. `number` chooses among the ways it can."""

    def __init__(self, *, ordered: bool) -> None:
        self.ordered = ordered
        self.rig = Rig(ordered=ordered)
        self.rig.market.manual = True
        self.second = make_label(self.rig.seller, "Second")
        self.items = [self.rig.has_item(sku, on_hand=5) for sku in SKUS]

    def item(self, number: int) -> Item:
        return self.items[number % len(self.items)]

    # The seller

    def stock(self, number: int) -> None:
        self.rig.sets(self.item(number), number // 3 % 7)

    def price(self, number: int) -> None:
        self.rig.prices(self.item(number), f"{10 + number // 3 % 3}.00")

    def no_price(self, number: int) -> None:
        Item.objects.filter(pk=self.item(number).pk).update(price=None)

    def title(self, number: int) -> None:
        self.rig.retitles(self.item(number), f"Title {number // 3 % 3}")

    def label(self, number: int) -> None:
        labels.add_items(self._some_label(number), [self.item(number).pk], actor=None, now=self.rig.now)

    def unlabel(self, number: int) -> None:
        labels.remove_items(self._some_label(number), [self.item(number).pk], actor=None, now=self.rig.now)

    def block(self, number: int) -> None:
        Item.objects.filter(pk=self.item(number).pk).update(blocked=bool(number // 3 % 2))

    def swap_label(self, number: int) -> None:
        Channel.objects.filter(pk=self.rig.channel.pk).update(label=self._some_label(number))
        walk_channel(self.rig.channel, "label", now=self.rig.now)

    def buffer(self, number: int) -> None:
        Channel.objects.filter(pk=self.rig.channel.pk).update(buffer=number % 4)
        walk_channel(self.rig.channel, "quantity", now=self.rig.now)

    def _some_label(self, number: int) -> Any:
        return self.rig.label if number // 3 % 3 else self.second

    # The jobs

    def spread(self, number: int) -> None:
        fan_out(now=self.rig.now)

    def offers(self, number: int) -> None:
        self._run(ChannelJob.Kind.OFFERS)

    def content(self, number: int) -> None:
        self._run(ChannelJob.Kind.CONTENT)

    def results(self, number: int) -> None:
        self._run(ChannelJob.Kind.RESULTS)

    def send(self, number: int) -> None:
        self.rig.spread()
        self.offers(number)
        self.content(number)

    def _run(self, kind: str) -> None:
        with suppress(TemporaryError, OutcomeUnknown):
            self.rig.run(kind)

    # The world

    def time_passes(self, number: int) -> None:
        self.rig.later((1, 5, 20, 90, 3600)[number % 5])

    def work_off(self, number: int) -> None:
        """The channel works off one submission: the oldest, or any if it keeps no order."""
        open_ones = [one.handle for one in self.rig.market.submissions.values() if one.results is None]
        if open_ones:
            self.rig.market.process(open_ones[0 if self.ordered else number % len(open_ones)])

    def answer_lost(self, number: int) -> None:
        self.rig.market.lose_answer()

    def request_lost(self, number: int) -> None:
        self.rig.market.drop()

    def busy(self, number: int) -> None:
        self.rig.market.fail("submit", TemporaryError("Busy."))

    def poll_fails(self, number: int) -> None:
        self.rig.market.fail("poll", TemporaryError("Busy."))

    def worker_dies(self, number: int) -> None:
        """It dies while it sends: before the channel has it, or after."""
        kind = (ChannelJob.Kind.OFFERS, ChannelJob.Kind.CONTENT)[number % 2]
        arrives = number // 2 % 2
        submit = FakeAdapter.submit

        def die(adapter: FakeAdapter, *args: Any, **kwargs: Any) -> FakeSubmission:
            if arrives:
                submit(adapter, *args, **kwargs)
            raise Killed

        try:
            FakeAdapter.submit = die  # type: ignore[method-assign,assignment]
            with suppress(Killed, TemporaryError, OutcomeUnknown):
                self.rig.run(kind)
        finally:
            FakeAdapter.submit = submit  # type: ignore[method-assign]

    # The end

    def calm(self) -> None:
        """Nothing fails any more, the channel works everything off, and all jobs run."""
        market = self.rig.market
        market._errors.clear()
        market._losses.clear()
        market.process_all()
        market.manual = False
        for _ in range(40):
            self.rig.send()
            self.rig.later(35)
            self.rig.run(ChannelJob.Kind.RESULTS)
            if not self.rig.is_busy():
                return

    def wanted(self) -> dict[str, tuple[int, Decimal, str]]:
        """Return what the channel should show, worked out from the seller's rows alone."""
        channel = Channel.objects.get(pk=self.rig.channel.pk)
        on_label = LabelItem.objects.filter(label=channel.label).values("item")
        items = Item.objects.filter(pk__in=on_label, blocked=False, price__isnull=False)
        stock = dict(Stock.objects.values_list("item_id", "on_hand"))
        return {
            item.sku: (max(stock.get(item.pk, 0) - channel.buffer, 0), item.price or Decimal(0), item.title)
            for item in items
        }

    def shown(self) -> dict[str, tuple[int, Decimal, str]]:
        listings = self.rig.market.listings.items()
        return {sku: (one.quantity, one.price, one.title) for sku, one in listings if one.active}


#: What happens most in life, and makes lines of one SKU meet, comes up most.
OFTEN = ["stock"] * 3 + ["send"] * 4 + ["work_off"] * 3 + ["results"] * 2 + ["time_passes"] * 2 + ["label", "unlabel"]
NEVER = ("item", "calm", "wanted", "shown")
EVENTS = OFTEN + [name for name in vars(Story) if not name.startswith("_") and name not in NEVER]

stories = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 60)), min_size=10, max_size=40)


def tell(ordered: bool, story: list[tuple[str, int]]) -> None:
    scene = Story(ordered=ordered)
    for name, number in story:
        event: Callable[[int], None] = getattr(scene, name)
        event(number)
    scene.calm()

    assert scene.shown() == scene.wanted()
    assert check_ledger() == []
    assert not scene.rig.is_busy()


@pytest.mark.django_db
@pytest.mark.parametrize("ordered", [False, True], ids=["in any order", "in order"])
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=stories)
def test_in_the_end_the_channel_shows_what_is_wanted(ordered: bool, story: list[tuple[str, int]]):
    with transaction.atomic():
        tell(ordered, story)
        transaction.set_rollback(True)

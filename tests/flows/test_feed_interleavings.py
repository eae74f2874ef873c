"""Whatever happens in whatever order: in the end the channel shows what the seller wants, and the ledger is closed.

Each example is a random story: the seller changes things, jobs run or not, requests and answers are lost, workers die
at any commit or are taken over while they send, the channel works submissions off early, late, or (where it does not
keep order) in the wrong order. The ledger is closed after every single event. Then calm returns.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.adapters.errors import OutcomeUnknown, TemporaryError
from channels_app.adapters.types import Kind, Receipt
from channels_app.flows.engine import Claim, FenceLost
from channels_app.flows.fan_out import fan_out, walk_channel
from channels_app.flows.ledger import check_ledger
from channels_app.models import Channel, ChannelJob, Submission
from inventory import labels
from inventory.models import Item, LabelItem, Stock
from tests.examples import examples
from tests.factories import make_label
from tests.fakes import FakeAdapter
from tests.flows.feed_rig import Rig

#: Two that are usual, one that the channel is at times too busy for, one that it never takes.
SKUS = ("MUG", "CUP", "PAN-AGAIN", "TOY-REJECT")
#: A channel that takes price and quantity apart.
APART: Mapping[Kind, int] = dict.fromkeys((Kind.CONTENT, Kind.QUANTITY, Kind.PRICE, Kind.WITHDRAW), 1000)


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
        with suppress(TemporaryError, OutcomeUnknown, FenceLost, Killed):
            self.rig.run(kind)

    def dies(self, number: int) -> None:
        """A worker dies at one of its commits: before it, in it (so that it never was), or right after it."""
        moment = ("before", "within", "after")[number % 3]
        kind = tuple(ChannelJob.Kind(k) for k in ("offers", "content", "results"))[number // 3 % 3]
        settling, left = Claim.settling, number // 9 % 4

        @contextmanager
        def deadly(claim: Claim) -> Iterator[None]:
            nonlocal left
            left -= 1
            if left == -1 and moment == "before":
                raise Killed
            with settling(claim):
                yield
                if left == -1 and moment == "within":
                    raise Killed
            if left == -1:
                raise Killed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Claim, "settling", deadly)
            self._run(kind)

    def dies_spreading(self, number: int) -> None:
        with suppress(Killed), transaction.atomic():
            fan_out(now=self.rig.now)
            raise Killed

    def taken_over(self, number: int) -> None:
        """While a worker sends, another claims the job and runs it: before the request arrives, or after.

        The first does not know, and tries to store what it was answered. It may have slept for long, so that what it
        sends is old news by then.
        """
        kind = (ChannelJob.Kind.OFFERS, ChannelJob.Kind.CONTENT)[number % 2]
        arrives_first, answered, sleeps = number // 2 % 2, number // 4 % 2, (0, 5, 15)[number // 8 % 3]
        submit = FakeAdapter.submit

        def slowly(adapter: FakeAdapter, *args: Any, **kwargs: Any) -> Receipt:
            patch.setattr(FakeAdapter, "submit", submit)
            receipt = submit(adapter, *args, **kwargs) if arrives_first else None
            self.rig.later(sleeps)
            self.stock(number)
            self.rig.spread()
            self._run(kind)
            receipt = receipt or submit(adapter, *args, **kwargs)
            if not answered:
                raise OutcomeUnknown("The answer was lost.")
            return receipt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(FakeAdapter, "submit", slowly)
            self._run(kind)

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

    def busy_with_one(self, number: int) -> None:
        self.rig.market._tried_again.clear()

    def orders_lag(self, number: int) -> None:
        """Nobody knows what was sold meanwhile, or it is known again: rises wait until then."""
        read_at = self.rig.now - timedelta(days=number % 2)
        Channel.objects.filter(pk=self.rig.channel.pk).update(orders_on=True, orders_read_at=read_at)

    # The end

    def calm(self) -> None:
        """Nothing fails any more, the channel works everything off, and all jobs run."""
        market = self.rig.market
        market._errors.clear()
        market._losses.clear()
        market.process_all()
        market.manual = False
        Channel.objects.filter(pk=self.rig.channel.pk).update(orders_on=False)
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
            if not item.sku.endswith("-REJECT")
        }

    def shown(self) -> dict[str, tuple[int, Decimal, str]]:
        listings = self.rig.market.listings.items()
        return {sku: (one.quantity, one.price, one.title) for sku, one in listings if one.active}


#: What happens most in life, and makes lines of one SKU meet, comes up most.
OFTEN = (
    ["dies", "taken_over"] * 2
    + ["stock"] * 3
    + ["send"] * 4
    + ["work_off"] * 3
    + ["results"] * 2
    + ["time_passes"] * 2
    + ["label", "unlabel"]
)
NEVER = ("item", "calm", "wanted", "shown")
EVENTS = OFTEN + [name for name in vars(Story) if not name.startswith("_") and name not in NEVER]

stories = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 60)), min_size=10, max_size=40)


def counts_as_kept() -> dict[int, tuple[int, int, int]]:
    return {one.pk: (one.confirmed_count, one.rejected_count, one.superseded_count) for one in Submission.objects.all()}


def counts_as_lines_say() -> dict[int, tuple[int, int, int]]:
    ended = ("confirmed", "rejected", "superseded")
    return {
        one.pk: tuple(one.lines.filter(state=state).count() for state in ended)  # type: ignore[misc]
        for one in Submission.objects.all()
    }


def tell(ordered: bool, story: list[tuple[str, int]]) -> None:
    scene = Story(ordered=ordered)
    for name, number in story:
        event: Callable[[int], None] = getattr(scene, name)
        event(number)
        assert check_ledger() == []
    scene.calm()

    assert scene.shown() == scene.wanted()
    assert check_ledger() == []
    assert not scene.rig.is_busy()
    assert counts_as_kept() == counts_as_lines_say()


@pytest.mark.django_db
@pytest.mark.parametrize("feeds", ["together", "price and quantity apart", "content without quantity"])
@pytest.mark.parametrize("ordered", [False, True], ids=["in any order", "in order"])
@settings(max_examples=examples(12), deadline=None, suppress_health_check=list(HealthCheck))
@given(story=stories)
def test_in_the_end_the_channel_shows_what_is_wanted(ordered: bool, feeds: str, story: list[tuple[str, int]]):
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        if feeds != "together":
            patch.setattr(FakeAdapter, "submission_lines", APART)
        patch.setattr(FakeAdapter, "content_brings_quantity", feeds != "content without quantity")
        tell(ordered, story)
        transaction.set_rollback(True)

"""All jobs of one channel, the fan-out and the seller at once, on real connections: no deadlock, nothing lost."""

import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from channels_app.flows.fan_out import fan_out, walk_channel
from channels_app.flows.ledger import check_ledger
from channels_app.models import ChannelJob
from inventory.models import Item, LabelItem, Stock
from tests.factories import NOW
from tests.flows.feed_rig import Rig

SECONDS = 3.0


@pytest.mark.django_db(transaction=True)
def test_everything_at_once_ends_with_what_is_wanted():
    # More is withdrawn here than the brake lets through.
    rig = Rig(withdrawals_allowed_until=NOW + timedelta(days=1))
    items = rig.has_items(*(f"SKU-{n:02}" for n in range(40)))
    chance = random.Random(7)
    errors: list[BaseException] = []
    until = time.monotonic() + SECONDS

    def seller() -> None:
        for item in chance.sample(items, 10):
            rig.sets(item, chance.randrange(9))
        some = chance.sample(items, 5)
        (rig.unlabels if chance.random() < 0.5 else rig.labels)(*some)
        if chance.random() < 0.2:
            walk_channel(rig.channel, "settings", now=rig.now)
        rig.later(1)

    def over_and_over(step: Callable[[], object]) -> None:
        try:
            while time.monotonic() < until:
                step()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    steps: list[Callable[[], object]] = [
        seller,
        lambda: fan_out(now=rig.now),
        lambda: rig.run(ChannelJob.Kind.OFFERS),
        lambda: rig.run(ChannelJob.Kind.CONTENT),
        lambda: rig.run(ChannelJob.Kind.RESULTS),
    ]
    threads = [threading.Thread(target=over_and_over, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    rig.settle(rounds=40)
    wanted = {
        item.sku: max(Stock.objects.filter(item=item).values_list("on_hand", flat=True).first() or 0, 0)
        for item in Item.objects.filter(pk__in=LabelItem.objects.filter(label=rig.label).values("item"))
    }
    assert rig.market.active() == wanted
    assert check_ledger() == []

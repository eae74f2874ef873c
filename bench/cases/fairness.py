"""What a big seller costs a small one: how long seller B's falls take while seller A is as busy as a seller can be.

A lists N new items on one channel, reprices all of them in slices as an import does, and has another channel whose
marketplace takes 30 s for every answer, with stock that falls all the time. Baseline: B alone.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from django.db import connection

from bench.feed_rig import listings_are_confirmed
from bench.measure import Result, percentile
from bench.site import Site
from bench.stack import workers_run
from bench.traffic import latencies, let_stock_fall, list_at_sandbox
from channels_app.flows.fan_out import walk_channel
from channels_app.models import Channel, FeedLine, Submission
from inventory.models import Item, Label, Location, Seller
from marketplace_integration import clock

PER_SECOND = 10
SECONDS = 60
HANGS_SECONDS = 30
P95 = 2.0
_ITEMS_OF_B = 2 * PER_SECOND * SECONDS + 100
_ITEMS_THAT_HANG = 1_000
_SLICE = 5_000


def run(site: Site) -> Result:
    label_b = _seller_b(site)
    items = list(Item.objects.filter(seller=label_b.seller).order_by("pk"))
    on_hand = dict.fromkeys((item.pk for item in items), 50)
    half = PER_SECOND * SECONDS
    with site.sandbox() as url:
        small = site.make_channel("small", base_url=url, label=label_b, seller=label_b.seller)
        big = site.make_channel("big", base_url=url)
        hanging = site.make_channel("hanging", base_url=url, label=site.make_label("Hanging", _ITEMS_THAT_HANG))
        listings_are_confirmed(site, small)
        listings_are_confirmed(site, hanging)
        list_at_sandbox(url, [small], {item.sku: 50 for item in items})
        list_at_sandbox(url, [big, hanging], {})
        site.start_jobs([small, hanging])
        with workers_run(site):
            latencies(url, [small], let_stock_fall(items[2 * half :], on_hand, per_second=PER_SECOND))
            alone = latencies(url, [small], let_stock_fall(items[:half], on_hand, per_second=PER_SECOND))
            site.memory.idle_now()
            with site.memory.watching(), _a_is_busy(site, url, big, hanging):
                beside = latencies(url, [small], let_stock_fall(items[half : 2 * half], on_hand, per_second=PER_SECOND))
            sent = FeedLine.objects.filter(channel=big).count()
            hung = Submission.objects.filter(channel=hanging).count()
    assert sent > 0, "A's new listings did not go out: nothing was proved"
    assert hung > 0, "A's other channel was not tried: nothing was proved"
    p95_alone, p95 = percentile(alone, 0.95), percentile(beside, 0.95)
    return Result(
        ours_s=p95,
        baseline_s=p95_alone,
        ratio=p95 / p95_alone,
        peak_rss_mb=site.memory.peak_mb,
        note=f"p95 of {PER_SECOND} falls a second of seller B while A lists {site.n:,} items and reprices them, and a"
        f" channel of A takes {HANGS_SECONDS} s an answer; baseline: B alone",
        goal=f"p95 < {P95} s",
        met=p95 < P95,
        more={"p50_s": percentile(beside, 0.5), "p95_s": p95, "max_s": max(beside), "sent_by_a_meanwhile": sent},
    )


@contextmanager
def _a_is_busy(site: Site, url: str, big: Channel, hanging: Channel) -> Iterator[None]:
    """A's new listings go out, its prices move, and its other marketplace hangs, until the end of the block."""
    fault = {"name": "slow", "account_id": hanging.account_id, "params": {"seconds": HANGS_SECONDS}}
    httpx.post(f"{url}/control/faults", json=fault, trust_env=False).raise_for_status()
    walk_channel(big, "activation", now=clock.now())
    site.start_jobs([big])
    done = threading.Event()
    threads = [
        threading.Thread(target=work, args=(site, done), name=work.__name__) for work in (_reprice, _fall_all_the_time)
    ]
    for thread in threads:
        thread.start()
    try:
        time.sleep(2)  # until A's work is under way
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()
        httpx.delete(f"{url}/control/faults", trust_env=False).raise_for_status()


def _reprice(site: Site, done: threading.Event) -> None:
    """A's prices rise, 5,000 items a commit, as fast as it goes."""
    first = 1
    while not done.is_set():
        rows = site.execute(
            "UPDATE inventory_item SET price = price + 1 WHERE id BETWEEN %s AND %s", [first, first + _SLICE - 1]
        )
        first = first + _SLICE if rows == _SLICE else 1
    connection.close()


def _fall_all_the_time(site: Site, done: threading.Event) -> None:
    """Stock falls on the channel that hangs."""
    number = 0
    while not done.wait(0.1):
        number += 1
        site.execute(
            "UPDATE inventory_stock SET on_hand = on_hand - 1 WHERE item_id = %s", [1 + number % _ITEMS_THAT_HANG]
        )
    connection.close()


def _seller_b(site: Site) -> Label:
    """Return the label that all items of another, small seller are on."""
    now = clock.now()
    seller = Seller.objects.create(name="Small", slug="small", currency="USD", created_at=now)
    location = Location.objects.create(seller=seller, code="main", name="Main warehouse", is_default=True)
    with site.without_triggers():
        site.execute(
            "INSERT INTO inventory_item (seller_id, sku, title, description, brand, gtin, price, currency, images,"
            " attributes, variation, is_parent, blocked, created_at, updated_at)"
            " SELECT %s, 'B-' || n, 'Thing no. ' || n, '', '', '', 9.99, 'USD', '[]', '{}', '{}', false, false, %s, %s"
            " FROM generate_series(1, %s) AS n",
            [seller.pk, now, now, _ITEMS_OF_B],
        )
        site.execute(
            "INSERT INTO inventory_stock (item_id, location_id, on_hand, reserved)"
            " SELECT id, %s, 50, 0 FROM inventory_item WHERE seller_id = %s",
            [location.pk, seller.pk],
        )
    return site.make_label("All of B", _ITEMS_OF_B, seller=seller)

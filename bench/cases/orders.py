"""Orders over HTTP, from standing at the sandbox to accepted there, by one worker process.

Ours: pages fetched, raws and cursor stored, each order read (order, lines, stock reserved by movements, commands), and
one accept call an order. The sandbox is a process of its own; two threads of this one drain the lanes `orders` and
`urgent`, woken once a second as by the tick. Baseline: the same rows inserted by bare SQL, without any network.
"""

import random
import threading
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
from django.db import connection
from django.db.models import Sum
from django.test.utils import override_settings

from bench.baselines import baseline
from bench.measure import Result
from bench.site import Site
from channels_app.flows import engine
from channels_app.flows.dispatch import FLOWS
from channels_app.models import Channel, ChannelJob, Command, LedgerState, Order, OrderLine
from inventory.models import Stock
from marketplace_integration import clock

PER_SECOND = 60
MOST_ORDERS = 6_000
TABLES = ("raworder", "order", "orderline", "command")
LANES = ("orders", "urgent")
TICK_SECONDS = 1.0
GIVE_UP_SECONDS = 600.0


def run(site: Site) -> Result:
    purchases = _purchases(min(site.n // 10, MOST_ORDERS), items=site.n)
    with site.sandbox() as url, override_settings(OUTBOUND_ALLOWED_HOSTS=[url.partition("//")[2]]):
        market = httpx.Client(base_url=url, timeout=60, trust_env=False)
        channel = site.make_channel("bench", base_url=url, fulfillments_on=True)
        unchecked: list[bool] = []

        def check() -> None:
            """Nothing was lost or doubled; the baseline writes these very rows. Not timed."""
            if unchecked:
                unchecked.clear()
                _check(purchases)
                _check_sandbox(market, purchases)
                _keep_rows(site)

        def reset() -> None:
            check()
            _forget_orders(site, channel)
            _buy(market, purchases)

        def ours() -> None:
            _work(len(purchases))
            unchecked.append(True)

        def raw() -> None:
            for name in ("raws", "orders", "lines", "commands", "movements", "stock"):
                site.execute(baseline(f"orders_{name}"))
            _check(purchases)

        pairs = site.run_pairs(ours=ours, baseline=raw, reset=reset)
        check()
    result = pairs.result(
        peak_rss_mb=site.memory.peak_mb,
        note=f"{len(purchases)} orders from the sandbox to accepted there, one worker; baseline: the same rows by SQL",
        goal=f">= {PER_SECOND} per second, none lost, none doubled",
    )
    assert result.ours_s is not None
    result.more["per_s"] = len(purchases) / result.ours_s
    result.met = result.more["per_s"] >= PER_SECOND
    return result


# --- before ----------------------------------------------------------------------------------------------------------


def _purchases(count: int, *, items: int) -> list[dict[str, Any]]:
    """Return orders of one to four lines; the same ones every time."""
    chosen = random.Random(7)  # noqa: S311 - repeatable, not secret
    return [
        {
            "account_id": "acct-bench",
            "ref": f"buyer-{number}",
            "shipping": "4.90",
            "lines": [
                {"sku": f"SKU-{item:08d}", "quantity": chosen.randint(1, 3), "unit_price": "12.50", "title": "A mug"}
                for item in chosen.sample(range(1, items + 1), chosen.randint(1, 4))
            ],
        }
        for number in range(count)
    ]


def _buy(market: httpx.Client, purchases: list[dict[str, Any]]) -> None:
    """The orders stand at the sandbox, which knew of nothing before."""
    market.post("/control/reset").raise_for_status()
    market.post("/control/accounts", json={"client_id": "bench"}).raise_for_status()
    for start in range(0, len(purchases), 500):
        answer = market.post("/control/buy-many", json={"orders": purchases[start : start + 500], "force": True})
        assert all("order_id" in placed for placed in answer.raise_for_status().json()["orders"])


def _forget_orders(site: Site, channel: Channel) -> None:
    """No order was ever read; the job to fetch them is due."""
    site.execute(
        "TRUNCATE channels_app_raworder, channels_app_order, channels_app_jobrun, inventory_itemchange RESTART IDENTITY"
        " CASCADE"
    )
    site.execute("DELETE FROM inventory_stockmovement WHERE line_id IS NOT NULL")
    site.execute("ALTER TABLE inventory_stock DISABLE TRIGGER USER")
    site.execute("UPDATE inventory_stock SET reserved = 0 WHERE reserved <> 0")
    site.execute("ALTER TABLE inventory_stock ENABLE TRIGGER USER")
    site.execute("VACUUM (ANALYZE) inventory_stock, inventory_stockmovement")
    jobs = ChannelJob.objects.filter(channel=channel)
    jobs.update(next_run_at=clock.now() + timedelta(days=1), cursor="")
    jobs.filter(kind=ChannelJob.Kind.ORDERS).update(next_run_at=clock.now())
    Channel.objects.filter(pk=channel.pk).update(orders_known_until=None)


# --- ours ------------------------------------------------------------------------------------------------------------


def _work(count: int) -> None:
    """Two threads drain the lanes until every order is accepted."""
    done = threading.Event()
    threads = [threading.Thread(target=_drain, args=(lane, done), daemon=True) for lane in LANES]
    for thread in threads:
        thread.start()
    until = time.monotonic() + GIVE_UP_SECONDS
    try:
        while not _all_are_accepted(count):
            assert time.monotonic() < until, "the orders were not accepted in time"
            time.sleep(0.2)
    finally:
        done.set()
        for thread in threads:
            thread.join()


def _drain(lane: str, done: threading.Event) -> None:
    try:
        while not done.is_set():
            engine.drain(lane, flows=FLOWS, until=time.monotonic() + 60, is_stopping=done.is_set)
            done.wait(TICK_SECONDS)
    finally:
        connection.close()


def _all_are_accepted(count: int) -> bool:
    return Order.objects.filter(accepted_at__isnull=False).count() == count


# --- after -----------------------------------------------------------------------------------------------------------


def _check(purchases: list[dict[str, Any]]) -> None:
    """Every order was read once: its lines, its units reserved, its commands confirmed."""
    lines = sum(len(purchase["lines"]) for purchase in purchases)
    units = sum(line["quantity"] for purchase in purchases for line in purchase["lines"])
    found = (
        Order.objects.count(),
        OrderLine.objects.filter(item__isnull=False).count(),
        Command.objects.filter(state=LedgerState.CONFIRMED).count(),
        Command.objects.count(),
        Stock.objects.aggregate(units=Sum("reserved"))["units"],
    )
    assert found == (len(purchases), lines, lines, lines, units), found


def _check_sandbox(market: httpx.Client, purchases: list[dict[str, Any]]) -> None:
    """The sandbox tells of each order once, and was told of each once."""
    accepted: Counter[str] = Counter()
    after = 0
    while events := _events(market, after):
        accepted.update(event["order_id"] for event in events)
        after = events[-1]["event_id"]
    ours = set(Order.objects.values_list("remote_id", flat=True))
    assert set(accepted) == ours
    assert set(accepted.values()) == {1}
    assert len(accepted) == len(purchases)


def _events(market: httpx.Client, after: int) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {"after": after, "limit": 10_000, "kind": "accepted"}
    events: list[dict[str, Any]] = market.get("/control/events", params=asked).raise_for_status().json()["events"]
    return events


def _keep_rows(site: Site) -> None:
    for table in TABLES:
        site.execute(f"DROP TABLE IF EXISTS bench_{table}")
        site.execute(f"CREATE TABLE bench_{table} AS TABLE channels_app_{table}")
    site.execute("DROP TABLE IF EXISTS bench_movement")
    site.execute("CREATE TABLE bench_movement AS SELECT * FROM inventory_stockmovement WHERE line_id IS NOT NULL")

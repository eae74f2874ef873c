"""100 changes of stock among N listings, from their commit to payloads and rows, against the same among 10,000.

Cost follows the change, not the catalogue: the baseline is ours on a small catalogue, in a database of its own.
"""

import itertools

from bench.feed_rig import NoNetwork, listings_are_confirmed, offline_adapter, run_job
from bench.measure import Result
from bench.servers import DATABASE
from bench.site import Site
from channels_app.flows.fan_out import fan_out
from channels_app.models import Channel, ChannelJob, FeedLine
from marketplace_integration import clock

CHANGES = 100
SMALL = 10_000
RATIO = 1.2
SECONDS = 0.5
DATABASES = {"ours": DATABASE, "baseline": "bench_small"}


def run(site: Site) -> Result:
    site.servers.fresh_database(SMALL, DATABASES["baseline"])
    channels: dict[str, Channel] = {}
    rounds = itertools.count()
    for side, database in DATABASES.items():
        site.use_database(database)
        channels[side] = site.make_channel()
        listings_are_confirmed(site, channels[side])

    def prepare(side: str) -> None:
        site.use_database(DATABASES[side])
        _change_stock(site, next(rounds))

    try:
        pairs = site.run_pairs(
            ours=lambda: _send_changes(channels["ours"]),
            baseline=lambda: _send_changes(channels["baseline"]),
            reset=lambda: None,
            prepare=prepare,
            at_least=15,
        )
    finally:
        site.use_database(DATABASE)
        site.servers.drop(DATABASES["baseline"])
    return pairs.result(
        peak_rss_mb=site.memory.peak_mb,
        note=f"{CHANGES} stock changes: fan-out, feed, payloads, rows; baseline: the same among {SMALL:,} listings",
        goal=f"ratio <= {RATIO}, and <= {SECONDS} s",
        met=pairs.ratio <= RATIO and max(pairs.ours) <= SECONDS,
    )


def _change_stock(site: Site, number: int) -> None:
    """Items spread over the catalogue, others each time, have one unit less; the triggers say so in the queue."""
    step = site.value("SELECT max(id) FROM inventory_item") // CHANGES
    changed = site.execute(
        "UPDATE inventory_stock SET on_hand = on_hand - 1"
        " WHERE item_id IN (SELECT 1 + %s + n * %s FROM generate_series(0, %s - 1) AS n)",
        [number % step, step, CHANGES],
    )
    assert changed == CHANGES


def _send_changes(channel: Channel) -> None:
    before = FeedLine.objects.filter(channel=channel).count()
    while fan_out(now=clock.now()):
        pass
    done = run_job(channel, ChannelJob.Kind.OFFERS, offline_adapter(NoNetwork()))
    assert done == {"sent": CHANGES}, done
    assert FeedLine.objects.filter(channel=channel).count() == before + CHANGES

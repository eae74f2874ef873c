"""Claiming one due job among five for each of N channels, eight drains at once; the commit is part of it.

A hundredth of the channels have a job due in the lane `urgent`. Each of eight threads claims a job as a worker does
(`engine.claim_next`) and gives it back, which is not timed, so that as many are due all the time. `alone_p50_s` is a
claim while nobody else claims.
"""

import statistics
import threading
import time
from datetime import timedelta

from django.db import connection

from bench.measure import Result, percentile
from bench.site import Site
from channels_app.flows import engine
from channels_app.models import Channel, ChannelJob
from marketplace_integration import clock

MOST_CHANNELS = 100_000
CHANNELS_PER_SELLER = 5
KINDS = ("offers", "content", "results", "orders", "commands")
DUE_KIND, LANE = "offers", "urgent"
ONE_IN = 100
HOSTS = 500
DRAINS = 8
CLAIMS_EACH = 250
MOST_SECONDS = 0.010


def run(site: Site) -> Result:
    channels = min(site.n, MOST_CHANNELS)
    _make_jobs(site, channels)
    due = ChannelJob.objects.filter(lane=LANE, next_run_at__lte=clock.now(), enabled=True).count()
    assert due == channels // ONE_IN
    alone = _claim_often(50)
    seconds = _claim_at_once()
    assert len(seconds) == DRAINS * CLAIMS_EACH
    assert not ChannelJob.objects.filter(claim_expires_at__isnull=False).exists()
    p95 = percentile(seconds, 0.95)
    return Result(
        note=f"{channels * len(KINDS)} jobs, {due} due, {DRAINS} drains at once; commit included",
        goal=f"p95 < {MOST_SECONDS * 1000:.0f} ms",
        met=p95 < MOST_SECONDS,
        more={"p50_s": statistics.median(seconds), "p95_s": p95, "alone_p50_s": statistics.median(alone)},
    )


def _make_jobs(site: Site, channels: int) -> None:
    """There are sellers with five channels each, and five jobs a channel, of which few are due."""
    model = site.make_channel("model")
    ChannelJob.objects.all().delete()
    site.execute(
        "INSERT INTO inventory_seller (name, slug, time_zone, currency, created_at)"
        " SELECT 'Seller ' || n, 'seller-' || n, 'UTC', 'USD', now() FROM generate_series(1, %s) AS n",
        [channels // CHANNELS_PER_SELLER],
    )
    other = {
        "seller_id": f"(SELECT min(id) FROM inventory_seller WHERE slug LIKE 'seller-%%') + n / {CHANNELS_PER_SELLER}",
        "public_id": "uuidv7()",
        "account_id": "'account ' || n",
    }
    columns = [field.column for field in Channel._meta.local_concrete_fields if not field.primary_key]
    site.execute(
        f"INSERT INTO channels_app_channel ({', '.join(columns)})"
        f" SELECT {', '.join(other.get(column, f'model.{column}') for column in columns)}"
        " FROM channels_app_channel AS model, generate_series(0, %s - 1) AS n WHERE model.id = %s ORDER BY n",
        [channels, model.pk],
    )
    site.execute(
        """
        INSERT INTO channels_app_channeljob
            (channel_id, seller_id, kind, lane, host, enabled, interval_seconds, urgency, next_run_at, cursor,
             claimed_by, fence, failures, last_error, blocked)
        SELECT channel.id, channel.seller_id, kind, lane, 'host-' || channel.id %% %s, true, 60, 5,
               now() + CASE WHEN kind = %s AND channel.id %% %s = 0 THEN -1 ELSE 1 END * interval '1 hour',
               '', '', 0, 0, '', false
        FROM channels_app_channel AS channel, unnest(%s::text[], %s::text[]) AS jobs (kind, lane)
        WHERE channel.id <> %s ORDER BY channel.id, kind
        """,
        [HOSTS, DUE_KIND, ONE_IN, list(KINDS), [ChannelJob.LANES[kind] for kind in KINDS], model.pk],
    )
    site.execute("VACUUM (ANALYZE) inventory_seller, channels_app_channel, channels_app_channeljob")
    site.execute("CHECKPOINT")


def _claim_at_once() -> list[float]:
    """Return the seconds of each claim."""
    seconds: list[float] = []
    ready = threading.Barrier(DRAINS)

    def drain() -> None:
        try:
            _claim_often(5)  # connections are open, as a worker's are
            ready.wait()
            seconds.extend(_claim_often(CLAIMS_EACH))
        finally:
            connection.close()

    threads = [threading.Thread(target=drain) for _ in range(DRAINS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds


def _claim_often(times: int) -> list[float]:
    """Claim and give back. Returns the seconds of each claim; what is given back is due again at once."""
    seconds = []
    for _ in range(times):
        now = clock.now()
        started = time.perf_counter()
        claim = engine.claim_next(LANE, now=now)
        seconds.append(time.perf_counter() - started)
        assert claim is not None
        claim.again_at = now - timedelta(seconds=1)
        claim.settle(more=False)
    return seconds

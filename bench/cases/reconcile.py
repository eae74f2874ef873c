"""The first reconcile of N listings with the N that the channel shows: from the adapter's iterator to differences.

Four in a thousand differ, one of each kind. Baseline: COPY the same rows in, and one anti-join or join a kind into the
same table. Ours also enqueues what it found (none of it needs a person), and finds what the channel shows unasked.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.db import connection
from django.db.models import Count

from bench.baselines import baseline
from bench.feed_rig import NoNetwork, OneToken, listings_are_confirmed, run_job
from bench.measure import Result
from bench.site import Site
from channels_app.adapters.sandbox.adapter import SandboxAdapter
from channels_app.adapters.types import Account, Export, RemoteListing
from channels_app.models import Channel, ChannelJob, Difference
from marketplace_integration import clock

RATIO = 3.0
MEMORY_MB = 200
KINDS = ("adoptable", "drifted", "missing", "to_end")


class ShowingAdapter(SandboxAdapter):
    """The sandbox's adapter, whose channel shows the catalogue, with a few rows that differ."""

    n: int
    as_of: datetime

    def export_listings(self, handle: str = "") -> Export:
        return Export(handle="", as_of=self.as_of, complete=True, rows=shown(self.n))


def shown(n: int) -> Iterator[RemoteListing]:
    """Yield what buyers see: of each thousand SKUs one is missing, one cheaper, one is none of ours."""
    for number in range(1, n + 1):
        yield RemoteListing(
            sku=f"SKU-{number:08}" if number % 1000 else f"STRAY-{number:08}",
            title="",
            price=Decimal(f"{5 + number % 200 - (number % 1000 == 1)}.99"),
            currency="USD",
            quantity=10 + number % 90,
            active=True,
        )


def run(site: Site) -> Result:
    channel = site.make_channel(reconciler_on=True)
    adapter = ShowingAdapter(Account(settings={}, secrets={}), http=NoNetwork(), tokens=OneToken())  # type: ignore[arg-type]
    adapter.n = site.n
    file = site.folder / "shown.csv"
    _write(file, site.n)
    listings_are_confirmed(site, channel)
    params = {"channel": channel.pk, "label": channel.label_id}

    def reset() -> None:
        adapter.as_of = clock.now()
        _as_before(site, channel)

    def ours() -> None:
        done = run_job(channel, ChannelJob.Kind.RECONCILE, adapter)
        assert done["read"] == site.n, done
        _check(site)

    def raw() -> None:
        site.execute(baseline("reconcile_run"), params)
        site.execute(baseline("reconcile_stage"))
        with open(file, "rb") as rows:
            connection.cursor().copy_expert("COPY bench_shown FROM STDIN WITH (FORMAT csv)", rows)
        site.execute("ANALYZE bench_shown")
        for kind in KINDS:
            site.execute(baseline(f"reconcile_{kind}"), params)
        _check(site)

    pairs = site.run_pairs(ours=ours, baseline=raw, reset=reset)
    file.unlink()
    peak = site.memory.peak_mb
    return pairs.result(
        peak_rss_mb=peak,
        note="iterator to differences, first run; baseline: COPY in, then one join or anti-join a kind",
        goal=f"ratio <= {RATIO}, at most {MEMORY_MB} MB above idle",
        met=pairs.ratio <= RATIO and peak <= MEMORY_MB,
    )


def _write(file: Path, n: int) -> None:
    with open(file, "w", newline="") as text:
        csv.writer(text).writerows((row.sku, row.price, row.quantity) for row in shown(n))


def _as_before(site: Site, channel: Channel) -> None:
    """Nothing was ever read: all SKUs are confirmed listings, but for one in a thousand that is not listed yet."""
    site.execute(
        "TRUNCATE channels_app_difference, channels_app_reconcilerun, channels_app_pendingchange, channels_app_jobrun"
    )
    site.execute("DELETE FROM channels_app_listing WHERE channel_id = %s AND sku LIKE 'STRAY-%%'", [channel.pk])
    site.execute(
        "DELETE FROM channels_app_listing WHERE channel_id = %s AND item_id IN"
        " (SELECT n FROM generate_series(2, %s, 1000) AS n)",
        [channel.pk, site.n],
    )
    site.execute(
        """
        UPDATE channels_app_listing AS listing
        SET state = 'listed', sent_price = item.price, sent_quantity = 10 + item.id %% 90,
            sent_content_hash = item.content_hash, confirmed_price = item.price,
            confirmed_quantity = 10 + item.id %% 90, confirmed_content_hash = item.content_hash,
            remote_price = NULL, remote_quantity = NULL, remote_active = NULL, remote_as_of = NULL
        FROM inventory_item AS item
        WHERE listing.channel_id = %s AND item.id = listing.item_id
          AND item.id IN (SELECT n FROM generate_series(0, %s, 1000) AS n UNION ALL
                          SELECT n FROM generate_series(1, %s, 1000) AS n)
        """,
        [channel.pk, site.n, site.n],
    )
    site.execute("VACUUM (ANALYZE) channels_app_listing")


def _check(site: Site) -> None:
    """Both sides found the same differences."""
    found = dict(Difference.objects.values_list("kind").annotate(number=Count("id")))
    assert found == dict.fromkeys(KINDS, site.n // 1000), found

"""The first feed of N listings: from pending changes through the adapter's mapping to payloads, all rows recorded.

Baseline: COPY the same rows out as JSON, insert the lines, write the listings, delete the pending changes; one
statement each.
"""

from bench.baselines import baseline
from bench.feed_rig import NoNetwork, everything_is_pending, forget_feed, offline_adapter, run_job
from bench.measure import Result
from bench.site import Site
from channels_app.models import ChannelJob, FeedLine, Listing, PendingChange

RATIO = 2.5
MEMORY_MB = 200


def run(site: Site) -> Result:
    channel = site.make_channel()
    params = {"channel": channel.pk, "n": site.n}
    http = NoNetwork()
    told: dict[str, int] = {}

    def reset() -> None:
        forget_feed(site)
        everything_is_pending(site, channel)

    def ours() -> None:
        http.payload_bytes = 0
        done = run_job(channel, ChannelJob.Kind.CONTENT, offline_adapter(http))
        assert done["sent"] == site.n, done
        _check(site)
        told["ours"] = http.payload_bytes

    def raw() -> None:
        told["baseline"] = site.copy_out(baseline("first_feed_json").format(channel=channel.pk))
        for name in ("submissions", "lines", "listings", "settle"):
            site.execute(baseline(f"first_feed_{name}"), params)
        _check(site)

    pairs = site.run_pairs(ours=ours, baseline=raw, reset=reset)
    peak = site.memory.peak_mb
    return pairs.result(
        peak_rss_mb=peak,
        note="pending to payloads and rows; baseline: COPY out as JSON, insert lines, write listings, delete pending",
        goal=f"ratio <= {RATIO}, at most {MEMORY_MB} MB above idle",
        met=pairs.ratio <= RATIO and peak <= MEMORY_MB,
        payload_mb={side: size / 1e6 for side, size in told.items()},
    )


def _check(site: Site) -> None:
    """Both sides came to the same rows."""
    rows = (
        PendingChange.objects.count(),
        FeedLine.objects.filter(state="sent").count(),
        Listing.objects.filter(state="creating", item__isnull=False).count(),
    )
    assert rows == (0, site.n, site.n), rows

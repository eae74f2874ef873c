"""How long a fall of stock takes from its commit to the sandbox, with N listings on five channels of one seller.

The product runs as `make run` starts it: one worker of each lane, and beat. No baseline: the field needs minutes.
"""

from bench.feed_rig import listings_are_confirmed
from bench.measure import Result, percentile
from bench.site import Site
from bench.stack import workers_run
from bench.traffic import latencies, let_stock_fall, list_at_sandbox, take_items

CHANNELS = 5
PER_SECOND = 50
SECONDS = 60
#: Until the workers have started and imported everything.
WARM_UP_FALLS = 250
P50, P95 = 0.5, 2.0


def run(site: Site) -> Result:
    on_label = max(site.n // CHANNELS, PER_SECOND * SECONDS + WARM_UP_FALLS)
    label = site.make_label("On five channels", on_label)
    items, on_hand = take_items(site, PER_SECOND * SECONDS + WARM_UP_FALLS, of=on_label)
    with site.sandbox() as url:
        channels = [site.make_channel(f"channel-{n}", base_url=url, label=label) for n in range(CHANNELS)]
        for channel in channels:
            listings_are_confirmed(site, channel)
        list_at_sandbox(url, channels, {item.sku: on_hand[item.pk] for item in items})
        site.start_jobs(channels)
        with workers_run(site):
            warm_up = let_stock_fall(items[:WARM_UP_FALLS], on_hand, per_second=PER_SECOND)
            latencies(url, channels, warm_up)
            site.memory.idle_now()
            with site.memory.watching():
                falls = let_stock_fall(items[WARM_UP_FALLS:], on_hand, per_second=PER_SECOND)
                seconds = latencies(url, channels, falls)
    p50, p95 = percentile(seconds, 0.5), percentile(seconds, 0.95)
    return Result(
        peak_rss_mb=site.memory.peak_mb,
        note=f"{PER_SECOND} falls a second for {SECONDS} s to {CHANNELS} channels; {CHANNELS * on_label:,} listings",
        goal=f"p50 < {P50} s, p95 < {P95} s",
        met=p50 < P50 and p95 < P95,
        more={"p50_s": p50, "p95_s": p95, "max_s": max(seconds), "falls": len(falls), "heard": len(seconds)},
    )

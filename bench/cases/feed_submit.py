"""A first feed to the sandbox over HTTP, from pending changes to every line's handle; at most 100,000 listings.

Baseline: the same payloads, built before, posted one after the other by a bare client.
"""

from collections.abc import Sequence

import httpx

from bench.feed_rig import NoNetwork, everything_is_pending, forget_feed, offline_adapter, run_job
from bench.measure import Result
from bench.site import Site
from channels_app.flows.connection import open_adapter
from channels_app.models import ChannelJob, FeedLine, Submission

MOST = 100_000


def run(site: Site) -> Result:
    n = min(site.n, MOST)
    with site.sandbox() as url:
        channel = site.make_channel(base_url=url)

        def reset() -> None:
            forget_feed(site)
            everything_is_pending(site, channel, n)
            _empty_sandbox(url)

        reset()
        recorder = NoNetwork(keeps=True)
        run_job(channel, ChannelJob.Kind.CONTENT, offline_adapter(recorder))

        def ours() -> None:
            done = run_job(channel, ChannelJob.Kind.CONTENT, open_adapter(channel))
            assert done["sent"] == n, done
            assert Submission.objects.exclude(handle="").count() == len(recorder.payloads)
            assert FeedLine.objects.filter(state="sent").count() == n

        pairs = site.run_pairs(ours=ours, baseline=lambda: _post_all(url, channel.name, recorder.payloads), reset=reset)
    ours_s = sorted(pairs.ours)[len(pairs.ours) // 2]
    return pairs.result(
        peak_rss_mb=site.memory.peak_mb,
        note=f"{n:,} new listings to the sandbox over HTTP; baseline: a bare client posts the same pre-built payloads",
        per_s=n / ours_s,
        lines=n,
    )


def _post_all(url: str, client_id: str, payloads: Sequence[bytes]) -> None:
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        answer = client.post("/v1/token", json={"client_id": client_id, "client_secret": "a-secret"}).raise_for_status()
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}", "Content-Type": "application/json"}
        for number, payload in enumerate(payloads):
            keyed = {**headers, "Idempotency-Key": f"bare-{number}"}
            client.post("/v1/submissions", content=payload, headers=keyed).raise_for_status()


def _empty_sandbox(url: str) -> None:
    """The marketplace is as on its first day, and has nothing left to do. Tokens of ours end with it."""
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
        client.post("/control/settle").raise_for_status()
        client.post("/control/reset").raise_for_status()

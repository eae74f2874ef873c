"""What the feed's benchmarks share: pending changes to start from, an adapter without a network, and claimed slices."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from bench.site import Site
from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.http import Answer
from channels_app.adapters.sandbox.adapter import SandboxAdapter
from channels_app.adapters.types import Account
from channels_app.flows import engine
from channels_app.flows.dispatch import FLOWS
from channels_app.models import Channel, ChannelJob
from marketplace_integration import clock

_FAR = timedelta(days=1)


class NoNetwork:
    """Stands in for HttpClient: takes the finished payload, and answers as the sandbox does."""

    def __init__(self, *, keeps: bool = False) -> None:
        self.payload_bytes = 0
        self.payloads: list[bytes] = []
        #: Whether payloads are kept, for a baseline that posts the same.
        self.keeps = keeps

    def call(self, method: str, url: str, *, content: bytes = b"", **_: Any) -> Answer:
        self.payload_bytes += len(content)
        if self.keeps:
            self.payloads.append(content)
        return Answer(status=202, headers={}, body=b'{"submission_id": "handle"}')

    def read(self, answer: Answer, *, write: bool = False) -> Any:
        return answer.json()


class OneToken:
    """Stands in for TokenStore."""

    def get(self, fetch: Any) -> str:
        return "token"

    def authorized(self, fetch: Any, call: Callable[[str], Answer]) -> Answer:
        return call(self.get(fetch))


def offline_adapter(http: NoNetwork) -> SandboxAdapter:
    """Return the sandbox's own adapter, whose calls end where the network would begin."""
    account = Account(settings={"base_url": "http://sandbox.invalid", "client_id": "bench"}, secrets={})
    return SandboxAdapter(account, http=http, tokens=OneToken())  # type: ignore[arg-type]


def forget_feed(site: Site) -> None:
    """Nothing was ever sent: the tables of the feed are empty, and their pages new."""
    site.execute(
        "TRUNCATE channels_app_feedline, channels_app_submission, channels_app_listing, channels_app_pendingchange,"
        " inventory_itemchange, channels_app_jobrun RESTART IDENTITY CASCADE"
    )


def everything_is_pending(site: Site, channel: Channel, most: int | None = None) -> None:
    """Every item (at most so many) is to be listed for the first time, as a fan-out leaves it."""
    site.execute(
        "INSERT INTO channels_app_pendingchange"
        " (channel_id, sku, item_id, kinds, urgency, version, held, not_before, changed_at)"
        " SELECT %s, sku, id, 8, 6, 1, false, NULL, now() FROM inventory_item"
        " WHERE seller_id = %s ORDER BY sku LIMIT %s",
        [channel.pk, channel.seller_id, most],
    )
    site.execute("VACUUM (ANALYZE) channels_app_pendingchange")


def listings_are_confirmed(site: Site, channel: Channel) -> None:
    """Every item on the channel's label is listed as it stands, and confirmed."""
    site.execute(
        """
        INSERT INTO channels_app_listing
            (channel_id, sku, item_id, state, sent_price, sent_quantity, sent_content_hash, sent_withdrawn,
             confirmed_price, confirmed_quantity, confirmed_content_hash, confirmed_at, last_line_at,
             rejected_hash, rejected_code, rejected_reason)
        SELECT %s, item.sku, item.id, 'listed', item.price, stock.on_hand - stock.reserved, item.content_hash, false,
               item.price, stock.on_hand - stock.reserved, item.content_hash, now(), now() - interval '1 day',
               '', '', ''
        FROM inventory_labelitem AS member
        JOIN inventory_item AS item ON item.id = member.item_id
        JOIN inventory_stock AS stock ON stock.item_id = item.id
        WHERE member.label_id = %s ORDER BY item.sku
        """,
        [channel.pk, channel.label_id],
    )
    site.execute("VACUUM (ANALYZE) channels_app_listing")


@contextmanager
def _claimed(channel: Channel, kind: str) -> Iterator[engine.Claim]:
    ChannelJob.objects.filter(channel=channel).update(next_run_at=clock.now() + _FAR)
    ChannelJob.objects.filter(channel=channel, kind=kind).update(next_run_at=clock.now())
    claim = engine.claim_next(ChannelJob.LANES[kind], now=clock.now())
    assert claim is not None
    assert (claim.channel.pk, claim.kind) == (channel.pk, kind)
    yield claim


def run_job(channel: Channel, kind: str, adapter: ChannelAdapter) -> dict[str, int]:
    """Run slices of one job until nothing is left for it, as a worker does. Returns what they did."""
    done: dict[str, int] = {}
    more = True
    while more:
        with _claimed(channel, kind) as claim, engine.heartbeat(claim):
            more = FLOWS[kind](claim, adapter)
            claim.settle(more=more)
        for name, number in claim.counts.items():
            done[name] = done.get(name, 0) + number
    return done

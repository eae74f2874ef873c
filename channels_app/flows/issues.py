"""What is refused now, one row for each cause: how many SKUs, how much money, since when. Reads only.

A cause is a channel, the marketplace's code and its reason without what belongs to one SKU; see models/cause.py. It
closes by itself: a listing that the marketplace confirms, or that nobody wants any more, is of no cause.
"""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from channels_app.flows.listings import NOT_SENT
from channels_app.flows.put_off import IS_PUT_OFF
from channels_app.flows.remedies import Remedy, find_remedy
from channels_app.flows.sentences import legible
from channels_app.models import Channel, Listing
from channels_app.models.cause import GAP, SENTENCE

#: No more causes than this are told, the largest of so many that are counted, and no more SKUs of one are counted.
MOST_CAUSES = 200
MOST_COUNTED = 5_000
COUNT_LIMIT = 10_000


class Issue(NamedTuple):
    """One cause that is open on one channel."""

    channel_id: int
    cause: str
    #: Of its first SKU.
    code: str
    reason: str
    #: The reason with gaps where each SKU has its own word or number.
    sentence: str
    #: How many SKUs, counted no further than just above COUNT_LIMIT.
    skus: int

    @property
    def text(self) -> str:
        """What a seller reads: a reason that only one SKU has is told in full."""
        return self.reason if self.skus == 1 else legible(self.sentence)

    @property
    def example(self) -> str:
        """The first SKU's reason, where the text leaves out what is another on each; else empty."""
        return self.reason if self.skus > 1 and GAP in self.sentence else ""

    @property
    def is_ours(self) -> bool:
        """It was never sent: sending it again as it is brings nothing."""
        return self.code == NOT_SENT

    @property
    def remedy(self) -> Remedy:
        return find_remedy(self.code, self.reason)


class Worth(NamedTuple):
    """What stands behind a cause, of its first COUNT_LIMIT SKUs."""

    #: Currency -> what the available stock is worth at the items' prices.
    amounts: Mapping[str, Decimal]
    #: Available units of items without a price.
    unpriced: int
    #: When the first of them was refused; None: it was not written down.
    since: datetime | None


_COUNTED = """(
    SELECT count(*) AS skus
    FROM (SELECT FROM channels_app_listing
          WHERE channel_id = {channel} AND cause = {cause} AND rejected_hash <> '' LIMIT %(most)s) AS those
)"""

_FIRST = """(
    SELECT rejected_code, rejected_reason, {sentence} AS sentence
    FROM channels_app_listing
    WHERE channel_id = {channel} AND cause = {cause} AND rejected_hash <> ''
    ORDER BY sku LIMIT 1
)"""

# Plan: hops over the partial index (channel, cause, SKU) from each cause to the next, no more than are asked for.
_HOPS = """
WITH RECURSIVE open (channel_id, cause) AS (
    SELECT one.id, (SELECT min(cause) FROM channels_app_listing WHERE channel_id = one.id AND rejected_hash <> '')
    FROM ({channels}) AS one (id)
    UNION ALL
    SELECT open.channel_id, (SELECT min(next.cause) FROM channels_app_listing AS next
                             WHERE next.channel_id = open.channel_id AND next.rejected_hash <> ''
                               AND next.cause > open.cause)
    FROM open WHERE open.cause IS NOT NULL
)
"""

# Plan: as above, each cause is counted in the index, and of the largest the first listing is read.
_OPEN = f"""
{_HOPS.format(channels="SELECT * FROM unnest(%(channels)s::bigint[])")}
SELECT largest.channel_id, largest.cause, first.*, largest.skus
FROM (
    SELECT open.channel_id, open.cause, counted.skus
    FROM (SELECT * FROM open WHERE cause IS NOT NULL LIMIT %(counted)s) AS open
    CROSS JOIN LATERAL {_COUNTED.format(channel="open.channel_id", cause="open.cause")} AS counted
    ORDER BY counted.skus DESC, open.channel_id, open.cause LIMIT %(causes)s
) AS largest
CROSS JOIN LATERAL {_FIRST.format(sentence=SENTENCE, channel="largest.channel_id", cause="largest.cause")} AS first
ORDER BY largest.skus DESC, largest.channel_id, largest.cause
"""  # noqa: S608 - constants


def open_issues(channels: Sequence[Channel]) -> list[Issue]:
    """Return what is open on these channels, what concerns most SKUs first; no more than MOST_CAUSES + 1."""
    params: dict[str, Any] = {
        "channels": [channel.pk for channel in channels],
        "causes": MOST_CAUSES + 1,
        "counted": MOST_COUNTED,
        "most": COUNT_LIMIT + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, params)
        return [Issue._make(row) for row in cursor.fetchall()]


_COUNT = f"""
{_HOPS.format(channels="SELECT id FROM channels_app_channel WHERE seller_id = %s AND archived_at IS NULL")}
SELECT count(*) FROM (SELECT FROM open WHERE cause IS NOT NULL AND NOT {IS_PUT_OFF} LIMIT %s) AS first
"""  # noqa: S608 - constants


def count_open(seller_id: int, *, most: int, now: datetime) -> RawSQL:
    """Return how many causes are open on the seller's channels, but for what is put off, as an expression.

    It counts no further than `most`.
    """
    return RawSQL(_COUNT, [seller_id, now, COUNT_LIMIT + 1, most], output_field=IntegerField())  # noqa: S611 - constants


_FIND = f"""
SELECT first.*, counted.skus
FROM {_FIRST.format(sentence=SENTENCE, channel="%(channel)s", cause="%(cause)s")} AS first
CROSS JOIN {_COUNTED.format(channel="%(channel)s", cause="%(cause)s")} AS counted
"""  # noqa: S608 - constants


def find_issue(channel: Channel, cause: str) -> Issue | None:
    """Return the issue, or None once it is closed."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, {"channel": channel.pk, "cause": cause, "most": COUNT_LIMIT + 1})
        row = cursor.fetchone()
    return Issue(channel.pk, cause, *row) if row else None


def listings_of(channel: Channel, cause: str) -> QuerySet[Listing]:
    """Return the listings that this cause keeps from being as they should be."""
    return Listing.objects.filter(channel=channel, cause=cause).exclude(rejected_hash="")


# Plan: each cause's first listings by (channel, cause, SKU), each item by its key, its stock by item.
_WORTH = """
SELECT asked.channel_id, asked.cause, coalesce(item.currency, ''),
       sum(item.price * greatest(stock.available, 0)),
       coalesce(sum(greatest(stock.available, 0)) FILTER (WHERE item.price IS NULL), 0), min(first.rejected_at)
FROM unnest(%(channels)s::bigint[], %(causes)s::text[]) AS asked (channel_id, cause)
CROSS JOIN LATERAL (
    SELECT item_id, rejected_at FROM channels_app_listing AS listing
    WHERE listing.channel_id = asked.channel_id AND listing.cause = asked.cause AND rejected_hash <> ''
    LIMIT %(most)s
) AS first
LEFT JOIN LATERAL (SELECT id, price, currency FROM inventory_item WHERE id = first.item_id LIMIT 1) AS item ON true
LEFT JOIN LATERAL (
    SELECT sum(place.on_hand - place.reserved) AS available
    FROM inventory_stock AS place
    WHERE place.item_id = item.id AND (
        EXISTS (SELECT FROM channels_app_channellocation AS own
                WHERE own.channel_id = asked.channel_id AND own.location_id = place.location_id)
        OR NOT EXISTS (SELECT FROM channels_app_channellocation WHERE channel_id = asked.channel_id))
) AS stock ON true
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
"""


def weigh(issues: Sequence[Issue]) -> dict[Issue, Worth]:
    """Return what stands behind each: stock at the locations that serve the channel, at the items' own prices."""
    params: dict[str, Any] = {
        "channels": [issue.channel_id for issue in issues],
        "causes": [issue.cause for issue in issues],
        "most": COUNT_LIMIT,
    }
    found: dict[tuple[int, str], list[_Figures]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_WORTH, params)
        for channel_id, cause, *figures in cursor.fetchall():
            found[channel_id, cause].append(_Figures(*figures))
    return {issue: _worth(found[issue.channel_id, issue.cause]) for issue in issues}


def by_worth(issues: Sequence[Issue], worths: Mapping[Issue, Worth], *, currency: str) -> list[Issue]:
    """Return them with most money at risk first: that in `currency`, then in others; what was not weighed goes last."""

    def place(issue: Issue) -> tuple[Any, ...]:
        worth = worths.get(issue)
        if worth is None:
            return (1,)
        others = max((amount for code, amount in worth.amounts.items() if code != currency), default=0)
        return 0, -worth.amounts.get(currency, 0), -others, -worth.unpriced

    return sorted(issues, key=place)


class _Figures(NamedTuple):
    currency: str
    amount: Decimal | None
    unpriced: int
    since: datetime | None


def _worth(rows: Sequence[_Figures]) -> Worth:
    return Worth(
        {row.currency: row.amount for row in rows if row.amount},
        sum(int(row.unpriced) for row in rows),
        min((row.since for row in rows if row.since), default=None),
    )


def weigh_within(issues: Sequence[Issue], *, seconds: float) -> dict[Issue, Worth]:
    """Return the same of as many as one gets to in that time, one after the other."""
    until, weighed = time.monotonic() + seconds, dict[Issue, Worth]()
    for issue in issues:
        if time.monotonic() > until:
            break
        weighed |= weigh([issue])
    return weighed

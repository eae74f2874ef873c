"""Listing rows follow the lines: what was sent, what was confirmed, what was refused. Set-based, locked in SKU order.

`sent_*` is the newest of {open, confirmed}. Whatever ends a line without success has `restate` derive it anew.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from channels_app.adapters.types import Kind
from channels_app.flows.wanted import UNKNOWN_HASH
from channels_app.models import Listing, Submission

_LOCK = "SELECT FROM channels_app_listing WHERE channel_id = %s AND sku = ANY(%s::text[]) ORDER BY sku FOR UPDATE"


def lock(channel_id: int, skus: Collection[str]) -> None:
    """Nobody else writes these listings until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [channel_id, list(skus)])


# Plan: the lines of one submission by (submission, SKU), each item by (seller, SKU), each listing by (channel, SKU).
_CONTENT_SENT = """
INSERT INTO channels_app_listing AS listing
    (channel_id, sku, item_id, state, sent_price, sent_quantity, sent_content_hash, sent_withdrawn,
     confirmed_content_hash, rejected_hash, rejected_code, rejected_reason, last_line_at)
SELECT line.channel_id, line.sku, item.id, 'creating', line.price, line.quantity, line.content_hash, false,
       '', '', '', '', %(now)s
FROM channels_app_feedline AS line
JOIN channels_app_channel AS channel ON channel.id = line.channel_id
LEFT JOIN inventory_item AS item ON item.seller_id = channel.seller_id AND item.sku = line.sku
WHERE line.submission_id = %(submission)s
ORDER BY line.sku
ON CONFLICT (channel_id, sku) DO UPDATE SET
    item_id = excluded.item_id,
    state = CASE WHEN listing.state = 'listed' THEN 'listed' ELSE 'creating' END,
    sent_price = excluded.sent_price,
    sent_quantity = coalesce(excluded.sent_quantity, listing.sent_quantity),
    sent_content_hash = excluded.sent_content_hash,
    sent_withdrawn = false,
    last_line_at = excluded.last_line_at
"""

_OFFER_SENT = """
UPDATE channels_app_listing AS listing
SET sent_price = coalesce(line.price, listing.sent_price),
    sent_quantity = coalesce(line.quantity, listing.sent_quantity),
    last_line_at = %(now)s
FROM channels_app_feedline AS line
WHERE line.submission_id = %(submission)s AND listing.channel_id = line.channel_id AND listing.sku = line.sku
"""

_WITHDRAWAL_SENT = """
UPDATE channels_app_listing AS listing
SET state = 'ending', sent_withdrawn = true, sent_price = NULL, sent_quantity = NULL, sent_content_hash = '',
    last_line_at = %(now)s
FROM channels_app_feedline AS line
WHERE line.submission_id = %(submission)s AND listing.channel_id = line.channel_id AND listing.sku = line.sku
"""


def record_sent(submission: Submission, skus: Collection[str], *, now: datetime) -> None:
    """The listings say that the lines of `submission` are the newest word on them."""
    sql = {Kind.CONTENT: _CONTENT_SENT, Kind.WITHDRAW: _WITHDRAWAL_SENT}.get(Kind(submission.kind), _OFFER_SENT)
    if sql != _CONTENT_SENT:  # which meets its rows one by one in that order
        lock(submission.channel_id, skus)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"submission": submission.pk, "now": now})


# Plan: each listing by (channel, SKU).
_NAME = """
UPDATE channels_app_listing AS listing
SET remote_id = told.remote_id
FROM unnest(%s::text[], %s::text[]) AS told (sku, remote_id)
WHERE listing.channel_id = %s AND listing.sku = told.sku AND listing.remote_id <> told.remote_id
"""


def name(channel_id: int, remote_ids: Mapping[str, str]) -> None:
    """The listings carry the channel's own numbers, given by SKU."""
    if not remote_ids:
        return
    lock(channel_id, remote_ids.keys())
    with connection.cursor() as cursor:
        cursor.execute(_NAME, [list(remote_ids.keys()), list(remote_ids.values()), channel_id])


# A refusal is forgotten once the same kind of line succeeds, or one that says everything; and never by a weaker one.
# Our own ('l', say no price) outlives the withdrawal that it caused.
_CONFIRM = """
UPDATE channels_app_listing AS listing
SET confirmed_price = CASE WHEN line.kind = 'withdraw' THEN NULL
                           WHEN line.price IS NULL OR line.id = ANY(%(old_prices)s::bigint[])
                               THEN listing.confirmed_price
                           ELSE line.price END,
    confirmed_quantity = CASE WHEN line.kind = 'withdraw' THEN NULL
                              WHEN line.quantity IS NULL OR line.id = ANY(%(old_quantities)s::bigint[])
                                   OR line.id <= listing.recounted_line_id
                                  THEN listing.confirmed_quantity
                              ELSE line.quantity END,
    confirmed_content_hash = CASE line.kind WHEN 'withdraw' THEN '' WHEN 'content' THEN line.content_hash
                                            ELSE listing.confirmed_content_hash END,
    confirmed_at = %(now)s,
    last_line_at = %(now)s,
    state = CASE WHEN line.id = ANY(%(overtaken)s::bigint[]) THEN listing.state
                 WHEN line.kind = 'withdraw' THEN 'ended' ELSE 'listed' END,
    rejected_hash = CASE WHEN verdict.forgotten THEN '' ELSE listing.rejected_hash END,
    rejected_code = CASE WHEN verdict.forgotten THEN '' ELSE listing.rejected_code END,
    rejected_reason = CASE WHEN verdict.forgotten THEN '' ELSE listing.rejected_reason END
FROM channels_app_feedline AS line
JOIN channels_app_listing AS same ON same.channel_id = line.channel_id AND same.sku = line.sku
CROSS JOIN LATERAL (
    SELECT line.kind = 'content' OR left(same.rejected_hash, 1) = left(line.payload_hash, 1)
           OR (line.kind = 'withdraw' AND left(same.rejected_hash, 1) <> 'l') AS forgotten
) AS verdict
WHERE line.id = ANY(%(lines)s::bigint[]) AND listing.id = same.id
"""


def confirm(
    line_ids: Sequence[int],
    *,
    overtaken: Collection[int],
    old_prices: Collection[int],
    old_quantities: Collection[int],
    now: datetime,
) -> None:
    """The listings show what these lines brought.

    After an `overtaken` one something newer was sent: it has the say about the state. Where a newer price or quantity
    is confirmed already, that of the line is an old one.
    """
    if line_ids:
        params: dict[str, Any] = {
            "lines": list(line_ids),
            "overtaken": list(overtaken),
            "old_prices": list(old_prices),
            "old_quantities": list(old_quantities),
            "now": now,
        }
        with connection.cursor() as cursor:
            cursor.execute(_CONFIRM, params)


# Plan: each listing by (channel, SKU), its open lines by the partial index on (channel, SKU).
_RESTATE = """
UPDATE channels_app_listing AS listing
SET sent_price = CASE WHEN derived.withdrawn THEN NULL ELSE coalesce(derived.price, listing.confirmed_price) END,
    sent_quantity = CASE WHEN derived.withdrawn THEN NULL
                         ELSE coalesce(derived.quantity, listing.confirmed_quantity) END,
    sent_content_hash = CASE WHEN derived.withdrawn THEN ''
                             ELSE coalesce(derived.content_hash, listing.confirmed_content_hash) END,
    sent_withdrawn = derived.withdrawn,
    last_line_at = %(now)s,
    state = CASE WHEN derived.withdrawn THEN 'ending'
                 WHEN derived.confirmed THEN 'listed'
                 WHEN derived.content_hash IS NOT NULL THEN 'creating'
                 ELSE %(absent)s END
FROM (
    SELECT one.id,
           one.confirmed_price IS NOT NULL OR one.confirmed_quantity IS NOT NULL
               OR one.confirmed_content_hash <> '' AS confirmed,
           coalesce(lines.newest = 'withdraw', false) AS withdrawn,
           lines.price, lines.quantity, lines.content_hash
    FROM channels_app_listing AS one
    CROSS JOIN LATERAL (
        SELECT (array_agg(line.kind ORDER BY line.id DESC))[1] AS newest,
               (array_agg(line.price ORDER BY line.id DESC) FILTER (WHERE line.price IS NOT NULL))[1] AS price,
               (array_agg(line.quantity ORDER BY line.id DESC)
                   FILTER (WHERE line.quantity IS NOT NULL AND line.id > one.recounted_line_id))[1] AS quantity,
               (array_agg(line.content_hash ORDER BY line.id DESC) FILTER (WHERE line.kind = 'content'))[1]
                   AS content_hash
        FROM channels_app_feedline AS line
        WHERE line.channel_id = one.channel_id AND line.sku = one.sku AND line.state IN ('pending', 'sent', 'unknown')
    ) AS lines
    WHERE one.channel_id = %(channel)s AND one.sku = ANY(%(skus)s::text[])
) AS derived
WHERE listing.id = derived.id
"""


def restate(channel_id: int, skus: Collection[str], *, absent: Listing.State, now: datetime) -> None:
    """`sent_*` is the newest of {open, confirmed} again; a listing with neither is `absent`."""
    if skus:
        with connection.cursor() as cursor:
            cursor.execute(_RESTATE, {"channel": channel_id, "skus": list(skus), "absent": absent.value, "now": now})


_DOUBT = """
UPDATE channels_app_listing AS listing
SET sent_price = NULL,
    sent_quantity = NULL,
    sent_content_hash = CASE WHEN doubt.whole THEN %(unknown)s ELSE listing.sent_content_hash END,
    sent_withdrawn = listing.sent_withdrawn AND NOT doubt.whole,
    state = CASE WHEN doubt.whole AND listing.state <> 'listed' THEN 'creating' ELSE listing.state END,
    last_line_at = %(now)s
FROM unnest(%(skus)s::text[], %(wholes)s::boolean[]) AS doubt (sku, whole)
WHERE listing.channel_id = %(channel)s AND listing.sku = doubt.sku
"""


def doubt(channel_id: int, skus: dict[str, bool], *, now: datetime) -> None:
    """Nobody knows what the channel shows for these SKUs: whatever is true will be sent as new.

    The value says whether that goes for the whole listing (its content, whether it is there), not its offer alone.
    """
    if skus:
        with connection.cursor() as cursor:
            cursor.execute(
                _DOUBT,
                {
                    "channel": channel_id,
                    "skus": list(skus),
                    "wholes": list(skus.values()),
                    "unknown": UNKNOWN_HASH,
                    "now": now,
                },
            )


def shown_among(channel_id: int, skus: Collection[str]) -> list[str]:
    """Return those of `skus` that buyers can see at the channel, as far as we know, or soon will."""
    if not skus:
        return []
    shown = Listing.objects.filter(channel_id=channel_id, sku__in=skus).exclude(
        state__in=(Listing.State.ENDED, Listing.State.REJECTED)
    )
    return list(shown.values_list("sku", flat=True))


# Plan: each listing by (channel, SKU), its newest line by (channel, SKU, id).
_FORGET_QUANTITY = """
UPDATE channels_app_listing AS listing
SET sent_quantity = NULL, confirmed_quantity = NULL,
    recounted_line_id = coalesce((
        SELECT line.id FROM channels_app_feedline AS line
        WHERE line.channel_id = listing.channel_id AND line.sku = listing.sku
        ORDER BY line.id DESC LIMIT 1
    ), 0)
WHERE listing.channel_id = %s AND listing.sku = ANY(%s::text[])
"""


def forget_quantity(channel_id: int, skus: Collection[str]) -> None:
    """The channel has changed these quantities by itself: neither what was sent nor what was confirmed is so.

    Nor is what lines say that are still open: whether the channel worked them off before or after, nobody knows.
    """
    if skus:
        lock(channel_id, skus)
        with connection.cursor() as cursor:
            cursor.execute(_FORGET_QUANTITY, [channel_id, list(skus)])


# Another value refused for the same reason is refused since the first.
_REJECT = """
UPDATE channels_app_listing AS listing
SET rejected_hash = line.payload_hash, rejected_code = line.code, rejected_reason = line.reason,
    rejected_at = CASE WHEN listing.rejected_hash <> '' AND listing.rejected_code = line.code
                            AND listing.rejected_reason = line.reason
                       THEN coalesce(listing.rejected_at, %(now)s) ELSE %(now)s END
FROM channels_app_feedline AS line
WHERE line.id = ANY(%(lines)s::bigint[]) AND listing.channel_id = line.channel_id AND listing.sku = line.sku
"""


def reject(line_ids: Sequence[int], *, now: datetime) -> None:
    """The listings remember what the channel refused of them, and why."""
    if line_ids:
        with connection.cursor() as cursor:
            cursor.execute(_REJECT, {"lines": list(line_ids), "now": now})


def refused_by_us(channel_id: int, skus: Collection[str]) -> list[str]:
    """Return those of `skus` that we ourselves have refused to send."""
    if not skus:
        return []
    ours = Listing.objects.filter(channel=channel_id, sku__in=skus, rejected_hash__startswith="l")
    return list(ours.values_list("sku", flat=True))


_REFUSE = """
INSERT INTO channels_app_listing AS listing
    (channel_id, sku, item_id, state, sent_content_hash, sent_withdrawn, confirmed_content_hash,
     rejected_hash, rejected_code, rejected_reason, rejected_at)
SELECT %(channel)s, sku, item_id, 'rejected', '', false, '', hash, %(code)s, reason, %(now)s
FROM unnest(%(skus)s::text[], %(items)s::bigint[], %(hashes)s::text[], %(reasons)s::text[])
    AS refused (sku, item_id, hash, reason)
ORDER BY sku
ON CONFLICT (channel_id, sku) DO UPDATE SET
    state = CASE WHEN listing.state IN ('creating', 'listed', 'ending') THEN listing.state ELSE 'rejected' END,
    rejected_hash = excluded.rejected_hash,
    rejected_code = excluded.rejected_code,
    rejected_reason = excluded.rejected_reason,
    rejected_at = CASE WHEN listing.rejected_hash <> '' AND listing.rejected_code = excluded.rejected_code
                            AND listing.rejected_reason = excluded.rejected_reason
                       THEN coalesce(listing.rejected_at, excluded.rejected_at) ELSE excluded.rejected_at END
"""

#: Stands for a marketplace's code where we ourselves say no.
NOT_SENT = "not-sent"


def refuse(channel_id: int, refused: Sequence[tuple[str, int | None, str, str]], *, now: datetime) -> None:
    """These (SKU, item, hash, reason) are not sent, and the listing says why."""
    if refused:
        skus, items, hashes, reasons = (list(column) for column in zip(*refused, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(
                _REFUSE,
                {
                    "channel": channel_id,
                    "skus": skus,
                    "items": items,
                    "hashes": hashes,
                    "code": NOT_SENT,
                    "reasons": reasons,
                    "now": now,
                },
            )


_FORGET = """
UPDATE channels_app_listing
SET state = CASE state WHEN 'listed' THEN 'listed' ELSE 'ended' END,
    rejected_hash = '', rejected_code = '', rejected_reason = ''
WHERE channel_id = %s AND sku = ANY(%s::text[]) AND state IN ('rejected', 'ended', 'listed')
"""


def forget(channel_id: int, skus: Collection[str]) -> None:
    """Refused, and no longer wanted so: nothing is left to say about these."""
    if skus:
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, [channel_id, list(skus)])

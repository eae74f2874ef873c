"""What is so now, for any set of (channel, SKU): the item, its stock, its place on the label, and what was sent.

One statement serves the fan-out, the feed and the ledger, so that all three mean the same by "wanted".
A listing is *ours* once something of it was sent or confirmed; one that was only read at the channel (made elsewhere)
is left alone until the reconciler's plan writes its values to `confirmed_*`.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from channels_app.models import Channel, Listing

#: Stands in `sent_content_hash` when nobody knows which content the channel has: equal to no hash.
UNKNOWN_HASH = "?"

_UP = frozenset((Listing.State.CREATING.value, Listing.State.LISTED.value, Listing.State.ENDING.value))


class Truth(NamedTuple):
    """One SKU on one channel, as things stand."""

    channel_id: int
    sku: str
    item_id: int | None
    #: On the channel's label, and sellable.
    on_label: bool
    price: Decimal | None
    currency: str
    content_hash: str
    #: On hand less reserved at the channel's locations; negative while oversold.
    available: int
    #: None: there is no Listing row.
    state: str | None
    sent_price: Decimal | None
    sent_quantity: int | None
    sent_content_hash: str
    sent_withdrawn: bool
    confirmed_price: Decimal | None
    confirmed_quantity: int | None
    confirmed_content_hash: str
    rejected_hash: str
    #: Kinds of its open lines that are not overdue.
    open_kinds: Sequence[str]
    #: It has an open line, overdue or not.
    has_open_line: bool
    has_pending_change: bool

    @property
    def is_confirmed(self) -> bool:
        """The channel confirmed something of it, and no withdrawal since."""
        return (
            self.confirmed_price is not None or self.confirmed_quantity is not None or self.confirmed_content_hash != ""
        )

    @property
    def is_ours(self) -> bool:
        sent = self.sent_price is not None or self.sent_quantity is not None or self.sent_content_hash != ""
        return sent or self.is_confirmed

    @property
    def is_up(self) -> bool:
        """As far as we know it is at the channel, or on its way there."""
        return self.state in _UP and self.is_ours and not self.sent_withdrawn

    @property
    def known_price(self) -> Decimal | None:
        """The price that the channel shows, as far as we know."""
        return self.confirmed_price if self.sent_price is None else self.sent_price

    def as_confirmed(self) -> "Truth":
        """Return the same with what was confirmed in the place of what was sent."""
        return self._replace(
            state=Listing.State.LISTED.value if self.is_confirmed else self.state and Listing.State.ENDED.value,
            sent_price=self.confirmed_price,
            sent_quantity=self.confirmed_quantity,
            sent_content_hash=self.confirmed_content_hash,
            sent_withdrawn=False,
            open_kinds=(),
        )


#: Of an item and the mapping of its category, if there is one: names what its listing says.
CONTENT_HASH = """CASE WHEN coalesce(mapping.fingerprint, '') = '' THEN item.content_hash
            ELSE md5(item.content_hash || mapping.fingerprint) END"""

# Plan: `asked`, and the few channels in it, are small and read once; each LATERAL with LIMIT or an aggregate stays a
# probe of one index (item by seller and SKU, label item by label and item, mapping by channel and category, stock by
# item, listing by channel and SKU, open feed lines by channel and SKU). So the cost follows the number asked for, never
# the size of the catalogue.
_TRUTH = """
WITH asked (channel_id, sku) AS MATERIALIZED ({source}),
outlet AS MATERIALIZED (
    SELECT channel.id, channel.seller_id, channel.label_id,
           (SELECT array_agg(place.location_id) FROM channels_app_channellocation AS place
            WHERE place.channel_id = channel.id) AS own_locations
    FROM channels_app_channel AS channel
    WHERE channel.id IN (SELECT channel_id FROM asked)
)
SELECT asked.channel_id, asked.sku, item.id, coalesce(item.on_label, false), item.price, coalesce(item.currency, ''),
       coalesce({content_hash}, ''), coalesce(stock.available, 0),
       listing.state, listing.sent_price, listing.sent_quantity, coalesce(listing.sent_content_hash, ''),
       coalesce(listing.sent_withdrawn, false), listing.confirmed_price, listing.confirmed_quantity,
       coalesce(listing.confirmed_content_hash, ''), coalesce(listing.rejected_hash, ''),
       lines.kinds, lines.any_open,
       EXISTS (SELECT FROM channels_app_pendingchange AS change
               WHERE change.channel_id = asked.channel_id AND change.sku = asked.sku)
FROM asked
JOIN outlet ON outlet.id = asked.channel_id
LEFT JOIN LATERAL (
    SELECT one.id, one.price, one.currency, one.content_hash, one.category,
           NOT one.is_parent AND NOT one.blocked AND one.archived_at IS NULL AND EXISTS (
               SELECT FROM inventory_labelitem AS member
               WHERE member.label_id = outlet.label_id AND member.item_id = one.id AND member.source <> 'excluded'
           ) AS on_label
    FROM inventory_item AS one
    WHERE one.seller_id = outlet.seller_id AND one.sku = asked.sku
    LIMIT 1
) AS item ON true
LEFT JOIN channels_app_categorymapping AS mapping
    ON mapping.channel_id = asked.channel_id AND mapping.own = item.category AND item.category <> ''
LEFT JOIN LATERAL (
    SELECT sum(place.on_hand - place.reserved) AS available
    FROM inventory_stock AS place
    WHERE place.item_id = item.id
      AND (outlet.own_locations IS NULL OR place.location_id = ANY(outlet.own_locations))
) AS stock ON true
LEFT JOIN LATERAL (
    SELECT * FROM channels_app_listing AS one
    WHERE one.channel_id = asked.channel_id AND one.sku = asked.sku
    LIMIT 1
) AS listing ON true
LEFT JOIN LATERAL (
    SELECT coalesce(array_agg(one.kind::text) FILTER (WHERE NOT one.overdue), '{{}}') AS kinds,
           count(*) > 0 AS any_open
    FROM channels_app_feedline AS one
    WHERE one.channel_id = asked.channel_id AND one.sku = asked.sku AND one.state IN ('pending', 'sent', 'unknown')
) AS lines ON true
"""


def read_truth(source: str, params: Mapping[str, Any]) -> list[Truth]:
    """Return how things stand for what the SELECT `source` asks for: rows of (channel_id, sku)."""
    with connection.cursor() as cursor:
        cursor.execute(_TRUTH.format(source=source, content_hash=CONTENT_HASH), params)
        return [Truth._make(row) for row in cursor.fetchall()]


def read_skus(channel: Channel, skus: Sequence[str]) -> dict[str, Truth]:
    """Return how things stand for these SKUs of one channel."""
    source = "SELECT %(channel)s::bigint, sku FROM unnest(%(skus)s::text[]) AS these (sku)"
    return {row.sku: row for row in read_truth(source, {"channel": channel.pk, "skus": list(skus)})}


def in_order(truths: Sequence[Truth]) -> list[Truth]:
    """Return them in the order of their SKUs as the database has it: Python may order otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sku FROM unnest(%s::text[]) AS these (sku) ORDER BY sku", [[one.sku for one in truths]])
        places = {sku: place for place, (sku,) in enumerate(cursor.fetchall())}
    return sorted(truths, key=lambda one: places[one.sku])


#: Everything a channel should list or may have listed, above a SKU, in order: both halves walk an index on SKU.
WALK_SOURCE = """
    (SELECT %(channel)s::bigint, item.sku
     FROM inventory_item AS item
     WHERE item.seller_id = %(seller)s AND item.sku > %(after)s
       AND NOT item.is_parent AND NOT item.blocked AND item.archived_at IS NULL
       AND EXISTS (SELECT FROM inventory_labelitem AS member
                   WHERE member.label_id = %(label)s AND member.item_id = item.id AND member.source <> 'excluded')
     ORDER BY item.sku LIMIT %(limit)s)
    UNION
    (SELECT %(channel)s::bigint, listing.sku
     FROM channels_app_listing AS listing
     WHERE listing.channel_id = %(channel)s AND listing.sku > %(after)s AND listing.state <> 'ended'
     ORDER BY listing.sku LIMIT %(limit)s)
    ORDER BY 2 LIMIT %(limit)s
"""

#: The same of one of the seller's categories: what the channel does not list is passed over later. Plan: the index on
#: (seller, category, SKU), in its order.
CATEGORY_SOURCE = """
    SELECT %(channel)s::bigint, item.sku
    FROM inventory_item AS item
    WHERE item.seller_id = %(seller)s AND item.category <> '' AND item.category = %(category)s
      AND item.sku > %(after)s
    ORDER BY item.sku LIMIT %(limit)s
"""

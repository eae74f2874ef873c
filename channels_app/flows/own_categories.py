"""The seller's own categories with items on a channel's label, and how these would answer the channel's questions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection

from channels_app.flows.describe import Mapped, Product, describe
from channels_app.flows.issues import open_issues
from channels_app.flows.sending import read_content
from channels_app.models import Channel


class OwnCategory(NamedTuple):
    """One of the seller's categories, with how many of its items are on the label, up to just above COUNT_LIMIT."""

    name: str
    items: int


#: Items of one category are counted no further than this, and no more categories are shown.
COUNT_LIMIT = 1_000
MOST_CATEGORIES = 500

# Plan: hops over the index on (seller, category), and for each its first items, with a probe of the label for each.
_OWN = """
WITH RECURSIVE own (name) AS (
    (SELECT category FROM inventory_item WHERE seller_id = %(seller)s AND category <> '' ORDER BY category LIMIT 1)
    UNION ALL
    SELECT (SELECT category FROM inventory_item
            WHERE seller_id = %(seller)s AND category <> '' AND category > own.name ORDER BY category LIMIT 1)
    FROM own WHERE own.name IS NOT NULL
)
SELECT own.name, (
    SELECT count(*) FROM (
        SELECT FROM inventory_item AS item
        WHERE item.seller_id = %(seller)s AND item.category <> '' AND item.category = own.name
          AND NOT item.is_parent AND NOT item.blocked AND item.archived_at IS NULL
          AND EXISTS (SELECT FROM inventory_labelitem AS member
                      WHERE member.label_id = %(label)s AND member.item_id = item.id AND member.source <> 'excluded')
        LIMIT %(most)s
    ) AS members
)
FROM own WHERE own.name IS NOT NULL
"""


def own_categories(channel: Channel) -> list[OwnCategory]:
    """Return the seller's categories with items on the channel's label, the largest first."""
    params = {
        "seller": channel.seller_id,
        "label": channel.label_id,
        "most": COUNT_LIMIT + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OWN, params)
        found = [OwnCategory(*row) for row in cursor.fetchall()]
    on_label = sorted((one for one in found if one.items), key=lambda one: (-one.items, one.name))
    return on_label[:MOST_CATEGORIES]


#: No more refused listings are looked at.
_MOST_REFUSED = 20_000

# Plan: the first listings of each cause by (channel, cause, SKU), their items by primary key.
_REFUSED = """
SELECT item.category, count(*)
FROM (
    SELECT listing.item_id
    FROM unnest(%(causes)s::text[]) AS asked (cause)
    CROSS JOIN LATERAL (
        SELECT item_id FROM channels_app_listing
        WHERE channel_id = %(channel)s AND channels_app_listing.cause = asked.cause AND rejected_hash <> ''
        LIMIT %(most)s
    ) AS listing
    LIMIT %(all)s
) AS refused
CROSS JOIN LATERAL (SELECT category FROM inventory_item WHERE id = refused.item_id LIMIT 1) AS item
WHERE item.category <> ''
GROUP BY item.category
"""


def count_refused(channel: Channel) -> dict[str, int]:
    """Return how many items of the seller's categories are refused for what is said of them, by category.

    Of one cause no more are counted than just above COUNT_LIMIT; small causes go first.
    """
    found = [issue for issue in reversed(open_issues([channel])) if issue.remedy.is_of_product]
    params: dict[str, Any] = {
        "channel": channel.pk,
        "causes": [issue.cause for issue in found],
        "most": COUNT_LIMIT + 1,
        "all": _MOST_REFUSED,
    }
    if not found:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_REFUSED, params)
        return dict(cursor.fetchall())


_ATTRIBUTES = """
SELECT DISTINCT name FROM (
    SELECT attributes, variation FROM inventory_item
    WHERE seller_id = %s AND category <> '' AND category = %s AND NOT is_parent LIMIT 1000
) AS item, jsonb_object_keys(item.attributes || item.variation) AS name
ORDER BY name
"""


def attribute_names(channel: Channel, own: str) -> list[str]:
    """Return the names of attributes and variations that the first thousand items of a category have."""
    with connection.cursor() as cursor:
        cursor.execute(_ATTRIBUTES, [channel.seller_id, own])
        return [name for (name,) in cursor.fetchall()]


class Tried(NamedTuple):
    """How a mapping does on some items of a category."""

    items: int
    complete: int
    #: What the first that is not complete lacks, with its SKU.
    example: tuple[str, Sequence[str]] | None
    #: Code of a field -> how many of the items answer it.
    answered: Mapping[str, int]
    #: Code of a field -> the items' words that are none of its choices, the most frequent first -> how many say so.
    unknown: Mapping[str, Mapping[str, int]]


#: A mapping is tried on so many items.
TRIED = 200

# Plan: the first items of the category by (seller, category), with a probe of the label for each.
_SOME = """
SELECT item.sku FROM inventory_item AS item
WHERE item.seller_id = %s AND item.category <> '' AND item.category = %s
  AND NOT item.is_parent AND NOT item.blocked AND item.archived_at IS NULL
  AND EXISTS (SELECT FROM inventory_labelitem AS member
              WHERE member.label_id = %s AND member.item_id = item.id AND member.source <> 'excluded')
LIMIT %s
"""


def try_mapping(channel: Channel, own: str, mapped: Mapped) -> Tried:
    """Return how items on the label, up to TRIED, would answer."""
    with connection.cursor() as cursor:
        cursor.execute(_SOME, [channel.seller_id, own, channel.label_id, TRIED])
        skus = [sku for (sku,) in cursor.fetchall()]
    products = {sku: describe(item, mapped) for sku, item in read_content(channel, skus).items()}
    wanting = [(sku, product.problems) for sku, product in products.items() if product.problems]
    answered = Counter(code for product in products.values() for code in product.values)
    complete = len(products) - len(wanting)
    return Tried(len(products), complete, min(wanting, default=None), answered, _unknown(products.values()))


def _unknown(products: Iterable[Product]) -> dict[str, dict[str, int]]:
    """Return the unknown words by field; those that differ only in capitals are one."""
    spelled: dict[tuple[str, str], str] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for product in products:
        for code, word in product.unknown.items():
            spelled.setdefault((code, word.casefold()), word)
            counts[code, word.casefold()] += 1
    found: dict[str, dict[str, int]] = {}
    for (code, called), count in counts.most_common():
        found.setdefault(code, {})[spelled[code, called]] = count
    return found

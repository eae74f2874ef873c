"""The seller says which of a channel's categories their own are, and where the answers to its questions stand."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection

from channels_app.adapters.types import Capability, Choice, Part, ProductField
from channels_app.flows import jobs, permissions
from channels_app.flows.change import locked, remember
from channels_app.flows.describe import Described, Mapped, Product, describe
from channels_app.flows.fan_out import walk_channel
from channels_app.flows.permissions import Action
from channels_app.flows.sending import read_content
from channels_app.flows.wanted import UNKNOWN_HASH
from channels_app.models import CategoryMapping, Channel, ChannelCategory, ChannelJob


def read_mapped(channel: Channel, owns: Collection[str]) -> dict[str, Mapped]:
    """Return what these categories of the seller's are on the channel, those left out of which it has not told all."""
    if not owns or not channel.can(Capability.NEW_PRODUCTS):
        return {}
    mappings = CategoryMapping.objects.filter(channel=channel, own__in=owns, category__fields__isnull=False)
    rows = list(mappings.select_related("category"))
    wider = {code for row in rows for code in row.category.above} | {""}
    known = ChannelCategory.objects.filter(channel=channel, code__in=wider, fields__isnull=False)
    above = dict(known.values_list("code", "fields")) if rows else {}
    return {row.own: Mapped(row.category.code, row.category.name, _fields(row, above), row.answers) for row in rows}


def _fields(row: CategoryMapping, above: Mapping[str, Any]) -> list[ProductField]:
    """Return what is asked of all products, of wider categories and of this; the narrower one has the say."""
    told = [field for code in ("", *row.category.above) for field in above.get(code, ())]
    by_code = {field["code"]: field for field in [*told, *(row.category.fields or ())]}
    return [field_from_json(field) for field in by_code.values()]


def describe_all(channel: Channel, items: Iterable[tuple[str, Described]]) -> dict[str, Product]:
    """Return the items, given with the seller's category of each, as the channel is told of them, by SKU.

    Those whose category is not mapped are left out: they are offered on products that the channel knows.
    """
    rows = list(items)
    mapped = read_mapped(channel, {own for own, _ in rows if own})
    return {item.sku: describe(item, mapped[own]) for own, item in rows if own in mapped}


def field_as_json(field: ProductField) -> dict[str, Any]:
    """Return the field as ChannelCategory keeps it."""
    return {
        "code": field.code,
        "name": field.name,
        "required": field.required,
        "choices": [[choice.code, choice.name] for choice in field.choices],
        "usual": field.usual,
        "help": field.help,
    }


def field_from_json(kept: Mapping[str, Any]) -> ProductField:
    """Return what `field_as_json` has kept."""
    return ProductField(
        code=kept["code"],
        name=kept["name"],
        required=kept["required"],
        choices=tuple(Choice(code=code, name=name) for code, name in kept["choices"]),
        usual=Part(kept["usual"]) if kept["usual"] else None,
        help=kept["help"],
    )


# --- what the seller has ----------------------------------------------------------------------------------------------


class OwnCategory(NamedTuple):
    """One of the seller's categories, with how many of its items are on the label, up to COUNT_LIMIT."""

    name: str
    items: int


#: Items of one category are counted no further than this, and no more categories are shown.
COUNT_LIMIT = 10_000
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
LIMIT %(categories)s
"""


def own_categories(channel: Channel) -> list[OwnCategory]:
    """Return the seller's categories with items on the channel's label, the largest first."""
    params = {
        "seller": channel.seller_id,
        "label": channel.label_id,
        "most": COUNT_LIMIT,
        "categories": MOST_CATEGORIES,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OWN, params)
        found = [OwnCategory(*row) for row in cursor.fetchall()]
    return sorted((one for one in found if one.items), key=lambda one: (-one.items, one.name))


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
    return Tried(len(products), len(products) - len(wanting), min(wanting, default=None), answered)


# --- what the seller says ---------------------------------------------------------------------------------------------


def save_mapping(
    channel: Channel,
    own: str,
    category: ChannelCategory | None,
    answers: Mapping[str, str],
    *,
    actor: AbstractBaseUser,
    now: datetime,
) -> bool:
    """`own` is this category on the channel (None: none), with these answers; what it changes is sent anew.

    Returns whether anything changed. Raises NotAllowed where the table says no.
    """
    with locked(channel) as row:
        permissions.require(row, actor, Action.EDIT_PRODUCTS)
        old = CategoryMapping.objects.filter(channel=row, own=own).select_related("category").first()
        before = _in_words(old.category, old.answers) if old else {}
        after = _in_words(category, answers) if category else {}
        if before == after:
            return False
        if category is None:
            CategoryMapping.objects.filter(channel=row, own=own).delete()
        else:
            CategoryMapping.objects.update_or_create(
                channel=row, own=own, defaults={"category": category, "answers": dict(answers), "updated_at": now}
            )
        remember(row, f"products in {own}"[:40], before=before, after=after, actor=actor, now=now)
        tell_anew(row, [own], now=now)
        jobs.nudge([row.pk], [ChannelJob.Kind.CATEGORIES], now=now)
    return True


def _in_words(category: ChannelCategory, answers: Mapping[str, str]) -> dict[str, str]:
    return {"category": category.name, **answers}


# Plan: the items by (seller, category), each listing by (channel, SKU), in its order.
_TELL_ANEW = """
WITH concerned AS MATERIALIZED (
    SELECT listing.id
    FROM inventory_item AS item
    JOIN channels_app_listing AS listing ON listing.channel_id = %(channel)s AND listing.sku = item.sku
    WHERE item.seller_id = %(seller)s AND item.category <> '' AND item.category = ANY(%(own)s::text[])
    ORDER BY listing.sku
    FOR UPDATE OF listing
)
UPDATE channels_app_listing AS listing
SET sent_content_hash = CASE WHEN listing.sent_content_hash = '' THEN '' ELSE %(unknown)s END,
    confirmed_content_hash = CASE WHEN listing.confirmed_content_hash = '' THEN '' ELSE %(unknown)s END,
    rejected_hash = '', rejected_code = '', rejected_reason = ''
FROM concerned WHERE listing.id = concerned.id
"""


def tell_anew(channel: Channel, owns: Collection[str], *, now: datetime) -> None:
    """What the channel knows of items of these categories counts for nothing: they are sent anew. In a transaction."""
    params: dict[str, Any] = {
        "channel": channel.pk,
        "seller": channel.seller_id,
        "own": list(owns),
        "unknown": UNKNOWN_HASH,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TELL_ANEW, params)
    if channel.is_running and channel.listings_on:
        walk_channel(channel, "products", now=now)

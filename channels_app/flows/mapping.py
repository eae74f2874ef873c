"""The seller says which of a channel's categories their own are, and where the answers to its questions stand."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from hashlib import md5
from json import dumps
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from channels_app.adapters.types import Capability, Choice, Part, ProductField
from channels_app.flows import jobs, permissions
from channels_app.flows.change import remember
from channels_app.flows.describe import Described, Mapped, Product, describe
from channels_app.flows.fan_out import walk_channel
from channels_app.flows.overwrite import overwrite
from channels_app.flows.permissions import Action
from channels_app.models import CategoryMapping, Channel, ChannelCategory, ChannelJob

#: Code of a field -> words of the seller's -> codes of the choices that they mean.
Meanings = Mapping[str, Mapping[str, str]]
NO_MEANINGS: Meanings = {}


def read_mapped(channel: Channel, owns: Collection[str]) -> dict[str, Mapped]:
    """Return what these categories of the seller's are on the channel, those left out of which it has not told all."""
    return {
        row.own: Mapped(
            row.category.code, row.category.name, [field_from_json(one) for one in asked], row.answers, row.meanings
        )
        for row, asked in _asked(channel, owns)
    }


def _asked(channel: Channel, owns: Collection[str]) -> list[tuple[CategoryMapping, list[dict[str, Any]]]]:
    """Return the mappings of these categories with the fields that are asked of them, as ChannelCategory keeps them.

    Left out are those of which the channel has not told all.
    """
    if not owns or not channel.can(Capability.NEW_PRODUCTS):
        return []
    mappings = CategoryMapping.objects.filter(channel=channel, own__in=owns, category__fields__isnull=False)
    rows = list(mappings.select_related("category"))
    wider = {code for row in rows for code in row.category.above} | {""}
    known = ChannelCategory.objects.filter(channel=channel, code__in=wider, fields__isnull=False)
    above = dict(known.values_list("code", "fields")) if rows else {}
    return [(row, _fields(row, above)) for row in rows]


def _fields(row: CategoryMapping, above: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is asked of all products, of wider categories and of this; the narrower one has the say."""
    told = [field for code in ("", *row.category.above) for field in above.get(code, ())]
    by_code = {field["code"]: field for field in [*told, *(row.category.fields or ())]}
    return list(by_code.values())


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


def save_mapping(
    channel: Channel,
    own: str,
    category: ChannelCategory | None,
    answers: Mapping[str, str],
    meanings: Meanings = NO_MEANINGS,
    *,
    actor: AbstractBaseUser,
    now: datetime,
) -> bool:
    """`own` is this category on the channel (None: none), told by these answers and meanings of words.

    Returns whether anything changed; what did is sent anew. Raises NotAllowed where the table says no.
    """
    # Not `locked`: the channel's jobs need not wait. One after the other, for the history.
    with transaction.atomic():
        row = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        permissions.require(row, actor, Action.EDIT_PRODUCTS)
        old = CategoryMapping.objects.filter(channel=row, own=own).select_related("category").first()
        said = (old.category.pk, old.answers, old.meanings) if old else None
        if said == ((category.pk, answers, meanings) if category else None):
            return False
        if category is None:
            CategoryMapping.objects.filter(channel=row, own=own).delete()
        else:
            CategoryMapping.objects.update_or_create(
                channel=row,
                own=own,
                defaults={
                    "category": category,
                    "answers": dict(answers),
                    "meanings": {code: dict(words) for code, words in meanings.items()},
                    "updated_at": now,
                },
            )
        before = _in_words(old.category, old.answers, old.meanings) if old else {}
        after = _in_words(category, answers, meanings) if category else {}
        remember(row, f"products in {own}"[:40], before=before, after=after, actor=actor, now=now)
        tell_anew(row, [own], now=now)
        transaction.on_commit(partial(jobs.nudge, [row.pk], [ChannelJob.Kind.CATEGORIES], now=now))
    return True


def _in_words(category: ChannelCategory, answers: Mapping[str, str], meanings: Meanings) -> dict[str, str]:
    meant = {f"{code}: {word}": one for code, words in meanings.items() for word, one in words.items()}
    return {**answers, **meant, "category": category.name}


def tell_anew(channel: Channel, owns: Collection[str], *, now: datetime) -> None:
    """Items of these categories are told otherwise: their content has another name now, so each is sent anew.

    Whatever is on its way, or was refused, carries the old name. Call it in the transaction of its cause; it writes
    nothing but the mappings, however many items there are.

    Names are made under the caller's lock, or one made of older answers could be written last; of what is kept as it
    is, without reading it into fields first.
    """
    rows = list(CategoryMapping.objects.filter(channel=channel, own__in=owns))
    names = {row.own: _fingerprint(row, asked) for row, asked in _asked(channel, owns)}
    for row in rows:
        row.fingerprint = names.get(row.own, "")
    overwrite(rows, ["fingerprint"])
    if channel.is_running and channel.listings_on:
        walk_channel(channel, "products", now=now, categories=sorted(owns))


def _fingerprint(row: CategoryMapping, asked: list[dict[str, Any]]) -> str:
    told = [row.category.code, asked, row.answers, row.meanings]
    return md5(dumps(told, sort_keys=True, default=str).encode(), usedforsecurity=False).hexdigest()

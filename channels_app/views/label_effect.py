"""What a change of a label does to the channels that list it, before it is made: a part of the label's page, which lies
a floor below and asks by address."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST

from channels_app.flows import brake
from channels_app.flows.label_effect import Effect, Effects, channels_of, lists_now, walk
from channels_app.flows.preview import Fate, Foreseen
from channels_app.models import Channel
from channels_app.views.preview import FATES
from inventory import foresee
from inventory.csv_writing import csv_answer, csv_head, csv_line
from inventory.models import Role
from inventory.paging import text_in
from inventory.rules import RuleError
from inventory.tenancy import SellerRequest, seller_page
from inventory.views.find import find_label
from inventory.views.label_change import TAKING_OFF, read_change
from marketplace_integration import clock

#: One request counts so long, and so many follow one another before a person has to ask for more.
SECONDS, ROUNDS = 1.0, 20


@seller_page(Role.MANAGER)
@require_POST
def label_effect(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Count on from `so_far` for a while: the items that move, and on each channel the listings that begin and end."""
    label = find_label(request, public_id)
    try:
        change = read_change(label, request.POST)
    except RuleError as error:
        return HttpResponseBadRequest(str(error))
    count, by_channel, rounds = _read_so_far(request.POST.get("so_far", ""))
    channels = channels_of(label)
    effects = Effects(channels, by_channel)
    count = foresee.count(change, count, seconds=SECONDS, also=effects.add)
    goes_on = count.after is not None and rounds % ROUNDS != ROUNDS - 1
    context = {
        "label": label,
        "count": count,
        "then": foresee.then_on(label, count),
        "rows": [row_of(channel, effects.by_channel.get(channel.pk)) for channel in channels],
        "is_rule": request.POST.get("action") not in TAKING_OFF,
        "so_far": json.dumps([asdict(count), effects.by_channel, rounds + 1]),
        "goes_on": goes_on,
    }
    return render(request, "channels_app/label_effect.html", context)


def row_of(channel: Channel, effect: Effect | None) -> dict[str, Any]:
    is_held = bool(effect and brake.would_hold(channel, effect.ended, now=clock.now()))
    return {
        "channel": channel,
        "effect": effect if lists_now(channel) else None,
        "is_held": is_held,
        "limit": brake.limit_of(channel) if is_held else None,
    }


def _read_so_far(text: str) -> tuple[foresee.Count, dict[int, Effect], int]:
    """Return what the page had counted before, nothing if it cannot be understood: then all is counted anew."""
    try:
        kept, by_channel, rounds = json.loads(text)
        count = foresee.Count(
            coming=int(kept["coming"]),
            leaving=int(kept["leaving"]),
            some_coming=tuple(map(str, kept["some_coming"]))[: foresee.NAMED],
            some_leaving=tuple(map(str, kept["some_leaving"]))[: foresee.NAMED],
            looked_at=int(kept["looked_at"]),
            after=None if kept["after"] is None else text_in(str(kept["after"])),
        )
        return count, {int(pk): Effect(*map(int, effect)) for pk, effect in by_channel.items()}, int(rounds)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return foresee.Count(), {}, 0


@seller_page(Role.MANAGER)
@require_POST
def label_effect_csv(request: SellerRequest, public_id: UUID) -> HttpResponseBase:
    """Download every item that moves, with what becomes of it on each channel."""
    label = find_label(request, public_id)
    try:
        change = read_change(label, request.POST)
    except RuleError as error:
        return HttpResponseBadRequest(str(error))
    return csv_answer(_lines(channels_of(label), change), "label-changes.csv")


def _lines(channels: list[Channel], change: foresee.Change) -> Iterator[str]:
    names = [channel.name for channel in channels]
    yield csv_head(["sku", "label", *names])
    for rows in walk(channels, change):
        for sku, comes, found in rows:
            yield csv_line([sku, "Comes on" if comes else "Leaves", *(_cell(found.get(name)) for name in names)])


def _cell(row: Foreseen | None) -> str:
    if row is None:
        return ""
    return " ".join(["Cannot begin:", *row.problems] if row.fate is Fate.REFUSED else [FATES[row.fate]])

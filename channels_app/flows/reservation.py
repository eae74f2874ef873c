"""What an order line holds of the stock: pure rules, and the one function that makes the movements say so.

A line has two targets: how many units are reserved for it, and how many have left the shelf because of it. Each look
writes the difference between the targets and the movements of this line, so it may be repeated at any time.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from django.db.models import Q, Sum

from channels_app.adapters.types import Capability
from channels_app.models import Channel, OrderLine
from inventory.models import Location, Reason, StockMovement
from inventory.stock import Movement, lock_stock, record_movements

#: Movements younger than this are never purged.
MOVEMENTS_ARE_KEPT = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """All that decides what a line holds. Quantities are units."""

    quantity: int
    shipped: int = 0
    cancelled: int = 0
    #: False: Third Party Managed.
    is_ours: bool = True
    #: Whether the channel shows what others shipped; if not, a Third Party Managed line is consumed at import.
    tells_shipped: bool = True


def gone_for(line: LineFacts) -> int:
    """Return the units that have left the shelf because of this line."""
    if not line.is_ours and not line.tells_shipped:
        return max(line.quantity - line.cancelled, 0)
    return min(line.shipped, line.quantity)


def reserved_for(line: LineFacts) -> int:
    """Return the units promised to this line: what has neither left nor been cancelled."""
    return max(line.quantity - gone_for(line) - line.cancelled, 0)


def facts_of(line: OrderLine, *, is_ours: bool, tells_shipped: bool) -> LineFacts:
    """Return what decides the stock of `line`, taken from its row."""
    return LineFacts(
        quantity=line.quantity,
        shipped=line.shipped_quantity,
        cancelled=line.cancelled_quantity,
        is_ours=is_ours,
        tells_shipped=tells_shipped,
    )


@dataclass(slots=True)
class Held:
    """What one line holds at one location, by its movements."""

    reserved: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a line at one location: `gone` units leave the shelf (or come back), `reserved` changes."""

    location_id: int
    gone: int
    reserved: int


@dataclass(slots=True)
class Plan:
    """The steps that take a line from what it holds to its targets."""

    moves: list[Move] = field(default_factory=list)
    #: Units promised or taken beyond what was available.
    short: int = 0


def plan_line(
    *,
    target_reserved: int,
    target_gone: int,
    held: Mapping[int, Held],
    available: dict[int, int],
    ranked: Sequence[int],
) -> Plan:
    """Return the steps from `held` to the targets. Pure but for `available`, which it keeps up for the next line.

    `available` is on hand less reserved by location, `ranked` the locations in the order in which they serve. Units
    leave from where they are reserved; new units come from the first location that has them all, else are split, and
    what nobody has is owed by the first.
    """
    plan = Plan()
    order = [*ranked, *(place for place in held if place not in ranked)]
    now = {place: Held(held[place].reserved, held[place].gone) if place in held else Held() for place in order}

    def step(place: int, *, gone: int = 0, reserved: int = 0) -> None:
        now[place].gone += gone
        now[place].reserved += reserved
        available[place] = available.get(place, 0) - gone - reserved
        plan.moves.append(Move(place, gone, reserved))

    to_leave = target_gone - sum(place.gone for place in now.values())
    for place in order:
        taken = min(now[place].reserved, max(to_leave, 0))
        if taken > 0:
            step(place, gone=taken, reserved=-taken)
            to_leave -= taken
    for place in reversed(order):
        back = min(now[place].gone, max(-to_leave, 0))
        if back > 0:
            step(place, gone=-back)
            to_leave += back
    for place, units in choose_locations(to_leave, available, ranked).items():
        step(place, gone=units)
    plan.short += _shortage(to_leave, available, ranked)

    to_reserve = target_reserved - sum(place.reserved for place in now.values())
    for place in reversed(order):
        released = min(now[place].reserved, max(-to_reserve, 0))
        if released > 0:
            step(place, reserved=-released)
            to_reserve += released
    for place, units in choose_locations(to_reserve, available, ranked).items():
        step(place, reserved=units)
    plan.short += _shortage(to_reserve, available, ranked)
    return plan


def choose_locations(units: int, available: Mapping[int, int], ranked: Sequence[int]) -> dict[int, int]:
    """Return how many units each location gives: the first that has all, else a split, the rest owed by the first."""
    if units <= 0 or not ranked:
        return {}
    for place in ranked:
        if available.get(place, 0) >= units:
            return {place: units}
    chosen: dict[int, int] = {}
    left = units
    for place in ranked:
        given = min(max(available.get(place, 0), 0), left)
        if given:
            chosen[place] = given
            left -= given
    if left:
        chosen[ranked[0]] = chosen.get(ranked[0], 0) + left
    return chosen


def _shortage(taken: int, available: Mapping[int, int], ranked: Sequence[int]) -> int:
    """Return how many of the units just taken from the first-ranked location were not there."""
    return min(max(taken, 0), max(-available.get(ranked[0], 0), 0)) if ranked else 0


def ranked_locations(channel: Channel) -> list[int]:
    """Return the locations that serve `channel`, first in rank first; without any of its own, all of the seller's."""
    own = list(channel.channel_locations.order_by("rank", "id").values_list("location_id", flat=True))
    if own:
        return own
    rows = Location.objects.filter(seller_id=channel.seller_id).order_by("-is_default", "id")
    return list(rows.values_list("id", flat=True))


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of one order, and what decides about all of them. Given `imported_at`, purged movements are minded."""

    lines: Sequence[OrderLine]
    is_ours: bool
    imported_at: datetime | None = None


def rebalance_lines(
    lines: Sequence[OrderLine],
    *,
    channel: Channel,
    is_ours: bool,
    ranked: Sequence[int],
    actor_id: int | None = None,
    now: datetime,
    note: str = "",
) -> int:
    """The movements of these lines of one order add up to their targets. Returns the units that were not there."""
    part = Part(lines, is_ours=is_ours)
    return rebalance_orders([part], channel=channel, ranked=ranked, actor_id=actor_id, now=now, note=note)[0]


def rebalance_orders(
    parts: Sequence[Part],
    *,
    channel: Channel,
    ranked: Sequence[int],
    actor_id: int | None = None,
    now: datetime,
    note: str = "",
) -> list[int]:
    """The movements of all these lines add up to their targets. Returns by part the units that were not there.

    Call it in a transaction that holds the orders' rows; the Stock rows of lines that need to move are locked here, in
    one order. What an earlier part takes is not there for a later one. A line without movements of an order imported
    long ago is left alone: its movements were purged, not missed.
    """
    short = [0] * len(parts)
    due = _due_lines(parts, tells_shipped=channel.can(Capability.TELLS_SHIPPED), now=now) if ranked else []
    available: dict[int, dict[int, int]] = {}
    for (item_id, location_id), row in lock_stock({one.item_id for one in due}).items() if due else ():
        available.setdefault(item_id, {})[location_id] = row.on_hand - row.reserved
    movements: list[Movement] = []
    for one in due:
        plan = plan_line(
            target_reserved=one.reserved,
            target_gone=one.gone,
            held=one.held,
            available=available.setdefault(one.item_id, {}),
            ranked=ranked,
        )
        short[one.part] += plan.short
        movements += [_movement(one.line, move, actor_id=actor_id, note=note) for move in plan.moves]
    record_movements(movements, now=now)
    return short


@dataclass(frozen=True, slots=True)
class _Due:
    """A line whose movements do not add up to its targets."""

    part: int
    line: OrderLine
    item_id: int
    held: Mapping[int, Held]
    reserved: int
    gone: int


def _due_lines(parts: Sequence[Part], *, tells_shipped: bool, now: datetime) -> list[_Due]:
    held = held_by_lines([line for part in parts for line in part.lines if line.item_id is not None])
    due: list[_Due] = []
    for number, part in enumerate(parts):
        is_old = part.imported_at is not None and now - part.imported_at > MOVEMENTS_ARE_KEPT
        for line in part.lines:
            if line.item_id is None or (is_old and line.pk not in held):
                continue
            facts = facts_of(line, is_ours=part.is_ours, tells_shipped=tells_shipped)
            places = held.get(line.pk, {})
            one = _Due(number, line, line.item_id, places, reserved_for(facts), gone_for(facts))
            has = (sum(place.reserved for place in places.values()), sum(place.gone for place in places.values()))
            if has != (one.reserved, one.gone):
                due.append(one)
    return due


def held_by_lines(lines: Sequence[OrderLine]) -> dict[int, dict[int, Held]]:
    """Return by line and location what its movements add up to. Goods a buyer sent back are another matter."""
    if not lines:
        return {}
    rows = (
        StockMovement.objects.filter(line_id__in=[line.pk for line in lines])
        .values("line_id", "location_id")
        .annotate(reserved=Sum("reserved_delta"), gone=-Sum("on_hand_delta", filter=~Q(reason=Reason.RESTOCKED)))
        .order_by("line_id", "location_id")
    )
    held: dict[int, dict[int, Held]] = {}
    for row in rows:
        held.setdefault(cast(int, row["line_id"]), {})[row["location_id"]] = Held(row["reserved"], row["gone"] or 0)
    return held


def _movement(line: OrderLine, move: Move, *, actor_id: int | None, note: str) -> Movement:
    assert line.item_id is not None
    if move.gone > 0:
        reason = Reason.SHIPPED
    elif move.gone < 0:
        reason, note = Reason.ADJUSTED, note or "No longer shown as shipped"
    else:
        reason = Reason.RESERVED if move.reserved > 0 else Reason.RELEASED
    return Movement(
        item_id=line.item_id,
        location_id=move.location_id,
        on_hand_delta=-move.gone,
        reserved_delta=move.reserved,
        reason=reason,
        key=uuid.uuid4(),
        line_id=line.pk,
        actor_id=actor_id,
        note=note,
    )

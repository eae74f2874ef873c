"""Goods that came back are on the shelf again."""

import uuid
from collections.abc import Mapping
from uuid import UUID

from channels_app.flows.opened import OpenOrder
from channels_app.flows.reservation import held_by_lines, ranked_locations
from channels_app.models import OrderLine
from inventory.models import Reason
from inventory.stock import Movement, record_movements


def put_back(held: OpenOrder, units: Mapping[OrderLine, int], *, key: UUID) -> None:
    """The units are back where they left from; the same key puts them back once."""
    places = held_by_lines(list(units))
    fallback = ranked_locations(held.order.channel)
    movements = []
    for line, count in units.items():
        left_from = [place for place, part in places.get(line.pk, {}).items() if part.gone > 0] or fallback
        if line.item_id is None or not left_from:
            continue
        movements.append(
            Movement(
                item_id=line.item_id,
                location_id=left_from[0],
                on_hand_delta=count,
                reason=Reason.RESTOCKED,
                key=uuid.uuid5(key, str(line.pk)),
                line_id=line.pk,
                actor_id=held.actor.pk if held.actor else None,
            )
        )
    record_movements(movements, now=held.now)

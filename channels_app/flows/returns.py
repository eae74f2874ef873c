"""Download of buyers' returns: stored as the channel tells them, and tied to the orders they come from."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.types import RemoteReturn
from channels_app.flows.engine import Claim
from channels_app.flows.orders import orders_since
from channels_app.models import Channel, Return, ReturnLine


def download_returns(claim: Claim, adapter: ChannelAdapter) -> bool:
    """What the channel tells of returns is stored, as far as the slice reaches. Returns whether more is waiting."""
    while claim.seconds_left() > 0:
        page = adapter.fetch_returns(claim.cursor or adapter.first_returns_cursor(orders_since(claim.channel)))
        with claim.settling():
            claim.cursor = page.next_cursor
            store_returns(claim.channel, page.returns, now=claim.now)
            tie_to_orders(claim.channel)
        claim.count(returns=len(page.returns))
        if not page.has_more:
            return False
    return True


def store_returns(channel: Channel, told: Sequence[RemoteReturn], *, now: datetime) -> None:
    """The returns stand as they were told last; what was decided here and not told otherwise stays."""
    by_id = {one.remote_id: one for one in told}
    Return.objects.bulk_create(
        [
            Return(
                channel=channel,
                seller_id=channel.seller_id,
                remote_id=one.remote_id,
                order_remote_id=one.order_remote_id,
                requested_at=one.requested_at,
                imported_at=now,
            )
            for one in by_id.values()
        ],
        ignore_conflicts=True,
    )
    known = dict(Return.objects.filter(channel=channel, remote_id__in=by_id).values_list("remote_id", "pk"))
    lines = [_line(known[one.remote_id], channel, one, number) for one in by_id.values() for number in _numbers(one)]
    ReturnLine.objects.bulk_create(
        lines,
        update_conflicts=True,
        unique_fields=["of_return", "remote_id"],
        update_fields=["order_line_remote_id", "sku", "gtin", "quantity", "reason", "comment"],
    )
    _store_decisions([line for line in lines if line.decision])


def _numbers(told: RemoteReturn) -> Sequence[int]:
    """Return the places of its lines, each number of the channel's once."""
    return list({line.remote_id: place for place, line in enumerate(told.lines)}.values())


def _line(return_id: int, channel: Channel, told: RemoteReturn, place: int) -> ReturnLine:
    line = told.lines[place]
    return ReturnLine(
        of_return_id=return_id,
        seller_id=channel.seller_id,
        remote_id=line.remote_id,
        order_line_remote_id=line.order_line_remote_id,
        sku=line.sku[:100],
        gtin=line.gtin[:14],
        quantity=line.quantity,
        reason=line.reason,
        comment=line.comment,
        decision=line.decision[:60],
    )


def _store_decisions(lines: Sequence[ReturnLine]) -> None:
    """What the channel says was decided holds, whoever decided it."""
    if not lines:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE channels_app_returnline AS line SET decision = told.decision
            FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS told (of_return_id, remote_id, decision)
            WHERE line.of_return_id = told.of_return_id AND line.remote_id = told.remote_id
            """,
            [
                [line.of_return_id for line in lines],
                [line.remote_id for line in lines],
                [line.decision for line in lines],
            ],
        )


# An order may come in after its return. Plan: the returns without an order by their partial index, each order by its
# number.
_TIE = """
UPDATE channels_app_return AS one SET order_id = known.id
FROM channels_app_order AS known
WHERE one.channel_id = %(channel)s AND one.order_id IS NULL
  AND known.channel_id = one.channel_id AND known.remote_id = one.order_remote_id
"""

# Plan: the undecided lines of the seller by their partial index, each with the few lines of its order.
_TIE_LINES = """
UPDATE channels_app_returnline AS line SET order_line_id = found.id
FROM channels_app_returnline AS part
JOIN channels_app_return AS one ON one.id = part.of_return_id
CROSS JOIN LATERAL (
    SELECT sold.id
    FROM channels_app_orderline AS sold
    LEFT JOIN inventory_item AS item ON item.id = sold.item_id
    WHERE sold.order_id = one.order_id
      AND (sold.remote_id = part.order_line_remote_id
           OR part.order_line_remote_id = '' AND (sold.sku = part.sku OR part.sku = '' AND item.gtin = part.gtin))
    ORDER BY sold.id LIMIT 1
) AS found
WHERE line.id = part.id AND part.seller_id = %(seller)s AND part.decision = '' AND part.order_line_id IS NULL
  AND one.channel_id = %(channel)s
"""


def tie_to_orders(channel: Channel) -> None:
    """Every return whose order is here belongs to it, and its lines to the order's lines."""
    with connection.cursor() as cursor:
        cursor.execute(_TIE, {"channel": channel.pk})
        cursor.execute(_TIE_LINES, {"channel": channel.pk, "seller": channel.seller_id})

"""What deactivation leaves for the feed: nothing, or one last word for every listing."""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from channels_app.models import Channel, ChannelWalk, Listing, PendingChange
from inventory.models import ItemChange

#: Ending every listing is what the seller asked for, so the brake lets it pass for this long.
_ENDING_HOURS = 24

_LEFT = (Listing.State.CREATING, Listing.State.LISTED)

_LAST_WORD = """
INSERT INTO channels_app_pendingchange (channel_id, sku, item_id, kinds, urgency, version, held, changed_at)
SELECT channel_id, sku, item_id, %(kinds)s, %(urgency)s, 1, false, %(now)s
FROM channels_app_listing
WHERE channel_id = %(channel)s AND state = ANY(%(states)s)
ORDER BY sku
"""


def listings_left(channel: Channel) -> QuerySet[Listing]:
    """Return what the marketplace holds of this channel: what a last word would be said about."""
    return Listing.objects.filter(channel=channel, state__in=_LEFT)


def end_the_work(row: Channel, *, choice: str, now: datetime) -> None:
    """Nothing waits to be sent but the last word on each listing, if `choice` asks for one. Call it in the transition.

    What is at the channel already stays open: it is followed to its end. What was done to orders is still told once the
    channel is active again: goods that left, or money given back, do not become undone.
    """
    ChannelWalk.objects.filter(channel=row).delete()
    PendingChange.objects.filter(channel=row).delete()
    if choice == Channel.OnDeactivate.END:
        row.withdrawals_allowed_until = now + timedelta(hours=_ENDING_HOURS)
        row.save(update_fields=["withdrawals_allowed_until"])
        _enqueue_all(row, kinds=ItemChange.Change.MEMBERSHIP, urgency=PendingChange.Urgency.WITHDRAW, now=now)
    elif choice == Channel.OnDeactivate.ZERO:
        _enqueue_all(row, kinds=ItemChange.Change.STOCK, urgency=PendingChange.Urgency.TO_ZERO, now=now)


def _enqueue_all(row: Channel, *, kinds: int, urgency: int, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _LAST_WORD,
            {
                "kinds": int(kinds),
                "urgency": int(urgency),
                "now": now,
                "channel": row.pk,
                "states": [state.value for state in _LEFT],
            },
        )

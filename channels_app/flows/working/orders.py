"""Orders that could not be read, commands that did not get through, files of parcels. Reads only."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Case, Count, Exists, ExpressionWrapper, F, OuterRef, Q, When

from channels_app.flows import attention
from channels_app.flows.working.asked import AskedOfChannels
from channels_app.models import Command, LedgerState, RawOrder, ShippingFile, ShippingRow
from inventory.paging import count_of
from inventory.work import TOLD, TOLD_FOR, Found, Retry, State, Work, behind, beyond, beyond_each, first_of_each

File = ShippingFile.State


def unreadable_orders(asked: AskedOfChannels) -> Found:
    """Orders as the marketplace gave them that could not be understood."""
    rows = RawOrder.objects.filter(channel__in=asked.channels, state=RawOrder.State.NEEDS_ATTENTION)
    told = list(rows.defer("body").annotate(total=count_of(rows)).order_by("-pk")[:TOLD])
    by_id, url = asked.by_id(), asked.url("raw_orders")
    found = [
        Work(
            key=f"raw-{row.pk}",
            state=State.FAILED,
            what=f"Order {row.remote_id} could not be read",
            where=by_id[row.channel_id].name,
            url=url,
            link="Look at it",
            since=row.fetched_at,
            reason=row.reason,
            retry=Retry(url=asked.url("raw_order_retry", row.pk), text="Read it again") if asked.can_manage else None,
        )
        for row in told
    ]
    more = beyond(told[0].total if told else 0, len(told), State.FAILED, "orders that could not be read", url)
    return Found(rows=found, more=more)


# What was refused and stands on its order until a person has looked, or was lost, or is out for too long.
# One row for each call, counted no further than the limit. Plan: the seller's orders that need attention by the index
# that holds nothing else, the commands of each by order; open commands by (channel, id).
_STUCK = """
WITH stuck AS (
    (SELECT command.id FROM channels_app_order AS one
     JOIN channels_app_command AS command ON command.order_id = one.id
     WHERE one.seller_id = %(seller)s AND one.attention <> '' AND one.channel_id = ANY(%(channels)s)
       AND command.state = 'rejected'
       AND position(coalesce(nullif(command.reason, ''), 'no reason') in one.attention) > 0
     LIMIT %(most)s)
    UNION
    (SELECT command.id FROM channels_app_command AS command
     WHERE command.channel_id = ANY(%(channels)s) AND command.state IN ('sent', 'unknown') AND command.overdue
     LIMIT %(most)s)
)
SELECT count(*) OVER (), one.public_id, one.remote_id, one.channel_id, one.managed_by, command.group_key, command.kind,
       command.state, min(line.sku), count(*), max(command.reason),
       max(coalesce(command.closed_at, command.sent_at, command.created_at)) AS at
FROM stuck
JOIN channels_app_command AS command USING (id)
JOIN channels_app_order AS one ON one.id = command.order_id
JOIN channels_app_orderline AS line ON line.id = command.line_id
GROUP BY one.id, command.group_key, command.kind, command.state
ORDER BY at DESC, command.group_key
LIMIT %(told)s
"""
#: More are not counted.
_MOST = 1_000


def stuck_commands(asked: AskedOfChannels) -> Found:
    """What the marketplace refused to be told about an order, or may never have heard."""
    params: dict[str, Any] = {
        "seller": asked.seller.pk,
        "channels": [channel.pk for channel in asked.channels],
        "most": _MOST,
        "told": TOLD,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STUCK, params)
        rows = cursor.fetchall()
    found = [_command(asked, row) for row in rows]
    url = f"{asked.url('orders')}?show=attention"
    return Found(
        rows=found,
        more=beyond(rows[0][0] if rows else 0, len(found), State.FAILED, "messages to marketplaces", url),
    )


_AGAIN = (Command.Kind.SHIP, Command.Kind.ACCEPT)


def _command(asked: AskedOfChannels, row: Sequence[Any]) -> Work:
    _, public_id, remote_id, channel_id, managed_by, group_key, kind, state, sku, lines, reason, at = row
    name = attention.command_name(kind)
    of_what = f"of {sku}" if lines == 1 else f"of {lines} lines"
    became, why, link, word = {
        LedgerState.REJECTED: ("was refused", reason or "The marketplace gave no reason.", "Look at the order", ""),
        LedgerState.UNKNOWN: (
            "may not have arrived",
            "Its answer was lost. Look at the marketplace, then say on the order what you found.",
            "Say what you found",
            "Answer lost",
        ),
        LedgerState.SENT: (
            "has no answer yet",
            "The marketplace has had it for more than an hour. It is asked again by itself.",
            "Look at the order",
            "Overdue",
        ),
    }[LedgerState(state)]
    may_send = state == LedgerState.REJECTED and kind in _AGAIN and managed_by == "us" and asked.can_manage
    return Work(
        key=f"command-{group_key}-{state}",
        state=State.FAILED,
        what=f"The {name} {of_what} in order {remote_id} {became}",
        where=asked.by_id()[channel_id].name,
        url=asked.url("order", public_id),
        link=link,
        word=word,
        since=at,
        reason=why if kind in _AGAIN or state != LedgerState.REJECTED else f"{why} Enter it anew on the order.",
        retry=Retry(url=asked.url("order_send_again", public_id, group_key), text="Send again") if may_send else None,
    )


def parcel_files(asked: AskedOfChannels) -> Found:
    """One file of a seller is recorded at a time, the oldest first."""
    rows = _files(asked)
    waiting = [row for row in rows if row.is_at_work]
    counts = _counts(waiting)
    told = [
        *(_file_at_work(asked, row, counts[row.pk], ahead=ahead) for ahead, row in enumerate(waiting)),
        *(_file_of_yours(asked, row) for row in rows if not row.is_at_work),
    ]
    states = {True: State.QUEUED, False: State.YOURS}
    return Found(rows=told, more=beyond_each(rows, states, "files of parcels", asked.url("shipping_files")))


def _files(asked: AskedOfChannels) -> list[Any]:
    """Return files at work in the order of their turns, and those that wait for a person, newest first."""
    since = asked.now - TOLD_FOR
    wrong = ShippingRow.objects.filter(file=OuterRef("pk"), state=ShippingRow.State.WRONG)
    open_ones = (
        Q(state=File.CONFIRMED)
        | Q(state=File.PREVIEW, created_at__gte=since)
        | Q(Exists(wrong), state=File.DONE, finished_at__gte=since)
    )
    rows = ShippingFile.objects.filter(open_ones, seller=asked.seller).annotate(
        is_at_work=ExpressionWrapper(Q(state=File.CONFIRMED), output_field=BooleanField())
    )
    turn = Case(When(is_at_work=True, then=F("pk")), default=-F("pk"))
    return first_of_each(rows.annotate(wrong=count_of(wrong)), F("is_at_work"), order_by=[turn.asc()])


def _counts(files: Sequence[ShippingFile]) -> Mapping[int, Counter[str]]:
    """Return how many rows of each file stand in which state."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    if files:
        rows = ShippingRow.objects.filter(file__in=files).values_list("file_id", "state").annotate(Count("pk"))
        for file_id, state, count in rows:
            counts[file_id][state] = count
    return counts


def _file_at_work(asked: AskedOfChannels, row: ShippingFile, rows: Counter[str], *, ahead: int) -> Work:
    shipped, ready = rows[ShippingRow.State.SHIPPED], rows[ShippingRow.State.READY]
    return Work(
        key=f"parcels-{row.pk}",
        state=State.QUEUED if ahead else State.RUNNING,
        what=f"Parcels of {row.file_name} are {'to be' if ahead else 'being'} recorded",
        url=asked.url("shipping_file", row.public_id),
        link="Follow it",
        done=None if ahead else shipped,
        of=None if ahead else shipped + ready,
        since=row.confirmed_at,
        reason=behind(ahead, "file") if ahead else "",
    )


def _file_of_yours(asked: AskedOfChannels, row: Any) -> Work:
    is_done = row.state == File.DONE
    many = "s" if row.wrong != 1 else ""
    wrong = f"{row.wrong:,} row{many} to mend: download, mend and bring {'them' if many else 'it'} again."
    return Work(
        key=f"parcels-{row.pk}",
        state=State.FAILED if is_done else State.YOURS,
        what=f"{row.file_name} {'was not recorded whole' if is_done else 'waits for your confirmation'}",
        url=asked.url("shipping_file", row.public_id),
        link="See which rows" if is_done else "Look at the parcels",
        word="Rows to mend" if is_done else "",
        since=row.finished_at if is_done else row.created_at,
        reason=wrong if row.wrong else "Nothing is shipped before you confirm.",
    )

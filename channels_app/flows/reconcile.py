"""The reconciler: read all the channel shows, compare, plan. It never writes to the channel: the feed does."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import Error, connection, transaction
from django.db.backends.utils import CursorWrapper

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.types import Export, RemoteListing
from channels_app.flows import brake
from channels_app.flows import reconcile_sql as sql
from channels_app.flows.engine import Claim
from channels_app.flows.jobs import nudge
from channels_app.flows.reconcile_plan import HARMLESS, PLAN_HOURS, apply_differences, expire_older, quiet_since
from channels_app.models import Channel, ChannelJob, Difference, ReconcileRun
from inventory.models import Label

State = ReconcileRun.State

#: So long a list that is ready waits for the orders up to its time; then quantities are not judged in it.
ORDERS_WAIT_SECONDS = 60
#: An export that is not ready after this has failed.
EXPORT_HOURS = 6
#: A list that lacks more than this many, and more than half of what was confirmed, is not believed.
ODD_SHRINKAGE = 20
_LONGEST_SKU = 100
#: A million rows are compared in some seconds.
COMPARE_SECONDS = 600
#: So many rows are in memory at a time.
_BATCH = 10_000


def run_reconciler(claim: Claim, adapter: ChannelAdapter) -> bool:
    """The channel's list was read and compared, and what is safe is under way. Returns whether more is waiting.

    1. Ask for the export, or look whether the one asked for is ready.
    2. Stage it and compare both sides in one statement. It takes as long as it takes: nothing is locked meanwhile.
    3. Plan the differences: one commit.
    4. Apply the plan, unless it would end so many listings that a person must decide.
    """
    run = _run_in_progress(claim)
    export = adapter.export_listings(run.export_handle if run else "")
    if export.rows is None:
        _wait_for_export(claim, run, export)
        return False
    if _orders_are_behind(claim, run, export):
        _wait_for_orders(claim, run, export)
        return False
    with _staging():
        try:
            shown, unreadable = _stage(claim.moving(export.rows))
        except TemporaryError as error:
            _give_up(claim, run, export, f"The marketplace's list broke off: {error}")
            raise
        run = run or ReconcileRun(channel=claim.channel, created_at=claim.now)
        run.as_of, run.remote_count = export.as_of, shown
        with claim.at_length(COMPARE_SECONDS):
            counts = _judge(claim, run, export)
        _plan(claim, run, counts, unreadable=unreadable)
    if run.state == State.PLANNED:
        _apply_what_is_safe(claim, run)
    return False


def _run_in_progress(claim: Claim) -> ReconcileRun | None:
    """Return the run whose export was asked for earlier and is still worth waiting for."""
    run = ReconcileRun.objects.filter(channel=claim.channel, state=State.EXPORTING).order_by("-id").first()
    if run is not None and claim.now - run.created_at > timedelta(hours=EXPORT_HOURS):
        with claim.settling():
            run.state, run.finished_at = State.FAILED, claim.now
            run.reason = f"The marketplace's list was not ready after {EXPORT_HOURS} hours."
            run.save()
        return None
    return run


def _wait_for_export(claim: Claim, run: ReconcileRun | None, export: Export) -> None:
    """The handle is kept; the list is looked for again after a tenth of the time it has had, at most every minute."""
    run = _keep_handle(claim, run, export)
    age = (claim.now - run.created_at).total_seconds()
    claim.run_again_at(claim.now + timedelta(seconds=min(max(age / 10, 2), 60)))


def _keep_handle(claim: Claim, run: ReconcileRun | None, export: Export) -> ReconcileRun:
    with claim.settling():
        run = run or ReconcileRun(channel=claim.channel, created_at=claim.now)
        run.export_handle = export.handle
        run.save()
    return run


def _orders_are_behind(claim: Claim, run: ReconcileRun | None, export: Export) -> bool:
    """Say whether it is worth waiting for orders: what was sold meanwhile would look like a drift of quantity."""
    channel, known = claim.channel, claim.channel.orders_known_until
    if not (channel.orders_on and export.handle and export.as_of):
        return False
    has_waited = run is not None and claim.now - run.created_at > timedelta(seconds=ORDERS_WAIT_SECONDS)
    return (known is None or known < export.as_of) and not has_waited


def _wait_for_orders(claim: Claim, run: ReconcileRun | None, export: Export) -> None:
    """The list is read again by its handle once orders are known up to its time."""
    _keep_handle(claim, run, export)
    nudge([claim.channel.pk], [ChannelJob.Kind.ORDERS], now=claim.now)
    claim.run_again_at(claim.now + timedelta(seconds=3))


def _give_up(claim: Claim, run: ReconcileRun | None, export: Export, reason: str) -> None:
    """This list is not read again: the next run asks for another."""
    run = _keep_handle(claim, run, export)
    with claim.settling():
        run.state, run.reason, run.finished_at = State.REFUSED, reason, claim.now
        run.save()


@contextmanager
def _staging() -> Iterator[None]:
    """There is a table for what the channel shows until the end of the block, seen by this connection alone."""
    with connection.cursor() as cursor:
        cursor.execute(sql.UNSTAGE)
        cursor.execute(sql.STAGE)
    try:
        yield
    finally:
        with suppress(Error), connection.cursor() as cursor:  # a connection that is gone has taken them along
            cursor.execute(sql.UNSTAGE)


def _stage(rows: Iterable[RemoteListing]) -> tuple[int, int]:
    """What buyers can see is staged. Returns how many, and how many have no SKU that ours could have.

    The rows may come page by page: no transaction is open while the next ones are fetched.
    """
    shown = unreadable = 0
    visible = (row for row in rows if row.active)
    while batch := list(itertools.islice(visible, _BATCH)):
        readable = [row for row in batch if _is_readable(row.sku)]
        _copy(readable)
        shown += len(batch)
        unreadable += len(batch) - len(readable)
    return shown, unreadable


def _is_readable(sku: str) -> bool:
    return 0 < len(sku) <= _LONGEST_SKU and "\x00" not in sku


def _copy(rows: Iterable[RemoteListing]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows((row.sku, row.price, row.quantity) for row in rows)
    with connection.cursor() as cursor:
        cursor.copy_expert(sql.COPY, io.BytesIO(text.getvalue().encode("utf-8", errors="replace")))


def _judge(claim: Claim, run: ReconcileRun, export: Export) -> dict[str, int]:
    """What differs is found, or the run says why its list is not trusted. Returns the number of each kind."""
    run.reason = _why_not_trusted(claim.channel, export)
    if run.reason:
        return {}
    params = _params(claim.channel, run)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.ROOM)
        cursor.execute("ANALYZE reconcile_remote")
        cursor.execute(sql.COMPARE, params)
        cursor.execute(sql.COUNT_FOUND)
        counts: dict[str, int] = dict(cursor.fetchall())
        run.reason = _why_not_planned(cursor, params, counts)
    return counts


def _plan(claim: Claim, run: ReconcileRun, counts: Mapping[str, int], *, unreadable: int) -> None:
    """The run stands with its differences, or with why its list is not trusted; one commit."""
    with claim.settling(), connection.cursor() as cursor:
        run.state = State.REFUSED if run.reason else State.PLANNED if counts else State.CLEAN
        run.finished_at = None if run.state == State.PLANNED else claim.now
        run.counts = {**counts, **({"unreadable": unreadable} if unreadable else {})}
        run.save()
        expire_older(run, now=claim.now)
        if run.state != State.REFUSED:
            params = _params(claim.channel, run)
            cursor.execute(sql.STORE_FOUND, params)
            cursor.execute(sql.STORE_READINGS, params)
    claim.count(read=run.remote_count or 0, **({} if run.reason else counts))


def _params(channel: Channel, run: ReconcileRun) -> dict[str, Any]:
    known, as_of = channel.orders_known_until, run.as_of
    return {
        "run": run.pk,
        "channel": channel.pk,
        "seller": channel.seller_id,
        "label": channel.label_id,
        "label_name": channel.label.name if channel.label else "",
        "as_of": as_of,
        "quiet_since": quiet_since(run),
        "orders_are_known": bool(as_of and known and known >= as_of),
    }


def _why_not_trusted(channel: Channel, export: Export) -> str:
    """Return why this list says nothing, or "". A list that may lack rows ends nothing and misses nothing."""
    if not export.complete:
        return "The marketplace's list was not complete."
    if export.as_of is None:
        return "The marketplace did not say when its list was made."
    if channel.label is None:
        return "The channel has no label."
    if _is_being_recalculated(channel.label):
        return (
            f"The items of the label {channel.label.name} are being worked out; nothing is judged until that is done."
        )
    return ""


def _is_being_recalculated(label: Label) -> bool:
    changed, done = label.rule_changed_at, label.recalculated_at
    return changed is not None and (done is None or done < changed)


def _why_not_planned(cursor: CursorWrapper, params: Mapping[str, Any], counts: Mapping[str, int]) -> str:
    """Return why what was found looks more like a mistake than like differences, or ""."""
    cursor.execute(sql.COUNT_WANTED, params)
    if not cursor.fetchone()[0]:
        return f"The label {params['label_name']} holds no items that can be sold: everything would end."
    missing = counts.get(Difference.Kind.MISSING, 0)
    if missing > ODD_SHRINKAGE:
        cursor.execute(sql.COUNT_LISTED, params)
        listed = cursor.fetchone()[0]
        if missing * 2 > listed:
            return f"The marketplace's list shrank oddly: {missing:,} of {listed:,} confirmed listings are not on it."
    return ""


def _apply_what_is_safe(claim: Claim, run: ReconcileRun) -> None:
    """Everything is applied, unless it ends more than the brake lets through: then the endings wait for a person."""
    channel = claim.channel
    endings = run.counts.get(Difference.Kind.TO_END, 0)
    limit = brake.limit_of(channel)
    let_through = channel.withdrawals_allowed_until is not None and channel.withdrawals_allowed_until > claim.now
    with claim.settling():
        if endings <= limit or let_through:
            applied = apply_differences(run, list(Difference.Kind), now=claim.now)
            run.state, run.finished_at = State.APPLIED, claim.now
        else:
            applied = apply_differences(run, HARMLESS, now=claim.now)
            run.reason = (
                f"{endings:,} listings would end, more than the {limit:,} that may end without you. "
                f"Decide within {PLAN_HOURS} hours; the other differences are being mended."
            )
        run.save()
    claim.count(applied=sum(applied.values()))


def plan_is_fresh(run: ReconcileRun, *, now: datetime) -> bool:
    """Say whether the plan may still be applied."""
    return run.state == State.PLANNED and now - run.created_at <= timedelta(hours=PLAN_HOURS)

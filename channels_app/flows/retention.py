"""What is thrown away, and when. Small transactions, so that nothing waits for it, and an end to each run.

Every statement begins at the oldest rows, by an index, and takes so many: it costs the same with a year of rows behind
it. A run that has used its time leaves the rest to the next one.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from inventory.retention import purge_bulk_edits, purge_imports, purge_invitations, purge_letters, purge_movements

log = logging.getLogger(__name__)

#: After so long, what is left waits for the next run.
RUN_SECONDS = 120
#: Rows that one transaction deletes, about.
_BATCH = 10_000

# Runs are numbered in the order of their time: if none of the oldest by number is old, none is.
_RUNS = """
DELETE FROM channels_app_jobrun WHERE id IN (
    SELECT id FROM (SELECT id, started_at FROM channels_app_jobrun ORDER BY id LIMIT %(limit)s) AS oldest
    WHERE started_at < %(before)s
)
"""

# The submissions that ended first, as many as have `limit` lines together.
_ENDED = """
SELECT id, closed_at FROM (
    SELECT id, closed_at, sum(line_count) OVER (ORDER BY closed_at, id) - line_count AS lines_before
    FROM (
        SELECT id, closed_at, line_count FROM channels_app_submission
        WHERE closed_at IS NOT NULL AND closed_at < %(before)s AND phase IN ('closed', 'failed')
          AND (closed_at, id) > (%(at)s, %(id)s)
        ORDER BY closed_at, id LIMIT 500
    ) AS oldest
) AS counted
WHERE lines_before < %(limit)s ORDER BY closed_at, id
"""

# A refusal that still stands is kept: the ledger is closed by it. Only the newest of its kind can stand.
_LINES = """
DELETE FROM channels_app_feedline AS line
WHERE line.submission_id = ANY(%(submissions)s) AND line.state NOT IN ('pending', 'sent', 'unknown') AND NOT (
    line.state = 'rejected'
    AND EXISTS (
        SELECT FROM channels_app_listing AS listing
        WHERE listing.channel_id = line.channel_id AND listing.sku = line.sku AND listing.rejected_hash <> ''
    )
    AND NOT EXISTS (
        SELECT FROM channels_app_feedline AS newer
        WHERE newer.channel_id = line.channel_id AND newer.sku = line.sku AND newer.id > line.id
          AND newer.kind = line.kind
    )
)
"""

_SUBMISSIONS = """
DELETE FROM channels_app_submission AS submission
WHERE submission.id = ANY(%(submissions)s)
  AND NOT EXISTS (SELECT FROM channels_app_feedline AS line WHERE line.submission_id = submission.id)
"""

# The hash stays: the same body seen again is still known. What nobody has read yet, or must look at, stays too.
_BODIES = """
UPDATE channels_app_raworder SET body = NULL WHERE id = ANY(ARRAY(
    SELECT id FROM channels_app_raworder
    WHERE fetched_at < %(before)s AND body IS NOT NULL AND state IN ('done', 'older')
    ORDER BY fetched_at LIMIT %(limit)s
))
"""

# Runs of the reconciler are few, each channel's a day; a plan that still waits is kept.
_DIFFERENCES = """
DELETE FROM channels_app_difference WHERE id = ANY(ARRAY(
    SELECT difference.id FROM channels_app_reconcilerun AS run
    JOIN channels_app_difference AS difference ON difference.run_id = run.id
    WHERE run.finished_at < %(before)s AND run.state <> 'planned'
    LIMIT %(limit)s
))
"""

_RECONCILE_RUNS = """
DELETE FROM channels_app_reconcilerun WHERE id = ANY(ARRAY(
    SELECT run.id FROM channels_app_reconcilerun AS run
    WHERE run.finished_at < %(before)s AND run.state <> 'planned'
      AND NOT EXISTS (SELECT FROM channels_app_difference AS difference WHERE difference.run_id = run.id)
    LIMIT %(limit)s
))
"""

# Files of parcels are few, each seller's some a day; one that is being recorded is kept.
_SHIPPING_ROWS = """
DELETE FROM channels_app_shippingrow WHERE id = ANY(ARRAY(
    SELECT one.id FROM channels_app_shippingfile AS file
    JOIN channels_app_shippingrow AS one ON one.file_id = file.id
    WHERE file.created_at < %(before)s AND file.state <> 'confirmed'
    LIMIT %(limit)s
))
"""

_SHIPPING_FILES = """
DELETE FROM channels_app_shippingfile WHERE id = ANY(ARRAY(
    SELECT file.id FROM channels_app_shippingfile AS file
    WHERE file.created_at < %(before)s AND file.state <> 'confirmed'
      AND NOT EXISTS (SELECT FROM channels_app_shippingrow AS one WHERE one.file_id = file.id)
    LIMIT %(limit)s
))
"""

# Letters of channels that went on are few, at most one an hour for each.
_STOPS = """
DELETE FROM channels_app_stopwarning WHERE id = ANY(ARRAY(
    SELECT id FROM channels_app_stopwarning WHERE ended_at < %(before)s LIMIT %(limit)s
))
"""

_SESSIONS = """
DELETE FROM django_session WHERE session_key = ANY(ARRAY(
    SELECT session_key FROM django_session WHERE expire_date < %(before)s ORDER BY expire_date LIMIT %(limit)s
))
"""

# Numbered in the order of their time, as runs are.
_SIGN_INS = """
DELETE FROM axes_accesslog WHERE id IN (
    SELECT id FROM (SELECT id, attempt_time FROM axes_accesslog ORDER BY id LIMIT %(limit)s) AS oldest
    WHERE attempt_time < %(before)s
)
"""


def purge(*, now: datetime, seconds: float = RUN_SECONDS) -> dict[str, int]:
    """What is older than we keep it is gone, as far as `seconds` reach. Returns how many rows of each."""
    until = time.monotonic() + seconds

    def may_go_on() -> bool:
        return time.monotonic() < until

    def kept(days: int) -> datetime:
        return now - timedelta(days=days)

    reconciled, brought = kept(settings.KEEP_RECONCILER_DAYS), kept(settings.KEEP_IMPORTS_DAYS)
    purged = {
        "runs": _in_batches(_RUNS, may_go_on, before=kept(settings.KEEP_RUNS_DAYS)),
        "stops": _in_batches(_STOPS, may_go_on, before=kept(settings.KEEP_RUNS_DAYS)),
        **_purge_lines(before=kept(settings.KEEP_LINES_DAYS), may_go_on=may_go_on),
        "differences": _in_batches(_DIFFERENCES, may_go_on, before=reconciled),
        "reconcile_runs": _in_batches(_RECONCILE_RUNS, may_go_on, before=reconciled),
        "order_bodies": _in_batches(_BODIES, may_go_on, before=kept(settings.KEEP_ORDER_BODIES_DAYS)),
        "sessions": _in_batches(_SESSIONS, may_go_on, before=now),
        "sign_ins": _in_batches(_SIGN_INS, may_go_on, before=kept(settings.KEEP_SIGN_INS_DAYS)),
        "bulk edits": purge_bulk_edits(before=brought, may_go_on=may_go_on),
        "shipping_rows": _in_batches(_SHIPPING_ROWS, may_go_on, before=brought),
        "shipping_files": _in_batches(_SHIPPING_FILES, may_go_on, before=brought),
        "imports": purge_imports(before=brought, may_go_on=may_go_on),
        "letters": purge_letters(now=now, may_go_on=may_go_on),
        "invitations": purge_invitations(now=now, may_go_on=may_go_on),
        "movements": purge_movements(before=kept(settings.KEEP_MOVEMENTS_DAYS), may_go_on=may_go_on),
    }
    log.info("retention.purged", extra=purged | {"unfinished": not may_go_on()})
    return purged


def _in_batches(sql: str, may_go_on: Callable[[], bool], **params: Any) -> int:
    """Run `sql` until it finds nothing more; each round is a transaction of its own."""
    done = 0
    while may_go_on():
        count = _execute(sql, params | {"limit": _BATCH})
        done += count
        if count == 0:
            break
    return done


def _purge_lines(*, before: datetime, may_go_on: Callable[[], bool]) -> dict[str, int]:
    """Lines of submissions that ended before go, but for refusals that stand; then submissions without lines go."""
    lines, submissions = 0, 0
    place: dict[str, Any] = {"at": datetime.fromisoformat("0001-01-01T00:00:00+00:00"), "id": 0}
    while may_go_on():
        with connection.cursor() as cursor:
            cursor.execute(_ENDED, {"before": before, "limit": _BATCH, **place})
            ended = cursor.fetchall()
        if not ended:
            break
        ids = [row[0] for row in ended]
        lines += _execute(_LINES, {"submissions": ids})
        submissions += _execute(_SUBMISSIONS, {"submissions": ids})
        place = {"at": ended[-1][1], "id": ended[-1][0]}
    return {"lines": lines, "submissions": submissions}


def _execute(sql: str, params: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)

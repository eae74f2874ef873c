"""What is thrown away, and when. Small transactions, so that nothing waits for it."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from inventory.retention import purge_movements

log = logging.getLogger(__name__)

RUNS_KEPT = timedelta(days=30)
LINES_KEPT = timedelta(days=30)
#: Raw orders hold buyers' data; "why?" reaches back as far as movements do.
ORDER_BODIES_KEPT = timedelta(days=400)
MOVEMENTS_KEPT = timedelta(days=400)
_BATCH = 10_000

_RUNS = """
DELETE FROM channels_app_jobrun WHERE id = ANY(ARRAY(
    SELECT id FROM channels_app_jobrun WHERE coalesce(finished_at, started_at) < %(before)s ORDER BY id LIMIT %(limit)s
))
"""

# Lines go first; a submission goes once it has none. ARRAY(..) is read once, whatever the planner thinks.
_LINES = """
DELETE FROM channels_app_feedline WHERE id = ANY(ARRAY(
    SELECT line.id FROM channels_app_submission AS submission
    JOIN channels_app_feedline AS line ON line.submission_id = submission.id
    WHERE submission.phase IN ('closed', 'failed') AND submission.closed_at < %(before)s
    LIMIT %(limit)s
))
"""

_SUBMISSIONS = """
DELETE FROM channels_app_submission WHERE id = ANY(ARRAY(
    SELECT submission.id FROM channels_app_submission AS submission
    WHERE submission.phase IN ('closed', 'failed') AND submission.closed_at < %(before)s
      AND NOT EXISTS (SELECT FROM channels_app_feedline AS line WHERE line.submission_id = submission.id)
    LIMIT %(limit)s
))
"""

# The hash stays: the same body seen again is still known. What nobody has read yet, or must look at, stays too.
_BODIES = """
UPDATE channels_app_raworder SET body = NULL WHERE id = ANY(ARRAY(
    SELECT id FROM channels_app_raworder
    WHERE fetched_at < %(before)s AND body IS NOT NULL AND state IN ('done', 'older')
    ORDER BY id LIMIT %(limit)s
))
"""


def purge(*, now: datetime) -> dict[str, int]:
    """What is older than we keep it is gone. Returns how many rows of each."""
    purged = {
        "runs": _in_batches(_RUNS, before=now - RUNS_KEPT),
        "lines": _in_batches(_LINES, before=now - LINES_KEPT),
        "submissions": _in_batches(_SUBMISSIONS, before=now - LINES_KEPT),
        "order_bodies": _in_batches(_BODIES, before=now - ORDER_BODIES_KEPT),
        "movements": purge_movements(before=now - MOVEMENTS_KEPT),
    }
    log.info("retention.purged", extra=purged)
    return purged


def _in_batches(sql: str, **params: Any) -> int:
    """Run `sql` until it finds nothing more; each round is a transaction of its own."""
    done = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(sql, params | {"limit": _BATCH})
            if cursor.rowcount == 0:
                return done
            done += cursor.rowcount

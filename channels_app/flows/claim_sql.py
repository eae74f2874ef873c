"""The statements that claim a due job: two, tried in turn. The first nearly always answers, and reads few rows.

Fairness: sellers with less running come first, then urgency, then what has been due for longest. Most of the time
somebody has nothing running, so the first statement looks among those only: it walks the index on (lane, urgency,
next_run_at) in its own order and stops at the first row that fits. Only when there is none are all due jobs of the lane
read and sorted.

Either locks the one row that it takes; a row that somebody else is taking is passed over. The running set is small (a
partial index on claims) and read once. Two drains may count the same running set at once and go one over a bound: the
bounds protect, they do not prove.
"""

_RUNNING = """
WITH running AS MATERIALIZED (
    SELECT seller_id, channel_id, host, lane FROM channels_app_channeljob WHERE claim_expires_at >= clock_timestamp()
)"""
_IS_DUE = """job.lane = %(lane)s AND job.enabled AND NOT job.blocked AND job.next_run_at <= %(now)s
      AND (job.claim_expires_at IS NULL OR job.claim_expires_at < clock_timestamp())"""

# Who has nothing running is below every bound of a seller and of a channel.
_FIRST_OF_AN_IDLE_SELLER = f"""{_RUNNING}, candidate AS (
    SELECT job.id
    FROM channels_app_channeljob job
    WHERE {_IS_DUE}
      AND job.seller_id NOT IN (SELECT seller_id FROM running)
      AND job.host NOT IN (
          SELECT host FROM running WHERE lane = %(lane)s GROUP BY host HAVING count(*) >= %(per_host)s)
    ORDER BY job.urgency, job.next_run_at
    LIMIT 1
    FOR UPDATE OF job SKIP LOCKED
)"""  # noqa: S608 - constants
_FIRST_OF_ANY = f"""{_RUNNING}, candidate AS (
    SELECT job.id
    FROM channels_app_channeljob job
    LEFT JOIN (SELECT seller_id, count(*) AS jobs, count(*) FILTER (WHERE lane = %(lane)s) AS in_lane
               FROM running GROUP BY seller_id) by_seller USING (seller_id)
    LEFT JOIN (SELECT channel_id, count(*) AS jobs FROM running GROUP BY channel_id) by_channel USING (channel_id)
    LEFT JOIN (SELECT host, count(*) AS in_lane FROM running WHERE lane = %(lane)s GROUP BY host) by_host USING (host)
    WHERE {_IS_DUE}
      AND coalesce(by_channel.jobs, 0) < %(per_channel)s
      AND coalesce(by_host.in_lane, 0) < %(per_host)s
      AND coalesce(by_seller.in_lane, 0) < %(per_seller)s
    ORDER BY coalesce(by_seller.jobs, 0), job.urgency, job.next_run_at
    LIMIT 1
    FOR UPDATE OF job SKIP LOCKED
)"""  # noqa: S608 - constants

# Whether an earlier holder left intents without outcome is looked up here, so that nobody need ask when there are none;
# see takeover.py.
_TAKE = """
UPDATE channels_app_channeljob job
SET claimed_by = %(worker)s,
    claim_expires_at = clock_timestamp() + make_interval(secs => %(lease)s),
    fence = job.fence + 1,
    -- Set at the claim, not at its end: a nudge during the slice is then never overwritten.
    next_run_at = %(now)s::timestamptz + make_interval(secs => job.interval_seconds)
FROM candidate WHERE job.id = candidate.id
RETURNING job.id, job.kind, job.channel_id, job.fence, job.cursor, job.interval_seconds,
    CASE
        WHEN job.kind IN ('content', 'offers') THEN EXISTS (
            SELECT FROM channels_app_submission WHERE channel_id = job.channel_id AND phase = 'intent')
        WHEN job.kind = 'commands' THEN EXISTS (
            SELECT FROM channels_app_command WHERE channel_id = job.channel_id AND state = 'sent' AND handle = '')
        ELSE false
    END
"""

CLAIMS = (_FIRST_OF_AN_IDLE_SELLER + _TAKE, _FIRST_OF_ANY + _TAKE)

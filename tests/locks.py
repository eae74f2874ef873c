"""Two who meet at a lock."""

import time

from django.db import connection


def wait_until_somebody_waits(seconds: float = 10) -> None:
    """Return once another connection waits for a lock; time is no proof that it has come so far."""
    until = time.monotonic() + seconds
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    raise AssertionError("nobody waits for a lock")

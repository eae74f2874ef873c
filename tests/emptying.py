"""Emptying the tables after a test that commits: those that hold anything, where Django truncates all there are.

What `migrate` itself fills, content types and permissions, stays.
"""

import time
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg2.errors import LockNotAvailable

#: Shorter than PostgreSQL's deadlock_timeout (1 s): who empties always gives way, a page still being made never fails.
GIVE_WAY_MILLISECONDS = 100
PATIENCE_SECONDS = 30
KEPT = {"django_content_type", "auth_permission"}


def can_empty() -> bool:
    """Whether triggers and foreign keys can be told to look away, which needs a superuser."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        return bool(cursor.fetchone()[0] == "on")


def empty_tables(*_: Any) -> None:
    """No table holds a row but those that are kept. Waits for transactions under way, whatever they lock next.

    A browser that is closed leaves requests behind which the live server still answers.
    """
    patience_ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            _empty_or_give_way()
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable) or time.monotonic() > patience_ends:
                raise
        else:
            return


@transaction.atomic
def _empty_or_give_way() -> None:
    with connection.cursor() as cursor:
        names = sorted({*connection.introspection.django_table_names(only_existing=True, include_views=False)} - KEPT)
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names))
        filled = [name for (name,) in cursor.fetchall()]
        if not filled:
            return
        cursor.execute(f"SET LOCAL lock_timeout = {GIVE_WAY_MILLISECONDS}")
        cursor.execute(f"LOCK TABLE {', '.join(filled)} IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in filled:
            cursor.execute(f"DELETE FROM {name}")

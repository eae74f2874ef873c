"""Emptying the tables after a test that commits: those that hold anything, where Django truncates all there are.

What `migrate` itself fills, content types and permissions, stays.
"""

from typing import Any

from django.db import connection, transaction

KEPT = {"django_content_type", "auth_permission"}


def can_empty() -> bool:
    """Whether triggers and foreign keys can be told to look away, which needs a superuser."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        return bool(cursor.fetchone()[0] == "on")


def empty_tables(*_: Any) -> None:
    """No table holds a row but those that are kept. Waits for transactions that still write."""
    with transaction.atomic(), connection.cursor() as cursor:
        names = sorted({*connection.introspection.django_table_names(only_existing=True, include_views=False)} - KEPT)
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names))
        filled = [name for (name,) in cursor.fetchall()]
        if not filled:
            return
        cursor.execute(f"LOCK TABLE {', '.join(filled)} IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in filled:
            cursor.execute(f"DELETE FROM {name}")

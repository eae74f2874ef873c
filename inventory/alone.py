"""One at a time, over all workers: held by the connection, so a worker that is killed lets go at once."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import Error, connection
from django.db.models import F

from inventory.models import BulkEdit, CsvImport

#: Starts without any progress before a piece of work gives up.
MAX_ATTEMPTS = 5


@contextmanager
def working_alone(name: str) -> Iterator[bool]:
    """Give True if nobody else is inside a block of this name until its end. Does not wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with suppress(Error), connection.cursor() as cursor:  # a connection that is gone has let go already
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def count_start(work: BulkEdit | CsvImport) -> bool:
    """Count this start; progress sets it back. Returns False once there were too many.

    Work that always ends the worker must not end all workers for ever.
    """
    type(work).objects.filter(pk=work.pk).update(attempts=F("attempts") + 1)
    return work.attempts < MAX_ATTEMPTS

"""Old movements make room: what they came to stays, as one opening balance for each item and location.

Old imports go as a whole, with what they would be undone by.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

#: Movements that one transaction looks at; it takes all the old ones of their items.
_BATCH = 2000

# Movements are numbered in the order of their time: the oldest are looked at first, and once none of so many is old,
# the rest is not either.
# Movements of an order line go only when all of them are old and nothing of the line is reserved any more: the sum of a
# line's movements is what says how much of it is reserved.
_PURGE = """
WITH oldest AS MATERIALIZED (
    SELECT id, item_id, reason FROM (
        SELECT id, item_id, reason, at FROM inventory_stockmovement WHERE id > %(after)s ORDER BY id LIMIT %(limit)s
    ) AS looked_at
    WHERE at < %(before)s
), items AS MATERIALIZED (
    SELECT DISTINCT item_id FROM oldest WHERE reason <> 'opening'
), locked AS MATERIALIZED (
    SELECT stock.id FROM inventory_stock AS stock JOIN items USING (item_id)
    ORDER BY stock.item_id, stock.location_id FOR UPDATE OF stock
), kept_lines AS MATERIALIZED (
    SELECT line_id FROM inventory_stockmovement AS movement JOIN items USING (item_id)
    WHERE line_id IS NOT NULL
    GROUP BY line_id HAVING max(at) >= %(before)s OR sum(reserved_delta) <> 0
), old AS (
    DELETE FROM inventory_stockmovement AS movement USING items
    WHERE movement.item_id = items.item_id AND movement.at < %(before)s
      AND (SELECT count(*) FROM locked) >= 0
      AND (movement.line_id IS NULL OR movement.line_id NOT IN (SELECT line_id FROM kept_lines))
    RETURNING movement.item_id, movement.location_id, on_hand_delta, reserved_delta, at
), opening AS (
    INSERT INTO inventory_stockmovement
        (item_id, location_id, on_hand_delta, reserved_delta, reason, note, at, key)
    SELECT item_id, location_id, sum(on_hand_delta), sum(reserved_delta), 'opening', '', max(at), gen_random_uuid()
    FROM old GROUP BY item_id, location_id
)
SELECT (SELECT max(id) FROM oldest), (SELECT count(*) FROM old)
"""


_PROBLEMS = """
DELETE FROM inventory_csvimportproblem WHERE id = ANY(ARRAY(
    SELECT problem.id FROM inventory_csvimport AS one
    JOIN inventory_csvimportproblem AS problem ON problem.csv_import_id = one.id
    WHERE one.finished_at < %(before)s LIMIT %(limit)s
))
"""

_IMPORTED_ITEMS = """
DELETE FROM inventory_importeditem WHERE (csv_import_id, is_parent, item_id) IN (
    SELECT was.csv_import_id, was.is_parent, was.item_id FROM inventory_csvimport AS one
    JOIN inventory_importeditem AS was ON was.csv_import_id = one.id
    WHERE one.finished_at < %(before)s LIMIT %(limit)s
)
"""

# Imports are few. One that still holds its file waits until that is dropped (csv_import/imports.py).
_IMPORTS = """
DELETE FROM inventory_csvimport WHERE id = ANY(ARRAY(
    SELECT one.id FROM inventory_csvimport AS one
    WHERE one.finished_at < %(before)s AND one.state IN ('done', 'failed', 'cancelled', 'undone')
      AND NOT EXISTS (SELECT FROM inventory_csvimportproblem AS problem WHERE problem.csv_import_id = one.id)
      AND NOT EXISTS (SELECT FROM inventory_importeditem AS was WHERE was.csv_import_id = one.id)
      AND NOT EXISTS (SELECT FROM inventory_csvimportchunk AS chunk WHERE chunk.csv_import_id = one.id)
    LIMIT %(limit)s
))
"""


def purge_imports(*, before: datetime, may_go_on: Callable[[], bool]) -> int:
    """Imports that ended before, and their bad rows, are gone. Returns how many imports."""
    return _purge((_PROBLEMS, _IMPORTED_ITEMS, _IMPORTS), before=before, may_go_on=may_go_on)


_BULK_SLICES = """
DELETE FROM inventory_bulkeditslice WHERE id = ANY(ARRAY(
    SELECT slice.id FROM inventory_bulkedit AS made
    JOIN inventory_bulkeditslice AS slice ON slice.edit_id = made.id
    WHERE made.made_at < %(before)s AND made.state NOT IN ('running', 'undoing') LIMIT %(limit)s
))
"""
_BULK_ITEMS = """
DELETE FROM inventory_bulkedititem WHERE (edit_id, item_id) IN (
    SELECT one.edit_id, one.item_id FROM inventory_bulkedit AS made
    JOIN inventory_bulkedititem AS one ON one.edit_id = made.id
    WHERE made.made_at < %(before)s AND made.state NOT IN ('running', 'undoing') LIMIT %(limit)s
)
"""
_BULK_EDITS = """
DELETE FROM inventory_bulkedit WHERE id = ANY(ARRAY(
    SELECT made.id FROM inventory_bulkedit AS made
    WHERE made.made_at < %(before)s AND made.state NOT IN ('running', 'undoing')
      AND NOT EXISTS (SELECT FROM inventory_bulkeditslice AS slice WHERE slice.edit_id = made.id)
      AND NOT EXISTS (SELECT FROM inventory_bulkedititem AS one WHERE one.edit_id = made.id)
    LIMIT %(limit)s
))
"""


def purge_bulk_edits(*, before: datetime, may_go_on: Callable[[], bool]) -> int:
    """What was done to many items before, and what it would be undone by, is gone. Returns how many edits."""
    return _purge((_BULK_SLICES, _BULK_ITEMS, _BULK_EDITS), before=before, may_go_on=may_go_on)


#: Long enough to ask what became of an e-mail.
_LETTERS_KEPT = timedelta(days=90)

# Both are numbered in the order of their time: if none of the oldest by number is old, none is.
_LETTERS = """
DELETE FROM inventory_mail WHERE id IN (
    SELECT id FROM (SELECT id, created_at FROM inventory_mail ORDER BY id LIMIT %(limit)s) AS oldest
    WHERE created_at < %(before)s
)
"""

_DIGEST_DAYS = """
DELETE FROM inventory_digestday WHERE id IN (
    SELECT id FROM (SELECT id, day FROM inventory_digestday ORDER BY id LIMIT %(limit)s) AS oldest
    WHERE day < %(before)s::date
)
"""


def purge_letters(*, now: datetime, may_go_on: Callable[[], bool]) -> int:
    """Letters, and the notes of daily ones, are gone after 90 days. Returns how many letters."""
    return _purge((_DIGEST_DAYS, _LETTERS), before=now - _LETTERS_KEPT, may_go_on=may_go_on)


# Invitations are few, and what became of them stands on the team's record.
_INVITATIONS = """
DELETE FROM inventory_invitation WHERE id = ANY(ARRAY(
    SELECT one.id FROM inventory_invitation AS one
    WHERE coalesce(one.accepted_at, one.withdrawn_at, one.expires_at) < %(before)s
      AND NOT EXISTS (SELECT FROM inventory_mail AS mail WHERE mail.invitation_id = one.id)
    LIMIT %(limit)s
))
"""


def purge_invitations(*, now: datetime, may_go_on: Callable[[], bool]) -> int:
    """Invitations that ended 90 days ago are gone, as their letters are. Returns how many."""
    return _purge((_INVITATIONS,), before=now - _LETTERS_KEPT, may_go_on=may_go_on)


def _purge(statements: Sequence[str], *, before: datetime, may_go_on: Callable[[], bool]) -> int:
    """Each statement has run until it found nothing more. Returns how many rows the last one deleted."""
    count = 0
    for sql in statements:
        while may_go_on():
            with connection.cursor() as cursor:
                cursor.execute(sql, {"before": before, "limit": _BATCH})
                if cursor.rowcount == 0:
                    break
                count += cursor.rowcount if sql is statements[-1] else 0
    return count


def purge_movements(*, before: datetime, may_go_on: Callable[[], bool]) -> int:
    """Movements older than `before` are one opening balance for each item and location. Returns how many went."""
    purged, after = 0, 0
    while may_go_on():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_PURGE, {"before": before, "after": after, "limit": _BATCH})
            last, count = cursor.fetchone()
        if last is None:
            break
        purged += count
        after = last
    return purged

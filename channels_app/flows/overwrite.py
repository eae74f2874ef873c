"""Writes fields of many rows in one statement."""

from collections.abc import Sequence
from typing import Any, cast

from django.db import connection
from django.db.models import Field, Model


def overwrite(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """These fields of the rows stand in the database; a row that is gone stays gone.

    `bulk_update` would spell each field out as one CASE over all rows, which takes longer than everything around it.
    """
    if not rows:
        return
    meta = rows[0]._meta
    columns = [cast("Field[Any, Any]", meta.get_field(name)) for name in fields]
    values = [[row.pk, *(_value(row, column) for column in columns)] for row in rows]
    one = f"({', '.join(['%s'] * (1 + len(columns)))})"
    with connection.cursor() as cursor:
        # The primary key finds each row; how many there are does not change the plan.
        cursor.execute(
            f"UPDATE {meta.db_table} AS old SET {', '.join(map(_assignment, columns))}"  # noqa: S608 - names of ours
            f" FROM (VALUES {', '.join([one] * len(rows))}) AS new (id, {', '.join(str(c.column) for c in columns)})"
            " WHERE old.id = new.id",
            [value for row in values for value in row],
        )


def _value(row: Model, field: "Field[Any, Any]") -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)


def _assignment(field: "Field[Any, Any]") -> str:
    # Without its length, so that what is too long is refused and not cut off.
    kind = (field.db_type(connection) or "").partition("(")[0]
    return f"{field.column} = new.{field.column}::{kind}"

"""The staged rows that one transaction takes, to be named in SQL."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from inventory.csv_import.staging import PARENTS_FIRST, tables_of
from inventory.models import CsvImport

SLICE = 5_000


@dataclass(frozen=True, slots=True)
class Slice:
    """The good rows of one transaction, by their places."""

    csv_import: CsvImport
    first: int
    last: int
    count: int

    @property
    def rows(self) -> str:
        """The slice's rows, to select from; takes `params`."""
        return f"(SELECT * FROM {tables_of(self.csv_import).rows} WHERE place BETWEEN %s AND %s) AS given"  # noqa: S608

    @property
    def params(self) -> list[Any]:
        return [self.first, self.last]

    @property
    def items(self) -> str:
        """The slice's rows, each with its item, to select from; takes `item_params`.

        Each item is looked up by itself: a join may be planned as a walk over all the seller's items, and is so planned
        while the statistics have not met this seller yet.
        """
        return f"""{self.rows} CROSS JOIN LATERAL (
            SELECT * FROM inventory_item WHERE seller_id = %s AND sku = given.sku LIMIT 1
        ) AS item"""  # noqa: S608

    @property
    def item_params(self) -> list[Any]:
        return [*self.params, self.csv_import.seller_id]


def next_slice(csv_import: CsvImport) -> Slice | None:
    """Return the rows to come, parents apart from others: a statement does not see the rows it inserts itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH following AS (
                SELECT place FROM {tables_of(csv_import).rows} WHERE place > coalesce(%s, {-PARENTS_FIRST})
                ORDER BY place LIMIT %s
            )
            SELECT min(place), max(place), count(*)
            FROM following
            WHERE (place < 0) = (SELECT min(place) < 0 FROM following)
            """,  # noqa: S608
            [csv_import.last_place, SLICE],
        )
        first, last, count = cursor.fetchone()
    return Slice(csv_import, first, last, count) if count else None

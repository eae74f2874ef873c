"""The support desk finds from one field, over all sellers: looks at indexes only, however many rows there are."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_app.models import Listing
from channels_app.support_site import find
from tests.factories import make_channel, make_seller
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


def test_listings_and_orders_are_found_by_sku_and_number_over_all_sellers(rig: Rig):
    rig.item("MUG-1", on_hand=1)
    rig.market.has_order("A-1", sku="MUG-1")
    rig.download()
    for channel in (rig.channel, make_channel(make_seller("else"))):
        Listing.objects.get_or_create(channel=channel, sku="MUG-1")

    assert [found.kind for found in find("MUG-1")] == ["Item", "Listing", "Listing"]
    assert [(found.kind, found.name) for found in find("A-1")] == [("Order", "A-1")]


@pytest.mark.parametrize(("table", "column"), [("channels_app_listing", "sku"), ("channels_app_order", "remote_id")])
def test_each_channel_is_looked_at_by_its_own_part_of_the_index(rig: Rig, table: str, column: str):
    """Without the channels every entry of the index would be read, since it begins with the channel."""
    make_channel(make_seller("else"))
    with CaptureQueriesContext(connection) as queries:
        find("MUG-1")
    (sql,) = [one["sql"] for one in queries.captured_queries if f'FROM "{table}"' in one["sql"]]

    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(row for (row,) in cursor.fetchall())

    assert re.search(rf"Index Cond: \(\(channel_id = ANY .*\(+{column}\)", plan), plan

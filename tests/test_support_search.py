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
def test_what_belongs_to_channels_is_found_by_its_index_without_naming_them(rig: Rig, table: str, column: str):
    """The index begins with the channel: PostgreSQL skips from one channel's part of it to the next."""
    make_channel(make_seller("else"))
    with CaptureQueriesContext(connection) as queries:
        find("MUG-1")
    (sql,) = [one["sql"] for one in queries.captured_queries if f'FROM "{table}"' in one["sql"]]

    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(row for (row,) in cursor.fetchall())

    assert re.search(rf"Index Scan using \w+_once on {table} .*\n *Index Cond: \(+{column}\)", plan), plan


def test_a_search_reads_no_list_of_all_channels(rig: Rig):
    with CaptureQueriesContext(connection) as few:
        find("MUG-1")
    for number in range(5):
        make_channel(make_seller(f"else-{number}"))
    with CaptureQueriesContext(connection) as more:
        find("MUG-1")

    assert len(few) == len(more) == 5
    assert max(len(one["sql"]) for one in few.captured_queries) == max(len(one["sql"]) for one in more.captured_queries)


def test_a_listing_leads_to_its_sellers_own_listings(rig: Rig):
    Listing.objects.create(channel=rig.channel, sku="MUG 1&2")

    (found,) = find("MUG 1&2")

    assert found.sellers_url.endswith("/listings/?sku=MUG+1%262")

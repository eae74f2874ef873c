"""`manage.py report --json`: figures for a judge, read at one moment, changing nothing."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from channels_app.models import Listing
from tests.factories import NOW, make_channel, make_item, make_job, make_seller


def report(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("report", "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.django_db
def test_the_report_counts_what_is_there():
    seller = make_seller()
    item = make_item(seller, on_hand=7)
    Listing.objects.create(channel=make_channel(seller), sku=item.sku, item=item, state="listed", confirmed_quantity=7)

    told = report("--skus")

    assert (told["items"], told["units_on_hand"], told["listings"]) == (1, 7, {"listed": 1})
    assert told["channels"][0]["state"] == "testing"
    assert told["skus"]["MUG-1"]["confirmed_quantity"] == 7


@pytest.mark.django_db
def test_a_claim_names_the_process_that_holds_it():
    job = make_job(make_channel(make_seller()), "orders", claimed_by="host:4711", fence=3)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE channels_app_channeljob SET claim_expires_at = clock_timestamp() + interval '5 seconds'")

    (claim,) = report()["claims"]

    assert (claim["job"], claim["pid"], claim["fence"], claim["kind"]) == (job.pk, 4711, 3, "orders")


@pytest.mark.django_db
def test_an_expired_lease_is_no_claim():
    make_job(make_channel(make_seller()), "orders", claimed_by="host:4711", claim_expires_at=NOW)

    assert report()["claims"] == []


@pytest.mark.django_db(transaction=True)
def test_the_report_cannot_write():
    make_seller()

    assert report()["items"] == 0

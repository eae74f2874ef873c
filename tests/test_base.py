from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from marketplace_integration import clock


def test_the_clock_is_utc_plus_the_offset(settings):
    settings.CLOCK_OFFSET_SECONDS = 86_400

    ahead = clock.now() - datetime.now(UTC)  # noqa: TID251 - the very thing the clock wraps

    assert timedelta(hours=23, minutes=59) < ahead <= timedelta(days=1)


@pytest.mark.django_db
def test_the_health_page_asks_the_database(client: Client):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.django_db
def test_the_database_is_postgresql_18_or_newer():
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) >= 180_000

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from celery.contrib.django.task import DjangoTask
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from kombu.exceptions import OperationalError

from marketplace_integration import clock, environment
from marketplace_integration.celery import app
from marketplace_integration.logging import AddBound, bound, json_formatter
from marketplace_integration.middleware import client_address


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


def test_behind_a_proxy_only_the_address_the_proxy_wrote_counts(rf, settings):
    request = rf.get("/", headers={"x-forwarded-for": "6.6.6.6, 203.0.113.9"}, REMOTE_ADDR="10.0.0.1")

    settings.BEHIND_PROXY = True
    assert client_address(request) == "203.0.113.9"
    settings.BEHIND_PROXY = False
    assert client_address(request) == "10.0.0.1"


def test_a_task_whose_broker_is_away_is_a_warning_and_not_an_error(monkeypatch, caplog):
    def refuse(*_args, **_kwargs):
        raise OperationalError("connection refused")

    @app.task(name="tests.nudge")
    def nudge() -> None:
        raise AssertionError("it is not meant to run")

    monkeypatch.setattr(DjangoTask, "apply_async", refuse)

    assert nudge.delay() is None
    assert caplog.messages == ["nudge lost"]


def test_production_without_its_settings_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "POINTER", tmp_path / "none")
    for name in ("SECRET_KEY", "DATABASE_URL"):
        monkeypatch.delenv(name)

    with pytest.raises(
        ImproperlyConfigured, match=r"Not set in the environment: SECRET_KEY, DATABASE_URL\. .*make run"
    ):
        environment.load()


def test_a_value_of_the_wrong_kind_is_named(monkeypatch):
    monkeypatch.setenv("TESTING_DAYS", "a month")

    with pytest.raises(ImproperlyConfigured, match="TESTING_DAYS: .*It means: How many days"):
        environment.load()


def test_a_command_in_a_checkout_finds_the_stack_that_runs_there(monkeypatch, tmp_path):
    pointer = tmp_path / "stack.json"
    pointer.write_text('{"environment": {"DATABASE_URL": "postgres://a@b/c", "TESTING_DAYS": "3"}}')
    monkeypatch.setattr(environment, "POINTER", pointer)
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("TESTING_DAYS", "7")

    values = environment.load()

    assert (values["DATABASE_URL"], values["TESTING_DAYS"]) == ("postgres://a@b/c", 7)


def test_log_lines_are_json_and_say_whom_they_are_about():
    record = logging.makeLogRecord(
        {"name": "feed", "levelname": "INFO", "msg": "feed %s", "args": ("sent",), "lines": 2}
    )

    with bound(seller="acme", channel=7), bound(channel=8):
        AddBound().filter(record)
    line = json.loads(json_formatter().format(record))

    assert line.pop("ts")
    assert line == {"level": "INFO", "event": "feed sent", "logger": "feed", "lines": 2, "seller": "acme", "channel": 8}

"""Times as lists have room for them."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.template import Context, Template

from inventory.templatetags import ui


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (datetime(2026, 3, 2, 23, 30, tzinfo=UTC), "3 Mar, 00:30"),
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), "1 Jan, 00:30"),
        (datetime(2025, 12, 31, 22, 30, tzinfo=UTC), "31 Dec 2025, 23:30"),
        (None, "never"),
    ],
)
def test_a_short_time_is_the_sellers_own_and_names_the_year_where_it_is_another(monkeypatch, value, words):
    monkeypatch.setattr(ui, "now", lambda: datetime(2026, 6, 1, tzinfo=UTC))
    seller = SimpleNamespace(time_zone="Europe/Berlin")

    shown = Template("{% load ui %}{% short_when value %}").render(Context({"seller": seller, "value": value}))

    assert words in shown
    assert ("CET" in shown) == (value is not None)

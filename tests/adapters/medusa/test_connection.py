"""Signing in, and the places that are looked up or chosen."""

import base64
import json
from datetime import UTC, datetime

import httpx
import pytest

from channels_app.adapters.errors import SettingsError
from channels_app.adapters.medusa.client import choose, seconds_of
from channels_app.adapters.medusa.forms import MedusaAccountForm
from channels_app.adapters.types import Capability
from tests.adapters.medusa.double import REDACTED

FILLED = {"flavour": "medusa", "base_url": "https://shop.example/app", "secret": "sk_1"}


def test_a_token_says_how_long_it_lives():
    claims = base64.urlsafe_b64encode(json.dumps({"iat": 100, "exp": 160}).encode()).decode().rstrip("=")

    assert seconds_of(f"head.{claims}.signed") == 60
    assert seconds_of("no token at all") == 3600


def test_the_only_one_there_is_is_taken():
    assert choose({"sloc_1": "Berlin"}, "", field="location_id", what="stock location") == "sloc_1"


@pytest.mark.parametrize(
    ("there", "chosen", "words"),
    [
        ({"sloc_1": "Berlin", "sloc_2": "Rome"}, "", "sloc_2 (Rome)"),
        ({"sloc_1": "Berlin"}, "sloc_9", "There is: sloc_1 (Berlin)"),
        ({}, "", "make one first"),
    ],
)
def test_what_has_to_be_chosen_is_named(there, chosen, words):
    with pytest.raises(SettingsError) as caught:
        choose(there, chosen, field="location_id", what="stock location")

    assert words in caught.value.field_errors["location_id"]


def test_a_location_that_does_not_serve_the_sales_channel_is_refused(adapter, double):
    double.location["sales_channels"] = []

    with pytest.raises(SettingsError) as caught:
        adapter.check_connection()

    assert "location_id" in caught.value.field_errors


def test_a_server_that_fails_at_payments_gives_no_refunds(adapter, world, double):
    def broken_payments(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/payments"):
            return httpx.Response(500, json={"type": "unknown_error"})
        return httpx.MockTransport(double).handle_request(request)

    world.serve(broken_payments)
    facts = adapter.check_connection()

    assert Capability.REFUND not in facts.capabilities
    assert Capability.RECONCILE in facts.capabilities


@pytest.mark.parametrize(
    ("keys", "end"),
    [
        ([(REDACTED, None)], None),
        ([(REDACTED, "2100-01-02T03:04:05.000Z")], datetime(2100, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ([("sk_abc***def", "2100-01-02T03:04:05.000Z"), (REDACTED, None)], None),
        ([(REDACTED, "2001-01-01T00:00:00.000Z")], None),  # another one that looks alike: this one still works
        ([(REDACTED, "2100-01-01T00:00:00.000Z"), (REDACTED, "2101-01-01T00:00:00.000Z")], None),
        ([], None),
    ],
)
def test_a_key_that_is_set_to_be_revoked_expires_then(adapter, double, keys, end):
    double.keys = [{"id": f"apk_{at}", "redacted": shown, "revoked_at": at} for shown, at in keys]

    expected = end if double.kind == "medusa" else None
    assert adapter.check_connection().credentials_expire_at == expected


def test_a_server_that_does_not_show_its_keys_works_as_well(adapter, world, double):
    def without_keys(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/api-keys"):
            return httpx.Response(403, json={"type": "not_allowed"})
        return httpx.MockTransport(double).handle_request(request)

    world.serve(without_keys)

    assert adapter.check_connection().credentials_expire_at is None


def test_something_else_at_the_address_is_a_matter_for_the_seller(adapter, world):
    world.serve(lambda request: httpx.Response(404, html="<h1>Not here</h1>"))

    with pytest.raises(SettingsError) as caught:
        adapter.check_connection()

    assert "base_url" in caught.value.field_errors


def test_the_form_keeps_the_address_without_its_path():
    form = MedusaAccountForm(FILLED)

    assert form.is_valid(), form.errors
    assert form.cleaned_data["base_url"] == "https://shop.example"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"flavour": "mercur"}, "email"),
        ({"base_url": "https://me:pass@shop.example"}, "base_url"),
        ({"secret": ""}, "secret"),
        ({"flavour": "other"}, "flavour"),
    ],
)
def test_the_form_says_what_is_missing(changed, field):
    assert field in MedusaAccountForm(FILLED | changed).errors
